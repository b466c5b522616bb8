"""Every rule of the corpus, printed as a page by our own reading of the format, comes back whole."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.ir import lower
from converter.readers import read_rules
from converter.readers.elastic_docs import Outcome, Page, read_page, to_canonical

pytestmark = [pytest.mark.corpus, pytest.mark.slow]

# Written in Lucene's language, which no page shows: read as KQL, it is refused.
_LUCENE = {"Setgid Bit Set via chmod"}


def _rules(corpora: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((corpora / "corpora" / "elastic").rglob("*.toml")):
        yield tomllib.loads(path.read_text(encoding="utf-8"))["rule"]


def _list(label: str, entries: list[str]) -> str:
    return f"**{label}**: None\n\n" if not entries else f"**{label}**:\n\n" + "".join(f"* {one}\n" for one in entries) + "\n"


def _bullet(kind: str, one: dict[str, Any]) -> str:
    address = one["reference"]
    return f"* {kind}:\n\n    * Name: {one['name']}\n    * ID: {one['id']}\n    * Reference URL: [{address}]({address})\n\n"


def _threat(rule: dict[str, Any]) -> str:
    text = "**Framework**: MITRE ATT&CKTM\n\n" if rule.get("threat") else ""
    for one in rule.get("threat", []):
        text += _bullet("Tactic", one["tactic"])
        for technique in one.get("technique", []):
            text += _bullet("Technique", technique)
            text += "".join(_bullet("Sub-technique", sub) for sub in technique.get("subtechnique", []))
    return text


def _printed(rule: dict[str, Any]) -> str:
    section = {"note": "Investigation guide [_investigation_guide_1]", "setup": "Setup [_setup_2]"}
    return "".join(
        [
            f"# {rule['name']} [a-rule]\n\n{' '.join(rule['description'].split())}\n\n**Rule type**: {rule['type']}\n\n",
            _list("Rule indices", rule.get("index", [])),
            f"**Severity**: {rule['severity']}\n\n**Risk score**: {rule['risk_score']}\n\n**Runs every**: {rule.get('interval', '5m')}\n\n",
            f"**Searches indices from**: {rule.get('from')} (a link)\n\n",
            f"**Maximum alerts per execution**: {rule.get('max_signals', 100)}\n\n",
            _list("References", [f"[{one}]({one})" for one in rule.get("references", [])]),
            _list("Tags", rule.get("tags", [])),
            "**Version**: 1\n\n",
            _list("Rule authors", rule["author"]),
            f"**Rule license**: {rule['license']}\n\n",
            *(f"## {heading}\n\n{rule[key]}\n\n" for key, heading in section.items() if rule.get(key)),
            f"## Rule query [_rule_query_3]\n\n```js\n{rule['query'].strip()}\n```\n\n" if "query" in rule else "",
            _threat(rule),
            "\n",
        ]
    )


def test_printed_rules_come_back(corpora: Path) -> None:
    """Name, lists, query and threat block are the rule's; a detection is one that the compiler reads."""
    read = 0
    for rule in _rules(corpora):
        page = read_page(_printed(rule).encode(), "page.md")
        assert isinstance(page, Page), [one.render() for one in page]
        assert (page.name, list(page.index), list(page.authors)) == (rule["name"].strip(), rule.get("index", []), rule["author"])
        assert [one.url for one in page.references] == rule.get("references", [])
        assert page.query == (rule["query"].strip() if "query" in rule else None)
        assert [one.tactic.id for one in page.threat] == [one["tactic"]["id"] for one in rule.get("threat", [])]
        _check_rule(page)
        read += 1
    assert read > 1000


def _check_rule(page: Page) -> None:
    imported = to_canonical(page)
    assert (imported.status is Outcome.REFUSED) == (page.name in _LUCENE), page.name
    if imported.status is Outcome.CANONICAL:
        rules, diagnostics = read_rules(imported.text.encode(), imported.file)
        assert not diagnostics, (page.name, [one.render() for one in diagnostics])
        assert not isinstance(lower(rules[0]), tuple), page.name
