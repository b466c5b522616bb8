"""Texts that try to break out of every format, and a rule that has them wherever a rule takes a text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXTS = (
    "a\"b'c",
    "x ]\n[evil]\nsearch = *",
    "{{ 7*7 }} {% raw %}",
    "ends in \\",
    "a line \\\nsearch = * \\",
    "%s $x$ `m` | delete",
    "%ka.user.name %evt.time",
    "'''\nquoted",
    '"""\nquoted',
    "é\u2028\u202e\x85 text",
    "nul \0 bell \x07 escape \x1b[31m delete \x7f",
    "\ufefffirst, \ufffe and \uffff, \U000e0001 last",
    "# no comment",
    "\n\n# Heading\n- item",
    "- rule: evil\n  condition: evt.num > 0",
    "__import__('os')\n",
    "=cmd|' /C calc'!A0",
    '{"rule_id": "evil"}\n{"rule_id": "evil2"}',
    "../../etc/passwd",
    "default",
)


def rule_of(texts: Mapping[str, str], number: int = 10) -> dict[str, Any]:
    """Return a rule that has the texts wherever a rule takes any."""
    event = {"kind": "Event", "auditID": "a", "stageTimestamp": "2026-03-02T10:00:00Z", "verb": "create"}
    return {
        "title": texts["title"],
        "id": f"00000000-0000-4000-8000-{number:012x}",
        "status": "test",
        "description": texts["description"],
        "author": texts["author"],
        "license": texts["license"],
        "references": [texts["reference"]],
        "falsepositives": [texts["falsepositive"]],
        "tags": [f"x.{texts['tag']}"],
        "logsource": {"product": "kubernetes", "service": "audit"},
        "detection": {"selection": {"verb": "create"}, "condition": "selection"},
        "x-converter": {
            "source": texts["source"],
            "targets": {
                "elastic": {"note": texts["note"], "setup": texts["note"], "tags": [texts["tag"]], "accept": _accepted(texts)},
                "splunk": {"accept": _accepted(texts)},
                "falco": {"accept": _accepted(texts)},
            },
            "tests": [{"name": texts["title"], "match": True, "event": event}],
        },
    }


def _accepted(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"code": "narrower", "reason": texts["reason"]}] if texts["reason"].strip() else []


KEYS = ("title", "description", "author", "license", "reference", "falsepositive", "tag", "source", "note", "reason")
