"""Hostile texts in a rule's header go into every artifact and come back by the format's own parser."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from converter.languages import falco, spl
from converter.model import Fidelity
from converter.pack import Request, build
from converter.targets import NAMES, target

TEXTS = (
    "a\"b'c",
    "x ]\n[evil]\nsearch = *",
    "{{ 7*7 }} {% raw %}",
    "ends in \\",
    "%s $x$ `m` | delete",
    "'''\nquoted",
    '"""\nquoted',
    "é\u2028\u202e\x85 text",
    "# no comment",
    "- rule: evil\n  condition: evt.num > 0",
    "__import__('os')\n",
    "=cmd|' /C calc'!A0",
)


def _rule(text: str, number: int) -> dict[str, Any]:
    event = {"kind": "Event", "auditID": "a", "stageTimestamp": "2026-03-02T10:00:00Z", "verb": "create"}
    return {
        "title": text,
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "status": "test",
        "description": text,
        "author": text,
        "license": text,
        "references": [text],
        "falsepositives": [text],
        "logsource": {"product": "kubernetes", "service": "audit"},
        "detection": {"selection": {"verb": "create"}, "condition": "selection"},
        "x-converter": {
            "source": text,
            "targets": {"elastic": {"note": text, "setup": text, "tags": [text]}},
            "tests": [{"name": text, "match": True, "event": event}],
        },
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of one rule for each text."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "rules").mkdir()
    for number, text in enumerate(TEXTS):
        path = folder / "rules" / f"r{number}.yml"
        path.write_text(yaml.safe_dump(_rule(text, number), allow_unicode=True), encoding="utf-8")
    report = build(Request([folder / "rules"], [target(name) for name in NAMES], folder / "output", {}, frozenset(Fidelity)))
    assert not [row for row in report.rows if row.is_refused]
    assert len(report.rows) == len(TEXTS) * len(NAMES)
    return folder / "output"


@pytest.mark.parametrize(("number", "text"), list(enumerate(TEXTS)))
def test_toml_gives_the_texts_back(number: int, text: str, built: Path) -> None:
    """Every value of the TOML is what went in, white space at the ends of prose aside."""
    rule = tomllib.loads((built / "elastic" / f"r{number}.toml").read_text(encoding="utf-8"))["rule"]
    assert rule["name"] == text
    assert rule["description"] == text.strip()
    assert rule["references"] == [text] == rule["false_positives"] == rule["tags"]
    assert rule["setup"] == text
    assert rule["note"].startswith(text.strip())
    assert (rule["rule_id"], rule["type"]) == (f"00000000-0000-4000-8000-{number:012d}", "query")
    assert rule["query"].strip() == 'event.dataset:"kubernetes.audit_logs"\n  and kubernetes.audit.verb:"create"'


@pytest.mark.parametrize(("number", "text"), list(enumerate(TEXTS)))
def test_conf_stays_one_stanza(number: int, text: str, built: Path) -> None:
    """No text opens a stanza or a key; the description holds its words."""
    conf = spl.read_conf((built / "splunk" / f"r{number}.conf").read_text(encoding="utf-8"), "r.conf")
    assert isinstance(conf, spl.Conf), conf
    assert len(conf.stanzas) == 1
    keys = [setting.key for setting in conf.stanzas[0].settings]
    assert len(keys) == len(set(keys))
    assert keys[:2] == ["description", "search"]
    words = "".join(one if one.isprintable() else " " for one in " ".join(text.split())).split()
    assert conf.stanzas[0].get("description").split()[: len(words)] == words
    assert conf.stanzas[0].get("search").startswith('`kube_audit` verb="create"')


@pytest.mark.parametrize(("number", "text"), list(enumerate(TEXTS)))
def test_falco_stays_one_rule(number: int, text: str, built: Path) -> None:
    """The rules file holds one rule, named and described by the texts."""
    file = falco.read_rules((built / "falco" / f"r{number}.yaml").read_bytes(), "r.yaml")
    assert isinstance(file, falco.RulesFile), file
    assert len(file.rules) == 1
    assert " ".join(file.rules[0].name.split()) == " ".join(text.split())
    assert " ".join(file.rules[0].desc.split()).startswith(" ".join(text.split()))


@pytest.mark.parametrize(("number", "text"), list(enumerate(TEXTS)))
def test_python_stays_a_literal(number: int, text: str, built: Path) -> None:
    """The module's metadata is the texts, and nothing of them is code."""
    tree = ast.parse((built / "python" / f"r{number}.py").read_text(encoding="utf-8"))
    rule = next(ast.literal_eval(item.value) for item in tree.body if isinstance(item, ast.Assign))
    assert rule["title"] == text
    assert rule["author"] == text
    assert rule["references"] == (text,)
    assert all(isinstance(item, ast.Expr | ast.Assign | ast.FunctionDef | ast.ImportFrom) for item in tree.body)
