"""What a rule says of itself for Elastic stands in both of its files, as readers that are not ours read them (tomllib, json)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.pack import Loaded, compile_rule, load_pack
from converter.targets import target
from converter.targets.elastic.nested import present
from tests.packages.test_elastic_kinds import ALL, flat, written

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = {path.name: path / "rule.yml" for path in sorted((ROOT / "tests" / "cases").glob("kind_*"))}
RULES |= {name: ROOT / "rules" / "kubernetes" / "audit" / f"{name}.yml" for name in ("user_exec_into_pod", "secrets_read")}
APART = {"accept", "enabled", "reason", "extra", "filters", "kind", "language"} | {"metadata", "new_terms", "note", "opaque", "query"}
APART |= {"transform"}
"""Settings that do not stand under their own name with their own value."""
TERMS = {"fields": "new_terms_fields", "history_window_start": "history_window_start"}


def said(path: Path) -> dict[str, Any]:
    """Return the text of a rule as PyYAML reads it."""
    whole = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(whole, dict)
    return whole


def loaded(path: Path) -> Loaded | None:
    """Return the one rule of a file that Elastic builds."""
    (one,) = load_pack([path]).rules
    return one if compile_rule(one, target("elastic"), {}, ALL).allowed else None


def differences(path: Path, rule: Loaded) -> Iterator[str]:
    """Yield what a file that is made of a rule does not say as the rule does."""
    whole = said(path)
    own: Mapping[str, Any] = whole.get("x-converter", {}).get("targets", {}).get("elastic", {})
    toml, line = written(compile_rule(rule, target("elastic"), {}, ALL))
    extra = own.get("extra", {})
    for form, found, given in (("toml", flat(toml), present), ("ndjson", line, lambda value: value)):
        wanted = {key: value for key, value in own.items() if key not in APART} | (extra if form == "ndjson" else {})
        wanted |= {TERMS[key]: value for key, value in own.get("new_terms", {}).items()}
        wanted |= {"version": whole.get("x-converter", {}).get("version", found.get("version"))} if "version" not in own else {}
        wanted |= {"type": own["kind"]} if "kind" in own else {}
        wanted |= {key: value for key, value in extra.items() if value is not None and key != "enabled"}
        yield from (f"{form}: {key}" for key, value in wanted.items() if found.get(key) != given(value))
        if own.get("query", "").strip("\n") not in found.get("query", ""):
            yield f"{form}: query"
        if "filters" in own and found.get("filters", [])[-len(own["filters"]) :] != given(own["filters"]):
            yield f"{form}: filters"
        yield from (f"{form}: {tag}" for tag in _untold(whole.get("tags", ()), found) if "threat" not in own)
        yield from (f"{form}: {key}" for key in ("index", "risk_score", "severity") if _lacks(found, key))
    for table in ("metadata", "transform"):
        yield from (f"{table}: {key}" for key, value in own.get(table, {}).items() if toml.get(table, {}).get(key) != value)
    guide = toml["rule"].get("note", "")
    if not guide.startswith(own.get("note", "")) or "$osquery" in line.get("note", ""):
        yield "note"


def _lacks(found: Mapping[str, Any], key: str) -> bool:
    """Whether a rule has no word of a key that each rule has, or each that searches an index."""
    return key not in found and not (key == "index" and found["type"] in ("machine_learning", "esql"))


def _untold(tags: Any, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the techniques and sub-techniques among a rule's tags that the file's threats do not name."""
    above = [one for threat in found.get("threat", ()) for one in threat.get("technique", ())]
    named = {one["id"] for one in above} | {one["id"] for each in above for one in each.get("subtechnique", ())}
    yield from (tag for tag in tags if tag.startswith("attack.t") and tag.removeprefix("attack.").upper() not in named)


def test_the_rules_say_enough() -> None:
    """Among them each setting that stands elsewhere in a file, techniques and sub-techniques by tags, and rules of every kind."""
    texts = [said(path) for path in RULES.values()]
    tags = {tag for one in texts for tag in one.get("tags", ())}
    own = {key for one in texts for key in one.get("x-converter", {}).get("targets", {}).get("elastic", {})}
    assert {len(tag) > len("attack.t1059") for tag in tags if tag.startswith("attack.t")} == {True, False}
    assert {"filters", "transform", "metadata", "extra", "new_terms", "threat_query", "note", "query"} <= own


@pytest.mark.parametrize("name", RULES)
def test_what_a_rule_says_stands_in_its_files(name: str) -> None:
    """Each setting under its name with its value, each tag of a technique as a threat; nothing is lost on the way."""
    rule = loaded(RULES[name])
    assert rule is None or not list(differences(RULES[name], rule))
