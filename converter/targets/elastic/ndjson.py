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
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from converter.model import Artifact, Diagnostic, Severity, node
from converter.targets.contract import Capabilities, Compilation, Options, ResolvedRule, UnpackableError
from converter.targets.elastic import TARGET as ELASTIC
from converter.targets.elastic.keys import OWN_WORDS, needs_of, plain, rule_keys
from converter.targets.elastic.related import related_integrations, required_fields
from converter.targets.elastic.stack import fields_say_ecs, fitted, version_of
from converter.targets.envelope import json_line

FILE: Final = "rules.ndjson"


@node
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
    rule = _related(done) | rule_keys(done) | {"note": _note(done)}
    if "query" in done.parts:
        rule["query"] = done.parts["query"]
    return {"enabled": False} | rule


def _related(done: Compilation) -> dict[str, Any]:
    """Return what the rule relies on, which Elastic's repository finds out when it builds its rules; the rule's own word stands over it."""
    assert done.resolved is not None, "a compilation with parts has its resolved rule"
    version = version_of(done.options)
    assert not isinstance(version, str), "the option was checked before"
    given = done.options.get("metadata", {}).get("integration") or list(needs_of(done).get("integration", ()))
    packages = [one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)]
    found = {
        "related_integrations": related_integrations(packages, done.resolved.guard),
        "required_fields": required_fields(done.resolved, ecs=fields_say_ecs(version)),
    }
    return fitted({key: value for key, value in found.items() if value}, version)


def _note(done: Compilation) -> str:
    """Return the rule's guide, then under headings of their own where it came from and what its translation loses.

    A guide that ends in these sections was imported from a file like this
    one: they are written anew, not once more.
    """
    rule = done.rule
    source = str(rule.converter.get("source", ""))
    origin = {"Author": rule.author or "unknown", "License": rule.license or "not stated", "Source": source, "Sigma rule": rule.id}
    lists = [str(one["list_id"]) for one in done.options.get("exceptions_list", ())]
    parts = [
        _transformed(_OWN_SECTIONS.sub("", str(done.options.get("note", "")).strip()), done.options),
        "## Origin\n\n" + "\n".join(f"- {name}: {_line(text)}" for name, text in origin.items() if text),
        "## Exception lists that have to exist\n\n" + "\n".join(f"- {_line(one)}" for one in lists) if lists else "",
    ]
    accepted = {loss.code: loss for loss in done.losses if loss.accepted and loss.code not in OWN_WORDS}
    if accepted:
        lines = [f"- {code} ({one.direction.value}): {_line(one.message)} ({_line(one.accepted)})" for code, one in accepted.items()]
        parts.append("## Accepted losses of this translation\n\n" + "\n".join(lines))
    return "\n\n".join(part for part in parts if part)


_OWN_SECTIONS: Final = re.compile(
    r"(?:\A|\n\n)## Origin\n\n- Author: [^\n]*(?:\n- (?:License|Source|Sigma rule): [^\n]*)*"
    r"(?:\n\n## (?:Exception lists that have to exist|Accepted losses of this translation)\n(?:\n- [^\n]*)+)*\Z"
)


def _transformed(note: str, options: Options) -> str:
    """Return the guide with the queries that the TOML's [transform] holds in their places, as Elastic's repository builds it.

    ``$osquery_0`` stands for the first query under ``osquery``; a name that
    has no query stays.
    """

    def written(found: re.Match[str]) -> str:
        entries = options["transform"].get(found["kind"])
        number = int(found["number"])
        if not isinstance(entries, list) or number >= len(entries):
            return found[0]
        text = json.dumps(plain(entries[number], "transform"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return f"!{{{found['kind']}{text}}}"

    return _PLACE.sub(written, note) if options.get("transform") else note


_PLACE: Final = re.compile(r"\$(?:(?P<open>\{))?(?P<kind>osquery|investigate)_(?P<number>[0-9]{1,4})(?(open)\})")


def _line(text: str) -> str:
    """Return a text on one line, so that it can be no heading of its own."""
    return " ".join(text.split())
