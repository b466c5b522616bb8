"""Oracle 3 and 4: a document that was accepted means what others read in it, and still does when it is written anew.

The YAML must be PyYAML's, key for key; each rule must hold what its document
holds; its answers on events made from its values must be those of
``own_reading``, of pySigma's tree, and of the detection written from its own
tree.
"""

from __future__ import annotations

import datetime
import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import yaml

from converter.formats import read
from converter.ir import Node, detection_of, evaluate, lower, unevaluable
from converter.model import Diagnostic, Rule
from converter.pack import Loaded, Pack
from converter.readers import read_rules
from tests.fuzz import peer
from tests.fuzz.events import events_for
from tests.fuzz.own_reading import Unjudged, answer

STRICTER: Final = ("R001", "R002", "R004", "R005", "R008", "R009")
"""What only our reader refuses: encodings, size, depth, tags, keys that are no scalars or stand twice; and aliases inside themselves."""
_SLOW: Final = 40_000
"""Characters of a file that PyYAML's own scanner is asked about; libyaml, which shares its events with ours, reads longer ones."""


def differences(data: bytes, pack: Pack, facts: Counter[str]) -> list[str]:
    """Return where a file's rules say something else than the file; count what was compared."""
    documents, problems = _yaml(data, facts)
    if documents is None:
        return problems
    wanted = _merged(documents)
    raw = read_rules(data, "rule.yml")[0]
    found: list[tuple[Rule, Mapping[str, Any]]] = []
    place = 0
    for rule in raw:
        possible = [number for number in range(place, len(wanted)) if _is(rule, wanted[number])]
        if not possible:
            return [*problems, f"dropped: the rule '{rule.title[:40]}' is none of the file's documents"]
        # Of two documents with one title the first may have been refused.
        chosen = next((number for number in possible if not _header(rule, wanted[number])), possible[0])
        problems += _header(rule, wanted[chosen])
        found.append((rule, wanted[chosen]))
        place = chosen + 1
    filters = [document for rule, document in found if rule.filter is not None]
    others = [pair for pair in found if pair[0].filter is None]
    if len(others) != len(pack.rules):
        return [*problems, f"dropped: {len(others)} rules were read, {len(pack.rules)} are in the pack"]
    for (rule, document), loaded in zip(others, pack.rules, strict=True):
        if rule.is_detection and not loaded.is_opaque:
            sections = [document["detection"], *(one["filter"] for one in filters if _about(one, document, rule.id))]
            problems += _detection(loaded, sections, facts)
    return problems


def _about(document: Mapping[str, Any], rule: Mapping[str, Any], id_: str) -> bool:
    """Return whether a filter is about a rule: by its log source, and by id or name unless it is about any."""
    wanted, given = document["logsource"], rule["logsource"]
    named = document["filter"].get("rules")
    if any(wanted.get(key) and wanted[key] != given.get(key) for key in ("category", "product", "service")):
        return False
    return named in ("any", []) or any(
        one in (rule.get("name"), id_) or one.lower() == id_ for one in ([named] if isinstance(named, str) else named)
    )


def _yaml(data: bytes, facts: Counter[str]) -> tuple[list[Any] | None, list[str]]:
    """Return PyYAML's documents when both readers read the file, and what they differ in."""
    ours = read(data, "rule.yml")
    if isinstance(ours, Diagnostic) and ours.code in STRICTER:
        return None, []
    text = data.decode("utf-8-sig")
    loaders = [yaml.CSafeLoader] if len(text) > _SLOW else [yaml.CSafeLoader, yaml.SafeLoader]
    read_by: list[list[Any]] = []
    for loader in loaders:
        try:
            read_by.append(list(yaml.load_all(text, Loader=loader)))
        except (yaml.YAMLError, ValueError, OverflowError, TypeError):
            continue
        except RecursionError:
            facts["PyYAML nests too deep"] += 1
    if isinstance(ours, Diagnostic):
        odd = len(read_by) == 2 and not (ours.code == "R007" and _is_inside(ours, text))
        return None, [f"refused with {ours.code}, which both of PyYAML's readers read"] if odd else []
    if not read_by:
        return None, [] if "=" in text or "<<" in text else ["read, but neither of PyYAML's readers reads it"]
    mine = [typed(one.value) for one in ours]
    if not any(mine == [typed(one) for one in theirs] for theirs in read_by):
        return None, ["the YAML is not PyYAML's"]
    facts["YAML compared"] += 1
    return [one.value for one in ours] if "<<" in text or "=" in text else read_by[0], []


def _is_inside(told: Diagnostic, text: str) -> bool:
    """Whether the alias stands inside what it names: the anchor is before it, and what it names has not ended."""
    name = told.message.partition("*")[2].partition(" ")[0]
    lines = text.split("\n")[: told.span.line if told.span else 0]
    return f"&{name}" in "\n".join(lines)


def typed(value: object) -> object:
    """Return a value with its types visible, so that 1, 1.0 and True differ and NaN equals itself."""
    if isinstance(value, dict):
        return {"map": sorted(((_key(key), typed(one)) for key, one in value.items()), key=lambda pair: pair[0])}
    if isinstance(value, list):
        return ["list", *map(typed, value)]
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    return type(value).__name__, value


def _key(key: object) -> str:
    return f"int {key:x}" if isinstance(key, int) and not isinstance(key, bool) else f"{type(key).__name__} {key!r}"


def _merged(documents: list[Any]) -> list[Any]:
    """Return the documents that are to be rules after their actions, written from the specification."""
    found: list[Any] = []
    common: dict[Any, Any] = {}
    before: dict[Any, Any] = {}
    for document in documents:
        if not isinstance(document, dict):
            continue
        if "action" not in document and ("correlation" in document or "filter" in document):
            found.append(document)
            continue
        action = document.get("action")
        rest = {key: value for key, value in document.items() if key != "action"}
        if action == "global":
            common = before = rest
        elif action == "reset":
            common = {}
        elif "action" not in document or action == "repeat":
            before = _over(before, rest) if action == "repeat" else _over(rest, common)
            found.append(before)
    return found


def _over(base: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    found = dict(base)
    for key, value in above.items():
        found[key] = _over(found[key], value) if isinstance(found.get(key), dict) and isinstance(value, dict) else value
    return found


def _is(rule: Rule, document: Mapping[Any, Any]) -> bool:
    if _written(document.get("title")) != rule.title:
        return False
    if rule.filter is not None or rule.correlation is not None:
        return isinstance(document.get("filter" if rule.filter is not None else "correlation"), dict)
    return typed(document.get("detection", {})) == typed(rule.detection)


def _header(rule: Rule, document: Mapping[str, Any]) -> list[str]:
    """Return the keys of a document that its rule does not have as they stand there; of one that no rule can be, all."""
    try:
        return _lost(rule, document)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        return ["dropped: every key"]


def _lost(rule: Rule, document: Mapping[str, Any]) -> list[str]:
    found = []
    for key in ("title", "status", "description", "author", "license", "taxonomy", "level", "name"):
        if key in document and _written(document[key]) != getattr(rule, key):
            found.append(key)
    for key in ("references", "tags", "falsepositives", "fields"):
        if [_written(one) for one in document.get(key, ())] != [*getattr(rule, key)]:
            found.append(key)
    for key in ("category", "product", "service"):
        if rule.correlation is None and (_written(document["logsource"].get(key)) or "") != getattr(rule.logsource, key):
            found.append(f"logsource.{key}")
    for key in ("date", "modified"):
        if key in document and str(document[key])[:10].replace("/", "-") != getattr(rule, key):
            found.append(key)
    if [(_written(one["id"]), one["type"]) for one in document.get("related", ())] != [(one.id, one.type) for one in rule.related]:
        found.append("related")
    if typed(_words(document.get("x-converter", {}))) != typed(_words(rule.converter)):
        found.append("x-converter")
    return [f"dropped: {key} of the header" for key in (*found, *_sections(rule, document))]


def _written(value: Any) -> Any:
    """Return a header's value as a rule means it: YAML reads an unquoted date as one."""
    return value.isoformat() if isinstance(value, datetime.date) else value


def _words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _words(one) for key, one in value.items()}
    return [_words(one) for one in value] if isinstance(value, list) else _written(value)


def _sections(rule: Rule, document: Mapping[str, Any]) -> list[str]:
    """Return what a correlation's or a filter's section says and the rule does not."""
    if rule.filter is not None:
        section = document["filter"]
        rules = section.get("rules", [])
        same = typed({key: one for key, one in section.items() if key != "rules"}) == typed(rule.filter.detection)
        named = [] if rules == "any" else [rules] if isinstance(rules, str) else rules
        return [] if same and [one.text for one in rule.filter.rules] == list(dict.fromkeys(named)) else ["filter"]
    if rule.correlation is None:
        return []
    section, mine = document["correlation"], rule.correlation
    condition = section.get("condition", {})
    found = [] if section["type"] == mine.type else ["type"]
    if "rules" in section:
        named = section["rules"] if isinstance(section["rules"], list) else [section["rules"]]
        found += [] if named == [one.text for one in mine.rules] else ["rules"]
    group = section.get("group-by", [])
    found += [] if list(dict.fromkeys([group] if isinstance(group, str) else group)) == list(mine.group_by) else ["group-by"]
    if isinstance(condition, dict):
        numbers = {key: one for key, one in condition.items() if key not in ("field", "percentile")}
        found += [] if numbers == {one.operator: one.value for one in mine.criteria} else ["condition"]
    else:
        found += [] if condition == mine.expression else ["condition"]
    number, unit = int(section["timespan"][:-1]), section["timespan"][-1]
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}.get(unit)
    found += [] if seconds is None or number * seconds == mine.timespan else ["timespan"]
    found += (
        []
        if {key: dict(one) for key, one in section.get("aliases", {}).items()} == {k: dict(v) for k, v in mine.aliases.items()}
        else ["aliases"]
    )
    found += [] if bool(section.get("generate", False)) == mine.generate else ["generate"]
    return [f"correlation.{one}" for one in found]


def _detection(loaded: Loaded, sections: list[Mapping[str, Any]], facts: Counter[str]) -> list[str]:
    """Return where a rule's tree means something else than its detection section, and those of its filters."""
    problems = peer.differences(loaded, sections[0], facts) if len(sections) == 1 else []
    tree = loaded.tree
    if tree is None or unevaluable(tree, loaded.rule.source):
        return problems
    facts["filtered"] += len(sections) > 1
    events = events_for({str(number): section for number, section in enumerate(sections)} if len(sections) > 1 else sections[0])
    for event in events:
        means = evaluate(tree, event)
        try:
            expected = False not in [answer(section, event) for section in sections]
        except Unjudged as error:
            facts[f"not judged: {error}"] += 1
            continue
        facts["judged and matches" if means else "judged and does not match"] += 1
        if means != expected:
            told = f"{means}, the section says {expected}: {json.dumps(event, default=str)[:300]} of {peer.shown(sections)}"
            return [*problems, f"changed meaning: {told}"]
    return problems + _again(tree, events, facts)


def _again(tree: Node, events: list[dict[str, Any]], facts: Counter[str]) -> list[str]:
    """Write the section from the tree, read it, and compare the answers."""
    section = detection_of(tree)
    if section is None:
        facts["not written anew"] += 1
        return []
    text = yaml.dump(
        {"title": "t", "logsource": {"product": "x"}, "detection": section}, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True
    )
    rules, _ = read_rules(text.encode("utf-8"), "again.yml")
    again = lower(rules[0]) if rules else ()
    if isinstance(again, tuple):
        return [f"written anew, it cannot be read: {again[0].message if again else 'no rule'}: {section!r:.300}"]
    facts["written anew"] += 1
    for event in events:
        if evaluate(again, event) != evaluate(tree, event):
            return [f"written anew, it means something else: {event!r:.300}"]
    return []
