"""Elastic's documentation pages against the rule files that they were made from."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.data import threats
from converter.ir import evaluate, lower
from converter.model import Diagnostic, LogSource
from converter.readers import read_rules
from converter.readers.elastic_docs import Attack, Page, Technique, Threat, read_page, to_canonical

_DIFFERENCES = Path(__file__).parents[1] / "readers" / "elastic_docs" / "corpus_differences.yml"
_MARKDOWN = re.compile(r"[#*>\-\[\]`\s]+")
_TARGET = re.compile(r"\]\([^)\s]*\)")

pytestmark = pytest.mark.corpus


@cache
def _pages(folder: Path) -> dict[str, tuple[Page, dict[str, Any]]]:
    pages = {}
    for path in sorted(folder.glob("*.md")):
        page = read_page(path.read_bytes(), path.name)
        assert isinstance(page, Page), [one.render() for one in page]
        pages[page.slug] = (page, tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))["rule"])
    return pages


def _words(text: str) -> list[str]:
    """The words of a Markdown text, without the marks that the conversions changed."""
    return _MARKDOWN.sub(" ", _TARGET.sub("]", text).replace("’", "'")).split()


def _named(one: Attack | Technique) -> dict[str, Any]:
    named: dict[str, Any] = {"id": one.id, "name": one.name, "reference": one.reference}
    if isinstance(one, Technique) and one.subtechniques:
        named["subtechnique"] = list(map(_named, one.subtechniques))
    return named


def _threat(threat: Threat) -> dict[str, Any]:
    shown: dict[str, Any] = {"framework": threat.framework, "tactic": _named(threat.tactic)}
    if threat.techniques:
        shown["technique"] = list(map(_named, threat.techniques))
    return shown


def _shown(page: Page) -> dict[str, Any]:
    return {
        "name": page.name,
        "description": page.description,
        "type": page.type,
        "index": list(page.index),
        "severity": page.severity,
        "risk_score": page.risk_score,
        "interval": page.interval,
        "from": page.from_,
        "max_signals": page.max_signals,
        "references": [one.url for one in page.references],
        "tags": list(page.tags),
        "author": list(page.authors),
        "license": page.license,
        "guide": _words(page.guide or ""),
        "setup": _words(page.setup or ""),
        "query": page.query,
        "threat": list(map(_threat, page.threat)),
    }


def _expected(rule: dict[str, Any]) -> dict[str, Any]:
    query = "\n".join(line.rstrip() for line in rule["query"].strip().splitlines()) if "query" in rule else None
    plain = ("name", "type", "severity", "risk_score", "author", "license")
    return {key: rule[key] for key in plain} | {
        "description": " ".join(rule["description"].split()),
        "index": rule.get("index", []),
        "interval": rule.get("interval", "5m"),
        "from": rule.get("from"),
        "max_signals": rule.get("max_signals", 100),
        "references": rule.get("references", []),
        "tags": rule.get("tags", []),
        "guide": _words(rule.get("note", "")),
        "setup": _words(rule.get("setup", "")),
        "query": query,
        "threat": rule.get("threat", []),
    }


def test_pages_show_what_their_rule_files_hold(corpora: Path) -> None:
    """Every element of every page equals the rule file's, but for the listed ones."""
    pages = _pages(corpora / "corpora" / "elastic_docs")
    listed: dict[str, dict[str, str]] = yaml.safe_load(_DIFFERENCES.read_text(encoding="utf-8"))

    found: dict[str, set[str]] = {}
    for slug in listed:
        page, rule = pages[slug]
        shown, expected = _shown(page), _expected(rule)
        assert shown.keys() == expected.keys()
        found[slug] = {name for name in shown if shown[name] != expected[name]}

    assert len(listed) == 23
    assert found == {slug: set(reasons) for slug, reasons in listed.items()}


def test_cut_pages_never_pass_for_whole_ones(corpora: Path) -> None:
    """A page that stops inside an element, the query or a threat entry is refused, or said to look cut."""
    for path in sorted((corpora / "corpora" / "elastic_docs").glob("*.md")):
        text = path.read_text(encoding="utf-8").rstrip("\n")
        for end in range(0, len(text), 7):
            page = read_page(text[:end].encode(), path.name)
            if isinstance(page, Page):
                looks_cut = any("may be cut" in one.message for one in page.diagnostics)
                assert looks_cut or text[:end].endswith("\n"), (path.name, end)
            else:
                assert all(
                    isinstance(one, Diagnostic) and one.span is not None and one.help for one in page if one.severity.label == "error"
                )


def test_imported_rules_can_be_read(corpora: Path) -> None:
    """What import writes for a page with a query is a canonical rule without a complaint."""
    pages = [page for page, _ in _pages(corpora / "corpora" / "elastic_docs").values() if page.query is not None]
    for page in pages:
        imported = to_canonical(page)
        rules, diagnostics = read_rules(imported.text.encode(), imported.file)
        assert not diagnostics, [one.render() for one in diagnostics]
        assert [rule.title for rule in rules] == [page.name]
    assert pages


_KINDS = {
    "query": "canonical",
    "eql": "canonical",
    "sequence": "opaque",
    "esql": "opaque",
    "threshold": "opaque",
    "new_terms": "opaque",
    "threat_match": "opaque",
    "machine_learning": "opaque",
}


def test_pages_become_rules_that_keep_every_element(corpora: Path) -> None:
    """A query of single events in KQL or EQL becomes a detection, every other rule keeps its query; all of the page is in the rule."""
    for page, _ in _pages(corpora / "corpora" / "elastic_docs").values():
        imported = to_canonical(page)
        assert imported.status.value == _KINDS[imported.kind], page.slug
        assert (imported.kind == "sequence") == (page.query or "").lstrip().startswith("sequence")

        rule = yaml.safe_load(imported.text)
        elastic = rule["x-converter"]["targets"]["elastic"]
        assert (rule["title"], rule["description"], rule["level"]) == (page.name, page.description, page.severity)
        assert rule.get("references", []) == [one.url for one in page.references]
        assert elastic.get("author", [rule["author"]]) == list(page.authors)
        assert rule["license"] == "Elastic-2.0"
        assert rule["x-converter"]["version"] == page.version
        kept = ("index", "tags", "risk_score", "interval", "from", "max_signals", "note", "setup")
        shown = (list(page.index), list(page.tags), page.risk_score, page.interval, page.from_, page.max_signals, page.guide, page.setup)
        assert {key: elastic.get(key) or None for key in kept} == {key: value or None for key, value in zip(kept, shown, strict=True)}
        assert elastic.get("threat", derived_threat(tuple(rule.get("tags", ())))) == list(map(_threat, page.threat))
        assert ("detection" in rule) == (imported.kind in ("query", "eql"))
        assert elastic.get("query") == (None if "detection" in rule else page.query)


def test_the_seed_selects_the_exec_event_only(corpora: Path) -> None:
    """Imported from its page, the rule matches one of the captured audit events, and means its KQL."""
    page, _ = _pages(corpora / "corpora" / "elastic_docs")["kubernetes-user-exec-into-pod"]
    (rule,), _ = read_rules(to_canonical(page).text.encode(), "seed.yml")

    tree = lower(rule)
    assert not isinstance(tree, tuple)
    captured = (corpora / "events" / "k8s_audit" / "captured").glob("*.json")
    found = {path.name for path in captured for line in path.read_text().splitlines() if line.strip() and evaluate(tree, json.loads(line))}
    assert found == {"exec_pod.json"}
    assert rule.logsource == LogSource("application", "kubernetes", "audit")
    assert set(rule.detection["selection"]) == {
        "verb",
        "objectRef.resource",
        "objectRef.subresource",
        "annotations.authorization.k8s.io/decision",
    }


def derived_threat(tags: tuple[str, ...]) -> list[dict[str, Any]]:
    """The threat block that the shipped ATT&CK data makes of tags."""
    return [
        {"framework": "MITRE ATT&CK", "tactic": {"id": one.tactic.id, "name": one.tactic.name, "reference": one.tactic.url}}
        | (
            {
                "technique": [
                    {"id": technique.id, "name": technique.name, "reference": technique.url}
                    | (
                        {
                            "subtechnique": [
                                {"id": sub.id, "name": sub.name, "reference": sub.url} for sub in one.subtechniques[technique.id]
                            ]
                        }
                        if one.subtechniques and technique.id in one.subtechniques
                        else {}
                    )
                    for technique in one.techniques
                ]
            }
            if one.techniques
            else {}
        )
        for one in threats(tags)
    ]
