"""elastic-ndjson: the rules of a pack in one file that Kibana imports, a rule as JSON on each line.

The format has no comments, so the author, the licence, the source and the
losses that somebody accepted stand in each rule's ``note``, under headings of
their own.  Rules are imported disabled: a person switches them on.

Source: Kibana's API description of its rules (rule_schemas.schema.yaml,
RuleToImport): the keys that a rule must have, by type.  Parameters of a type
that a rule gives beside its query (``parts``) are copied as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from converter.model import Artifact, Diagnostic, Severity
from converter.targets.contract import Capabilities, Compilation, Options, ResolvedRule, UnpackableError
from converter.targets.elastic import TARGET as ELASTIC
from converter.targets.elastic.envelope import envelope
from converter.targets.envelope import json_line

FILE: Final = "rules.ndjson"
_NO_INDEX: Final = ("esql",)
"""Types that name their data in the query and may have no ``index``."""


@dataclass(frozen=True, slots=True)
class Ndjson:
    """The package target; it has no options of its own."""

    name: str = "elastic-ndjson"
    base: str = "elastic"

    def capabilities(self, options: Options) -> Mapping[str, Capabilities]:
        """Return what Elastic's languages can express."""
        return ELASTIC.capabilities(options)

    def compile(self, rule: ResolvedRule, options: Options) -> Compilation:
        """Return what Elastic makes of a rule."""
        return ELASTIC.compile(rule, options)

    def package(self, done: Sequence[Compilation], paths: Sequence[str], options: Options) -> Sequence[Artifact]:
        """Return one file with all rules; two rules of one ``rule_id`` would replace each other (B011)."""
        if not done:
            return []
        rules = [_rule(one) for one in done]
        first: dict[str, Compilation] = {}
        doubles: list[Diagnostic] = []
        for one, rule in zip(done, rules, strict=True):
            other = first.setdefault(rule["rule_id"], one)
            if other is not one:
                message = f"the rule_id '{rule['rule_id']}' is also that of '{other.rule.title}': Kibana would import one of the two"
                place = one.rule.span("x-converter.targets.elastic.rule_id")
                doubles.append(Diagnostic("B011", Severity.ERROR, place, message, help="give one of them another rule_id"))
        if doubles:
            raise UnpackableError(doubles)
        data = "".join(json_line(rule) + "\n" for rule in rules).encode("utf-8")
        return [Artifact(FILE, data, tuple(one.rule.id for one in done))]


TARGET: Final = Ndjson()


def _rule(done: Compilation) -> dict[str, Any]:
    """Return a rule as Kibana's API has it."""
    values = envelope(done)
    rule: dict[str, Any] = dict(values["fields"])
    if rule["type"] in _NO_INDEX:
        rule.pop("index", None)
    if filters := done.parts.get("filters"):
        rule["filters"] = json.loads(filters)
    rule |= {"query": values["query"], "enabled": False, "note": _note(done)}
    if values["threats"]:
        rule["threat"] = [_threat(one) for one in values["threats"]]
    return rule


def _threat(one: Mapping[str, Any]) -> dict[str, Any]:
    techniques = [
        {key: technique[key] for key in ("id", "name", "reference")}
        | ({"subtechnique": list(technique["subtechniques"])} if technique["subtechniques"] else {})
        for technique in one["techniques"]
    ]
    return {"framework": "MITRE ATT&CK", "tactic": dict(one["tactic"])} | ({"technique": techniques} if techniques else {})


def _note(done: Compilation) -> str:
    """Return the rule's guide, then under headings of their own where it came from and what its translation loses."""
    rule = done.rule
    source = str(rule.converter.get("source", ""))
    origin = {"Author": rule.author or "unknown", "License": rule.license or "not stated", "Source": source, "Sigma rule": rule.id}
    parts = [
        str(done.options.get("note", "")).strip(),
        "## Origin\n\n" + "\n".join(f"- {name}: {_line(text)}" for name, text in origin.items() if text),
    ]
    accepted = {loss.code: loss for loss in done.losses if loss.accepted}
    if accepted:
        lines = [f"- {code} ({one.direction.value}): {_line(one.message)} ({_line(one.accepted)})" for code, one in accepted.items()]
        parts.append("## Accepted losses of this translation\n\n" + "\n".join(lines))
    return "\n\n".join(part for part in parts if part)


def _line(text: str) -> str:
    """Return a text on one line, so that it can be no heading of its own."""
    return " ".join(text.split())
