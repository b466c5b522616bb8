"""Elastic's documentation pages against the rule files that they were made from."""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.model import Diagnostic
from converter.readers.elastic_docs import Attack, Page, Technique, Threat, read_page

_DIFFERENCES = Path(__file__).parents[1] / "readers" / "elastic_docs" / "corpus_differences.yml"
_MARKDOWN = re.compile(r"[#*>\-\[\]`\s]+")
_TARGET = re.compile(r"\]\([^)\s]*\)")

pytestmark = pytest.mark.corpus


def _folder() -> Path:
    corpora = os.environ.get("CONVERTER_CORPORA", "")
    if not corpora:
        message = "CONVERTER_CORPORA is not set: pages were not compared with their rule files"
        if os.environ.get("CONVERTER_REQUIRE_CORPORA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return Path(corpora) / "corpora" / "elastic_docs"


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


def test_pages_show_what_their_rule_files_hold() -> None:
    """Every element of every page equals the rule file's, but for the listed ones."""
    pages = _pages(_folder())
    listed: dict[str, dict[str, str]] = yaml.safe_load(_DIFFERENCES.read_text(encoding="utf-8"))

    found: dict[str, set[str]] = {}
    for slug in listed:
        page, rule = pages[slug]
        shown, expected = _shown(page), _expected(rule)
        assert shown.keys() == expected.keys()
        found[slug] = {name for name in shown if shown[name] != expected[name]}

    assert len(listed) == 23
    assert found == {slug: set(reasons) for slug, reasons in listed.items()}


def test_cut_pages_never_pass_for_whole_ones() -> None:
    """A page that stops inside an element, the query or a threat entry is refused, or said to look cut."""
    folder = _folder()
    for path in sorted(folder.glob("*.md")):
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
