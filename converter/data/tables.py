"""Log sources and fields as data: what a rule's names are, and what they are called on a target."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from converter.data.facts import read_facts
from converter.model import LogSource, node

_HERE = Path(__file__).parent
_Row = TypeVar("_Row")


class Rows(Mapping[str, _Row], Generic[_Row]):
    """Rows by name, where ``<object>.*`` stands for every name below ``<object>`` that has no row of its own."""

    def __init__(self, rows: Mapping[str, _Row], below: Callable[[_Row, str], _Row]) -> None:
        self._rows = rows
        self._below = below
        self._families = sorted((name for name in rows if name.endswith(".*")), key=len, reverse=True)

    def __getitem__(self, name: str) -> _Row:
        if (row := self._row(name)) is None:
            raise KeyError(name)
        return row

    def __contains__(self, name: object) -> bool:
        return name in self._rows or (isinstance(name, str) and self._family(name) is not None)

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as a mapping's
        """Return a row, or the default."""
        row = self._rows.get(name) or self._row(name)
        return default if row is None else row

    def _row(self, name: str) -> _Row | None:
        if name in self._rows:
            return self._rows[name]
        family = self._family(name)
        return None if family is None else self._below(self._rows[family], name[len(family) - 1 :])

    def _family(self, name: str) -> str | None:
        family = next((one for one in self._families if name.startswith(one[:-1]) and "*" not in name), None)
        return None if family is None or len(name) < len(family) else family

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


@node
class Field:
    """What a log source's producer writes in a field.

    ``type`` is keyword, text, long, boolean, date or ip; ``many`` says that
    the value is a list, ``each`` that each object of a list has one; ``lower`` that the producer writes lower case
    only; ``values`` is the closed list of what it writes, when there is one; ``long`` that texts longer than an index usually keeps
    (1,024 characters) are to be expected, as an evader pads a command line; ``form`` names what every value looks like (``forms.yml``).
    """

    name: str
    type: str
    many: bool = False
    each: bool = False
    lower: bool = False
    values: tuple[str, ...] = ()
    long: bool = False
    form: str = ""

    def written(self, value: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a JSON scalar
        """Return a value as the producer could write it: itself, or where it is only a part of what the form asks for, wholes with it."""
        if not self.form or not isinstance(value, str):
            return (value,)
        form = load("forms.yml")[self.form]
        wholes = (value, value.upper(), *(around.replace("{}", value) for around in form["around"]))
        fitting = tuple(one for one in wholes if re.fullmatch(form["pattern"], one))
        return fitting[:1] if fitting[:1] == (value,) else fitting

    @property
    def one_spelling(self) -> bool:
        """Whether a text has only one spelling, so that comparing with regard to case loses nothing."""
        return self.lower or bool(self.values)


@node
class Change:
    """What a target makes of a field's values, so that a test of them becomes a test of others.

    ``kind`` is ``split`` (a text at its one ``at``, the two parts each in a
    field), ``hashes`` (``NAME=digits`` after commas, a field in lower case
    for each name), ``words`` (a closed list of values, each written as
    another), ``address`` (an index of addresses), ``moved`` (in the field
    that ``values`` names for the event's id), ``unnamed`` (each of a list's
    values in a field of its own), ``divided`` (a text at what the regular
    expression ``at`` finds, and at its words), ``codes`` (a list of codes, their mark
    ``at`` gone), ``rendered`` (among other values in a text, between
    ``frames``; ``at`` are the words that the text has of its own).  ``parts``
    are the fields by name, in the value's order; ``values`` the words by the
    event's, or the parts by event ids.
    """

    kind: str
    parts: tuple[tuple[str, Binding], ...]
    at: str = ""
    values: tuple[tuple[str, str | bool], ...] = ()
    frames: tuple[str, ...] = ()


@node
class Binding:
    """A field on a target: its path and type there, and whether the target keeps it as a list.

    ``field`` is what the values there can be: on a target that keeps them in lower case, ``field.lower`` holds.  ``caseless`` is the
    path of a second index of the same values in lower case (``""``: none), on which an equal of a lower-cased value is found
    whatever its case; ``ip`` is the path of the addresses among the values, for a test on networks (``""``: none).

    ``changed`` are values, ``#`` a hexadecimal digit, that the target leaves out or writes otherwise; ``digits`` says that some
    become decimal digits; ``replaced`` pairs parts of values, between backslashes or (``^``) at the beginning, with what they become.
    ``lowered`` says that the target keeps in lower case what its producer does not; ``typed`` is false where nobody gave the type,
    so that it is taken for a keyword; ``words`` is the path of a text field of the same values, ``""`` for none.
    ``change`` says that the values are not there as they are: the path is then that of the last part.  ``dynamic`` says that an index has
    the field only once it was given a value of it.
    ``gone`` says that no empty text is lost: the producer writes none, or a test counts what the target leaves out as missing too.
    """

    field: Field
    path: str
    type: str = "keyword"
    list: bool = False
    caseless: str = ""
    ip: str = ""
    changed: tuple[str, ...] = ()
    digits: bool = False
    replaced: tuple[tuple[str, str], ...] = ()
    lowered: bool = False
    typed: bool = True
    words: str = ""
    change: Change | None = None
    dynamic: bool = False
    gone: bool = False

    @property
    def many(self) -> bool:
        """Whether a document can hold several values: the producer writes some, or the target keeps a list."""
        return self.list or self.field.many or self.field.each

    def spelling(self, text: str) -> str:
        """Return ``text`` as the producer writes it, where the field has one spelling only; else as it is."""
        if self.field.lower:
            return text.lower() if text.isascii() else text
        return next((value for value in self.field.values if value.lower() == text.lower()), text)


def indexed(binding: Binding) -> Iterator[Binding]:
    """Yield the fields of a target that hold a field's values: itself, or of one whose values change there each part."""
    if binding.change is None:
        yield binding
        return
    for _, part in binding.change.parts:
        yield from indexed(part)


@node
class Source:
    """A log source that the tables know, and what each target needs to select its events.

    ``targets`` has what a target calls it; ``pending`` names targets that get such events too, but have no table yet.
    """

    id: str
    title: str
    sigma: Mapping[str, Any]
    targets: Mapping[str, Mapping[str, Any]]
    pending: tuple[str, ...] = ()

    def admits(self, logsource: LogSource) -> bool:
        """Whether a rule's log source is this one."""
        return logsource.product == self.sigma["product"] and (logsource.category, logsource.service) in self._parts()

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Yield the pairs of category and service that name it."""
        services = self.sigma["service"]
        for category in self.sigma["category"]:
            for service in services if isinstance(services, list) else (services,):
                yield category, service

    @property
    def logsource(self) -> LogSource:
        """The name of the log source, the first where it has several."""
        category, service = next(self._parts())
        return LogSource(category, self.sigma["product"], service)


@cache
def sources() -> Mapping[str, Source]:
    """Return the log sources by id."""
    names = sorted(path.stem for path in (_HERE / "logsources").glob("*.yml"))
    return {name: source for product in names for name, source in _of_file(product).items()}


def source_named(name: str) -> Source | None:
    """Return a log source by its id, if the tables know it; reads the file of the product that the id begins with, if it is there."""
    product = name.partition("_")[0]
    return (_of_file(product).get(name) if _names_a_file(product) else None) or sources().get(name)


def source_of(logsource: LogSource) -> Source | None:
    """Return the log source that a rule names, if the tables know it; reads the file of its product alone."""
    return next(iter(sources_of(logsource)), None)


def sources_of(logsource: LogSource) -> tuple[Source, ...]:
    """Return all that record a rule's log source, the usual one first: several agents of a target can write the same events."""
    return _of_product(logsource.product).get((logsource.category, logsource.service), ())


@cache
def _of_product(product: str) -> Mapping[tuple[str, str], tuple[Source, ...]]:
    found: dict[tuple[str, str], tuple[Source, ...]] = {}
    for source in _of_file(product or "any").values() if _names_a_file(product) else ():
        if source.sigma["product"] == product:
            for part in source._parts():
                found[part] = (*found.get(part, ()), source)
    return found


def _names_a_file(product: str) -> bool:
    """Whether what a rule calls its product can be a file here: it leads nowhere else, and is no longer than a system allows."""
    return not product or (product.isidentifier() and len(product) < 100)


@cache
def _of_file(name: str) -> Mapping[str, Source]:
    """Return the log sources of a product's file; ``any`` has those without a product."""
    if not (_HERE / "logsources" / f"{name}.yml").is_file():
        return {}
    table = load(f"logsources/{name}.yml")
    return {
        name: Source(name, entry["title"], entry["sigma"], entry["targets"], tuple(entry.get("pending", ())))
        for name, entry in table.items()
    }


@cache
def fields(source: str) -> Mapping[str, Field]:
    """Return the fields of a log source by the name that rules use; ``<object>.*`` stands for every name below without an own entry.

    Where the source has no file of its own, these are the taxonomy's.
    """
    if (_HERE / "fields" / f"{source}.yml").is_file() or (known := source_named(source)) is None:
        rows = {name: field_of(name, entry) for name, entry in load(f"fields/{source}.yml").items()}
    else:
        from converter.data.taxonomy import taxonomy

        table = taxonomy(known.logsource)
        assert table is not None, "every log source has a taxonomy"
        rows = dict(table.fields)
    return Rows(rows, lambda field, rest: replace(field, name=field.name[:-1] + rest))


def field_of(name: str, entry: Mapping[str, Any]) -> Field:
    """Return a row of a log source's table as a field."""
    return Field(
        name,
        entry.get("type", "keyword"),
        entry.get("many", False),
        entry.get("each", False),
        entry.get("case") == "lower",
        tuple(entry.get("values", ())),
        entry.get("long", False),
        entry.get("form", ""),
    )


@cache
def bindings(target: str, source: str) -> Mapping[str, Binding]:
    """Return what the fields of a log source are called on a target; a field that it lacks is absent.

    Raises:
        FileNotFoundError: if the target has no table for the log source.
    """
    known = fields(source)
    rows = {name: row_binding(_subject(known, name, entry), entry) for name, entry in rows_of(target, source).items()}
    return Rows(rows, binding_below)


def _subject(known: Mapping[str, Field], name: str, entry: Mapping[str, Any]) -> Field:
    """Return the field that a target's row is about: the log source's, or with ``other`` one that another of its producers writes."""
    return field_of(name, entry["other"]) if "other" in entry else known[name]


def rows_of(target: str, source: str) -> Mapping[str, Any]:
    """Return the rows of a log source on a target as written: of tables that it shares those for names that it has, then its own.

    Raises:
        FileNotFoundError: if the target has no table for the log source.
    """
    log_source = source_named(source)
    shared = log_source.targets.get(target, {}).get("rows", ()) if log_source else ()
    rows: dict[str, Any] = {}
    for table in shared:
        rows |= _shared(load(f"fields/{target}/{table}.yml"), source)
    rows = {name: row for name, row in rows.items() if row is not None}
    if not shared or (_HERE / "fields" / target / f"{source}.yml").is_file():
        rows |= load(f"fields/{target}/{source}.yml")
    return rows


def _shared(table: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the rows of a shared table for names that a log source has; its row ``*`` is for each that it does not speak of.

    ``None`` takes away what an earlier table said of a name.
    """
    known = fields(source)
    rest = [name for name in known if "*" not in name and name not in table] if "*" in table else []
    rows = {name: table["*"] | {"path": table["*"]["path"].replace("*", name)} for name in rest}
    return rows | {name: row for name, row in table.items() if name != "*" and name in known}


def view_of(target: str, source: str) -> Any:  # noqa: ANN401 - a YAML file of this package
    """Return how a target comes to see the events of a log source: its own view, or one that it shares with others.

    Raises:
        FileNotFoundError: if there is no view of the log source.
    """
    known = source_named(source)
    return load(f"views/{target}/{known.targets[target].get('view', source) if known and target in known.targets else source}.yml")


def binding_below(binding: Binding, rest: str) -> Binding:
    """Return the binding of a name below a family: ``rest`` in place of the star."""
    field = replace(binding.field, name=binding.field.name[:-1] + rest)
    return replace(binding, field=field, path=binding.path.replace("*", rest))


def row_binding(field: Field, entry: Mapping[str, Any]) -> Binding:
    """Return a row of a target's table as a binding of the field that it is about."""
    change = _change(field, entry) if "becomes" in entry else None
    if change:
        return Binding(field, change.parts[-1][1].path, changed=tuple(entry.get("changed", ())), change=change)
    lowered = entry.get("case") == "lower" and not field.lower
    if entry.get("case") == "lower":
        field = replace(field, lower=True, values=tuple(value.lower() for value in field.values))
    kind = entry.get("type", "keyword")
    return Binding(
        field,
        entry["path"],
        kind,
        entry.get("list", False),
        entry.get("caseless", ""),
        entry.get("ip", ""),
        tuple(one for one in entry.get("changed", ()) if "#" in one or field.written(one)),
        entry.get("digits", False),
        tuple(entry.get("replaced", {}).items()),
        lowered,
        words=entry.get("words", ""),
        dynamic=entry.get("dynamic", False),
        gone=not field.written(""),
    )


def _change(field: Field, entry: Mapping[str, Any]) -> Change:
    if "count" in entry:  # the one row of `each`, for every number
        numbers = map(str, range(1, entry["count"] + 1))
        entry = {**entry, "parts": {one: entry["each"] | {"path": entry["each"]["path"].replace("#", one)} for one in numbers}}
    parts = (
        (name, row_binding(replace(field, name=f"{field.name} ({row.get('path', name)})"), row)) for name, row in entry["parts"].items()
    )
    pairs = tuple((str(value), word) for value, word in entry.get("values", {}).items())
    pairs += tuple((str(one), name) for name, row in entry["parts"].items() for one in row.get("ids", ()))
    return Change(entry["becomes"], tuple(parts), entry.get("at", ""), pairs, tuple(entry.get("frames", ())))


@cache
def ecs_types() -> Mapping[str, str]:
    """Return the Elasticsearch types of the Elastic Common Schema's fields, by name."""
    return {field: kind for kind, names in load("fields/ecs.yml").items() for field in names}


@cache
def load(name: str) -> Any:  # noqa: ANN401 - a YAML file of this package
    """Return a YAML file of this package."""
    return read_facts(_HERE / name)
