"""A rule file of Elastic's there and back: imported, built for Elastic, imported again, and both queries asked about the same documents."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from converter.data import Field, ecs_bindings, elastic_document, elastic_mappings, elastic_type, fields, source_of
from converter.formats import read_toml
from converter.ir import And, FieldMatch, Keyword, Node, Not, Or, atoms, evaluate, lower
from converter.languages import eql, kql, lucene
from converter.languages.kql import dsl
from converter.model import Diagnostic, Fidelity, Rule
from converter.pack import Request, build, settled
from converter.readers import read_rules
from converter.readers.elastic_rules import Imported, import_toml, import_toml_file
from converter.synthesis import synthesize
from converter.targets import target


@dataclass(frozen=True, slots=True)
class Trip:
    """One rule: its file, what import made of it, the artifact of the build, its status but for accepted losses, and it imported again."""

    path: Path
    first: Imported
    status: str
    artifact: bytes
    second: Imported | None


def trips(paths: Sequence[Path], folder: Path) -> Iterator[Trip]:
    """Yield what becomes of each rule file."""
    found = list(settled(map(import_toml_file, paths)))
    (folder / "rules").mkdir()
    for number, one in enumerate(found):
        if one.text:
            (folder / "rules" / f"r{number}.yml").write_text(one.text, encoding="utf-8")
    report = build(Request([folder / "rules"], [target("elastic")], folder / "output", {}, frozenset(Fidelity)))
    rows = {}
    for row in report.rows:
        number = int(row.outcome.loaded.file.path.stem[1:])
        if row.artifact and number not in rows:
            rows[number] = row
    for number, (path, one) in enumerate(zip(paths, found, strict=True)):
        built = rows.get(number)
        data = Path(built.artifact).read_bytes() if built is not None and built.artifact else b""
        status = built.outcome.status.value if built is not None else ""
        if built is not None and all(lost.accepted or lost.compensated_by for lost in built.outcome.losses):
            status = "exact"  # an imported rule accepts its own schedule
        again = next(settled([import_toml(data, "built.toml")])) if data else None
        yield Trip(path, one, status, data, again)


def rules_of(text: str) -> tuple[Rule, ...]:
    """Return the rules of a canonical text, which has no mistakes."""
    rules, told = read_rules(text.encode(), "rule.yml")
    assert not told, [one.render() for one in told]
    return rules


def meant(rule: Rule) -> object:
    """Return a rule as it is compared: all keys as they stand, the detection by what it tests, not by the order of that."""
    if not rule.detection:
        return ()
    tree = lower(rule)
    assert not isinstance(tree, tuple), [one.render() for one in tree]
    return _normal(tree)


def _normal(tree: Node) -> object:
    match tree:
        case And(children) | Or(children):
            parts: set[object] = set()
            for one in map(_normal, children):
                parts |= set(one[1]) if isinstance(one, tuple) and one[0] == type(tree).__name__ else {one}
            return (type(tree).__name__, frozenset(parts)) if len(parts) > 1 else next(iter(parts))
        case Not(child):
            return ("Not", _normal(child))
        case FieldMatch(field, test):
            return ("is", field, test)
        case Keyword(test):
            return ("keyword", test)
    raise AssertionError(tree)


def documents_of(rule: Rule) -> tuple[list[dict[str, Any]], list[bool], Any]:
    """Return documents that show each test of a detection at work, which of them it finds, and the mappings of an index that holds them."""
    tree = lower(rule)
    assert not isinstance(tree, tuple)
    names = {atom.field for atom in atoms(tree) if isinstance(atom, FieldMatch)}
    if any(other.startswith(f"{name}.") for name in names for other in names):
        return [], [], {}  # events do not hold a second index of a field's values
    if rule.taxonomy == "ecs":
        known = {name: _field(one.field) for name, one in ecs_bindings(names).items()}
        events = [dict(one.event) for one in synthesize(tree, known).events if not one.outside]
        return events, [evaluate(tree, one) for one in events], mappings(names)
    source = source_of(rule.logsource)
    assert source is not None
    events = [dict(one.event) for one in synthesize(tree, fields(source.id)).events if not one.outside]
    found = [evaluate(tree, one) for one in events]
    return [elastic_document(one, source.id) for one in events], found, elastic_mappings(source.id)


def _field(field: Field) -> Field:
    """Return a field with a type for which events are made: whole numbers are decimals, too."""
    return Field(field.name, "long") if field.type in ("double", "float") else field


def mappings(names: Iterable[str]) -> dict[str, Any]:
    """Return the mappings of an index with these fields."""
    found: dict[str, Any] = {"properties": {"@timestamp": {"type": "date"}}}
    known = sorted({_indexed(one) for one in names})
    # A value such as aws.cloudtrail can look like the object that holds a field.
    for name in (one for one in known if not any(other.startswith(f"{one}.") for other in known)):
        place = found
        *above, last = name.split(".")
        for one in above:
            place = place["properties"].setdefault(one, {"properties": {}})
            place.setdefault("properties", {})
        kind = elastic_type(name) or ("flattened" if elastic_type(f"{name}.any") == "flattened" else "keyword")
        # The documents here are of several data sets.
        place["properties"].setdefault(last, {})["type"] = "keyword" if kind == "constant_keyword" else kind
    return found


def stream_of(rules: Sequence[Rule]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return documents in which a correlation's rules follow each other, do so backwards, and do so for two keys by turns; and mappings.

    Without documents where one of its rules has no event that is known to match.
    """
    first, *others = rules
    assert first.correlation is not None
    by_name = {one.name: one for one in others}
    steps: list[dict[str, Any]] = []
    names: set[str] = {"event.category"}
    for reference in first.correlation.rules:
        rule, times = by_name[reference.text], 1
        if rule.correlation is not None:
            rule, times = by_name[rule.correlation.rules[0].text], int(rule.correlation.criteria[0].value)
        documents, found, _ = documents_of(rule)
        matching = next((one for one, hit in zip(documents, found, strict=True) if hit), None)
        if matching is None:
            return [], {}
        tree = lower(rule)
        assert not isinstance(tree, tuple)
        keys = [_key(first, name, reference.text) for name in first.correlation.group_by]
        names |= {*keys, *(atom.field for atom in atoms(tree) if isinstance(atom, FieldMatch))}
        steps += [{"keys": keys, "document": matching}] * times
    made = []
    for order, key in ((steps, (1,)), (steps[::-1], (2,)), ([*steps, *steps], (3, 4))):
        for number, step in enumerate(order):
            document = copy.deepcopy(step["document"])
            for field in step["keys"]:
                _set(document, field, key[number % len(key)])
            moment = len(made) * 10 + 86_400_000 * key[0]
            document["@timestamp"] = moment
            made.append(document)
    return made, mappings(names)


def _key(rule: Rule, name: str, part: str) -> str:
    assert rule.correlation is not None
    return rule.correlation.aliases.get(name, {}).get(part, name)


def _set(document: dict[str, Any], field: str, key: int) -> None:
    """Give a field the value of a key, unless the rule asks for one."""
    values = {"ip": f"10.9.8.{key}", "long": key, "boolean": True, "double": key}
    *above, last = field.split(".")
    for one in above:
        document = document.setdefault(one, {})
        if not isinstance(document, dict):
            return
    document.setdefault(last, values.get(elastic_type(field), f"key {key}"))


def _indexed(name: str) -> str:
    """Return the field of the index that holds the values of a name: of one below a flattened field, that field."""
    parts = name.split(".")
    above = (".".join(parts[:count]) for count in range(1, len(parts)))
    return next((one for one in above if elastic_type(f"{one}.any") == "flattened"), name) if elastic_type(name) == "flattened" else name


def fields_of(data: bytes) -> set[str]:
    """Return the fields that a rule's query and filters may name: every word with a dot in it."""
    rule = tomllib.loads(data.decode())["rule"]
    return set(re.findall(r"[A-Za-z_@][\w@/]*(?:\.[\w@/]+)+", rule["query"] + str(rule.get("filters", ""))))


def answers(data: bytes, documents: Sequence[Mapping[str, Any]], index: Any) -> list[bool]:
    """Return for each document whether a rule file's query and filters find it, by the readings of the languages alone."""
    document = read_toml(data, "rule.toml")
    assert not isinstance(document, Diagnostic)
    rule = document.value["rule"]
    roles = eql.Roles(category=rule["event_category_override"]) if "event_category_override" in rule else eql.Roles()
    found = _asked(rule["language"], rule["query"], documents, index, roles)
    if "filters" in rule:
        filters = dsl.read_filters(rule["filters"], document.source)
        assert not isinstance(filters, Diagnostic), filters.render()
        kept = dsl.run(filters, documents, index)
        assert not isinstance(kept, Diagnostic), kept.render()
        found = [one and other for one, other in zip(found, kept, strict=True)]
    return found


def _asked(language: str, text: str, documents: Sequence[Mapping[str, Any]], index: Any, roles: eql.Roles) -> list[bool]:
    if language == "eql":
        query = eql.read(text)
        assert not isinstance(query, Diagnostic), query.render()
        mapping = eql.compile_mapping(index)
        assert not isinstance(mapping, Diagnostic), mapping.render()
        hits = eql.run(query, documents, mapping, roles)
        assert not isinstance(hits, Diagnostic), hits.render()
        matched = {one for hit in hits for one in hit.events}
        return [number in matched for number in range(len(documents))]
    module = lucene if language == "lucene" else kql
    read = module.read(text)
    assert not isinstance(read, Diagnostic), read.render()
    found = module.run(read, documents, index)
    assert not isinstance(found, Diagnostic), found.render()
    return list(found)
