"""Read a pack's ``fields/*.yml``: documents in the shipped format, each about one log source, from people that nobody vouches for.

A path ends in an artifact, so it may hold only what the target's printer
writes as it is; everything that is wrong with a file is returned at once.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from converter.data import OwnSource, OwnTarget, sources
from converter.formats import Document, Map, Seq, read
from converter.languages import spl
from converter.model import Diagnostic, LogSource, Severity, Source, ordered, unpack
from converter.readers.schema import check

SIZE: Final = 4 << 20
"""Bytes of a file."""
ROWS: Final = 50_000
"""Rows of a file; an index has 1,000 fields by default, and more than 10,000 of them is a mistake of its own."""
_CODES: Final[Mapping[str, str]] = {"R012": "P041", "R013": "P042", "R015": "P043"}
_PATHS: Final[Mapping[str, re.Pattern[str]]] = {
    # KQL and the filters escape the rest; a comma, a blank or a quote is in no field's name that a mapping allows to be asked for.
    "elastic": re.compile(r"[^\x00-\x20\x7f-\xa0\"'`,\\<>|\u2028\u2029]{1,400}"),
    "splunk": re.compile(r"[^\x00-\x1f\x7f-\x9f\"'`,\\<>|\[\]()=!\u2028\u2029]{1,400}"),
    "falco": re.compile(r"[a-z][A-Za-z0-9_]*(\.[A-Za-z0-9_*]+)+(\[[^\s\[\]\"'\x00-\x1f]{1,200}\])?"),
}
_TAKEN: Final = frozenset(("and", "or", "not", "in", "like", "xor", "by", "as", "where", "true", "false", "null", "search"))
"""Words of the languages themselves."""
_WORD: Final = re.compile(r"[A-Za-z0-9_.:/*-]{1,200}")
"""A value that stands without quotes."""


def read_fields(data: bytes, path: str) -> tuple[OwnSource, ...] | tuple[Diagnostic, ...]:
    """Return the documents of a file, or everything that is wrong with it.

    R001 to R009 for its YAML; P040 the file as a whole, P041 a value, P042 a
    missing key, P043 an unknown key, P044 an unknown target, P045 a path,
    P046 how a log source is selected.
    """
    if len(data) > SIZE:
        return (Diagnostic("P040", Severity.ERROR, Source(path, "").start, f"the file has more than {SIZE} bytes", help="split it"),)
    documents = read(data, path)
    if isinstance(documents, Diagnostic):
        return (documents,)
    found: list[OwnSource] = []
    problems: list[Diagnostic] = []
    for document in documents:
        if document.value is None:
            continue
        wrong = tuple(_problems(document))
        problems += wrong
        if not wrong:
            found.append(_source(document))
    return ordered(problems) if problems else tuple(found)


def is_field(text: str, target: str) -> bool:
    """Whether a target's field can have this name in a query; a name below no object."""
    return _is_path(text, target) and "*" not in text


def _is_path(text: str, target: str) -> bool:
    """Whether a printer can write a field's name: no sign of it breaks out, and no language takes it for a word of its own."""
    return _PATHS[target].fullmatch(text) is not None and text.isprintable() and text.lower() not in _TAKEN


def is_word(text: str) -> bool:
    """Whether a value can stand in a guard: it is written without quotes."""
    return _WORD.fullmatch(text) is not None


def _problems(document: Document) -> Iterator[Diagnostic]:
    value, source = document.value, document.source
    if not isinstance(value, Map):
        yield _told("P040", source, document.offsets, "a document of fields is a map", "begin with 'logsource:'")
        return
    if sum(len(rows) for rows in _row_maps(value)) > ROWS:
        yield _told("P040", source, document.offsets, f"the document has more than {ROWS} rows", "leave out what no rule asks for")
        return
    shaped = check(value, "fields", source, document.offsets)
    yield from (replace(one, code=_code(one, value)) for one in shaped)
    if shaped:
        return
    if not value["logsource"]:
        yield _told("P042", source, _place(value, "logsource"), "the log source is empty", "name its category, product or service")
    for name, rows in _named_rows(value):
        for index, key in enumerate(rows):
            yield from _row_problems(name, rows, index, str(key), source)
    for target, section in value.get("targets", {}).items():
        yield from _selection_problems(target, section, source)


def _code(one: Diagnostic, value: Map) -> str:
    """Return our code for a finding of the schema's; a name among the targets is a target."""
    code = _CODES.get(one.code, one.code)
    targets = value.get("targets")
    unknown = code == "P043" and one.message.endswith(" in targets") and isinstance(targets, Map)
    return "P044" if unknown else code


def _row_maps(value: Map) -> Iterator[Map]:
    sections = [value, *(value["targets"].values() if isinstance(value.get("targets"), Map) else ())]
    return (one["fields"] for one in sections if isinstance(one, Map) and isinstance(one.get("fields"), Map))


def _named_rows(value: Map) -> Iterator[tuple[str, Map]]:
    """Yield the tables of a document with their target, ``""`` for the producer's."""
    for name, section in (("", value), *value.get("targets", {}).items()):
        if "fields" in section:
            yield name, section["fields"]


def _row_problems(target: str, rows: Map, index: int, name: str, source: Source) -> Iterator[Diagnostic]:
    if not 0 < len(name) <= 400 or not name.isprintable() or name.strip() != name:
        yield _told("P045", source, rows.offsets[2 * index], "a field's name is empty, too long or holds control characters", "correct it")
    if not target:
        return
    row = rows[name] if name in rows else next(iter(list(rows.values())[index : index + 1]))
    for key in ("path", "caseless", "ip", "words"):
        text = row.get(key, name if key == "path" else None)
        if text is None:
            continue
        where = _place(row, key) if key in row else rows.offsets[2 * index]
        if not _is_path(text, target):
            yield _told("P045", source, where, f"{text[:60]!r} can be no field's name on {target}", "write the name as the system lists it")
        elif key == "path" and ("*" in text) is not name.endswith(".*"):
            help_text = "'<object>.*: {path: <object>.*}' stands for every name below an object"
            yield _told("P045", source, where, f"the star of '{name}' and of its path do not go together", help_text)


def _selection_problems(target: str, section: Map, source: Source) -> Iterator[Diagnostic]:
    """Yield what is wrong with how a log source is selected: what stands in the query without quotes is words."""
    guard = section.get("guard", Map())
    for index, (field, value) in enumerate(guard.items()):
        values = list(value) if isinstance(value, Seq) else [value]
        good = bool(values) and all(isinstance(one, str) and _WORD.fullmatch(one) for one in values)
        if not is_field(str(field), target) or not good:
            message = f"the guard on '{str(field)[:60]}' is no field with one word, or a list of words"
            yield _told("P046", source, guard.offsets[2 * index], message, "quote numbers; a word has letters, digits and . _ : / * -")
    for key in ("output", "values") if target == "splunk" else ():
        shown = section.get(key, Map())
        for index, (column, path) in enumerate(shown.items()):
            if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", str(column)) or not re.fullmatch(r"[A-Za-z0-9_.{}:-]+", path):
                message = f"'{str(column)[:60]}' is no column with a field"
                yield _told("P046", source, shown.offsets[2 * index], message, "a column is a word, a field has no blanks")
    if "like" in section and (section["like"] not in sources() or target not in sources()[section["like"]].targets):
        known = ", ".join(one.id for one in sources().values() if target in one.targets and section["like"][:7] in one.id)
        message = f"'{section['like'][:60]}' is no log source that ships for {target}"
        yield _told("P046", source, _place(section, "like"), message, f"one of: {known}" if known else "see 'converter targets'")
    if "definition" in section:
        read_definition = spl.read(section["definition"], source.path)
        if isinstance(read_definition, Diagnostic) or not section["definition"].isprintable():
            why = read_definition.message if isinstance(read_definition, Diagnostic) else "it has more than one line"
            message = f"the definition is no search: {why}"
            yield _told("P046", source, _place(section, "definition"), message, "write what stands before the first pipe")
    for key in ("index", "sourcetype", "source") if target == "splunk" else ():
        for text, place in zip(section.get(key, Seq()), getattr(section.get(key), "offsets", ()), strict=True):
            if not text.isprintable() or re.search(r"[`|\[\]]", text):
                yield _told("P046", source, place, f"{text[:60]!r} can be no {key}", "write it as the system lists it")


def _source(document: Document) -> OwnSource:
    value, source = document.value, document.source
    lines = _Lines(source)
    named = value["logsource"]
    logsource = LogSource(*(str(named.get(part, "")) for part in ("category", "product", "service")))
    targets = {name: _target(section, lines, _place(value["targets"], name)) for name, section in value.get("targets", {}).items()}
    rows = value.get("fields", Map())
    return OwnSource(logsource, value.get("title", ""), _plain(rows), targets, lines.told(_place(value, "logsource")))


def _target(section: Map, lines: _Lines, offsets: int) -> OwnTarget:
    selects = {key: _plain(one) for key, one in section.items() if key not in ("fields", "complete", "source", "like", "as_shipped")}
    if "source" in section and isinstance(section["source"], Seq):
        selects["source"] = list(section["source"])
    rows = section.get("fields", Map())
    places = {str(name): lines.told(rows.offsets[2 * index]) for index, name in enumerate(rows)}
    kept = tuple(section.get("as_shipped", ()))
    return OwnTarget(selects, _plain(rows), places, bool(section.get("complete")), lines.told(offsets), section.get("like", ""), kept)


class _Lines:
    """The lines of a file, so that many places in it are told fast."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._starts = [0, *(found.end() for found in re.finditer("\n", source.text))]

    def told(self, offsets: int) -> str:
        """Return ``file:line`` of packed offsets."""
        return f"{self._path}:{bisect_right(self._starts, unpack(offsets)[0])}"


def _plain(value: Any) -> Any:  # noqa: ANN401 - what the YAML reader returns
    """Return maps and lists without their offsets, which nobody asks for behind this module."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _place(holder: Map, key: str) -> int:
    """Return the packed offsets of a key's value."""
    return holder.offsets[2 * list(holder).index(key) + 1]


def _told(code: str, source: Source, offsets: int, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, source.span(offsets), message, help=help_text)
