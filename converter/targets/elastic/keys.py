"""A rule in the form of Kibana's API, from the canonical rule's header, its options for Elastic and what was compiled.

Both artifacts are laid out from it: TOML nests some of the keys, the import
file has them as they are.  Source: Kibana's API description of its rules
(rule_schemas.schema.yaml).
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from converter.data import Technique, Threat, tactic, threats
from converter.model import Diagnostic, Rule, Severity
from converter.targets.contract import Compilation, Options
from converter.targets.elastic.kinds import PLACE, Kind, kind_of, kinds
from converter.targets.elastic.stack import fitted, version_of
from converter.targets.envelope import UnwritableError

RISK: Final = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Sigma's level to Elastic's usual risk score (its own rules pair low 21, medium 47, high 73, critical 99)."""
SEVERITY: Final = {"informational": "low", "": "low"}
LICENSES: Final = {"Elastic-2.0": "Elastic License v2"}
"""SPDX to the words that Elastic's rules use; others stay as they are."""
OWN_FILTERS: Final = "T108"
"""The loss of a rule's own filters, which stand in its artifact for all to see."""
KEPT_QUERY: Final = "T109"
"""The loss of a query that a rule keeps in Elastic's own words, of which its detection is the translation."""
OWN_WORDS: Final = frozenset((OWN_FILTERS, KEPT_QUERY))
"""What is no loss to somebody who knows Elastic's rule: an artifact's guide does not list it."""
FRAMEWORK: Final = "MITRE ATT&CK"
COPIED: Final = (
    "alert_suppression",
    "building_block_type",
    "exceptions_list",
    "from",
    "interval",
    "investigation_fields",
    "max_signals",
    "related_integrations",
    "required_fields",
    "risk_score_mapping",
    "rule_name_override",
    "setup",
    "severity_mapping",
    "timeline_id",
    "timeline_title",
    "timestamp_override",
    "timestamp_override_fallback_disabled",
    "to",
)
"""Keys of every kind of rule that are the rule's own word, in Kibana's form."""
_MADE: Final = frozenset(
    (
        "author",
        "data_view_id",
        "description",
        "false_positives",
        "filters",
        "history_window_start",
        "index",
        "language",
        "license",
        "name",
        "new_terms",
        "new_terms_fields",
        "note",
        "query",
        "references",
        "risk_score",
        "rule_id",
        "severity",
        "tags",
        "threat",
        "type",
        "version",
    )
)
"""Keys that are made here or in an artifact's layout."""
_DEPTH: Final = 16
"""Levels of what a rule carries verbatim: more is no rule of anybody's, and readers of TOML have bounds of their own."""


def rule_keys(done: Compilation) -> dict[str, Any]:
    """Return the rule's keys and values, without its query and its guide; what its stack lacks is left out, as ``stack.told`` tells.

    Raises:
        UnwritableError: for a value that neither format has.
    """
    version = version_of(done.options)
    assert not isinstance(version, str), "the option was checked before"
    return fitted(all_keys(done), version)


def all_keys(done: Compilation) -> dict[str, Any]:
    """Return ``rule_keys`` as the newest stack takes them."""
    options = done.options
    kind = kind_of(options, done.language)
    found = {**_header(done.rule, options), **_data(done, kind), "type": kind.name}
    if kind.languages:
        found["language"] = done.language.removesuffix("+filters")
    for key in (*COPIED, *kind.own):
        if key in options and key != "new_terms":
            found[key] = plain(options[key], key)
    if "new_terms" in kind.own and "new_terms" in options:
        found |= {
            "new_terms_fields": list(options["new_terms"]["fields"]),
            "history_window_start": options["new_terms"]["history_window_start"],
        }
    # A key without a value is none: what a rule does not say is Kibana's default.
    found = {key: value for key, value in found.items() if value or value == 0}
    return found | {key: plain(value, key) for key, value in options.get("extra", {}).items()}


def _header(rule: Rule, options: Options) -> dict[str, Any]:
    """Return what the canonical rule's own header says, where the options for Elastic do not say it otherwise."""
    level = rule.level or "medium"
    return {
        "author": list(options.get("author", ())) or authors(rule.author),
        "description": rule.description.strip() or rule.title,
        "false_positives": list(rule.falsepositives),
        "license": options.get("license", "") or LICENSES.get(rule.license, rule.license),
        "name": options.get("name", "") or rule.title,
        "references": list(rule.references),
        "risk_score": options.get("risk_score", RISK.get(level, 47)),
        "rule_id": options.get("rule_id", "") or rule.id,
        "severity": options.get("severity", "") or SEVERITY.get(level, level),
        "threat": [_given(one) for one in options["threat"]] if options.get("threat") else threats_of(rule.tags),
        "version": options.get("version") or rule.converter.get("version", ""),
    }


def _data(done: Compilation, kind: Kind) -> dict[str, Any]:
    """Return what is searched: index or data view, the tags of the integration, and the filters beside the query."""
    options, needs = done.options, needs_of(done)
    found: dict[str, Any] = {"tags": list(options.get("tags", ())) or _tags(done.rule.tags, tuple(needs.get("integration", ())))}
    if kind.index and options.get("data_view_id"):
        found["data_view_id"] = options["data_view_id"]
    elif kind.index:
        found["index"] = list(options.get("index", needs.get("index", ())))
    if kind.filters:
        found["filters"] = [*done.parts.get("filters", ())] + [plain(one, "filters") for one in options.get("filters", ())]
    return found


def needs_of(done: Compilation) -> Mapping[str, Any]:
    """Return what the log source needs on Elastic: its index, its integrations."""
    assert done.resolved is not None, "a compilation with parts has its resolved rule"
    needs: Mapping[str, Any] = done.resolved.source.targets["elastic"]
    return needs


def clash(rule: Rule, options: Options) -> Diagnostic | None:
    """Return that a key which is carried verbatim is one that has a place of its own (T107)."""
    for key in options.get("extra", {}):
        if key in _MADE or key in COPIED or any(key in kind.own for kind in kinds().values()):
            message = f"'{key}' under extra is a key that the converter writes itself"
            help_text = f"write it as {PLACE}.{key}, or where the rule's header says it"
            return Diagnostic("T107", Severity.ERROR, rule.span(f"{PLACE}.extra.{key}"), message, help=help_text)
    return None


def carries(options: Options) -> bool:
    """Whether a rule has more than texts, numbers and lists of texts beside its query, which an artifact could not hold."""
    return not _CARRIED.isdisjoint(options)


_CARRIED: Final = frozenset(
    (*COPIED, "extra", "filters", "metadata", "new_terms", "threat", "transform", "threat_mapping", "threat_filters", "threshold")
)


def plain(value: Any, name: str, depth: int = _DEPTH) -> Any:  # noqa: ANN401 - any value of YAML
    """Return a value of the rule's as JSON has it: a date is its text.

    Null is kept as a key's value only: TOML has none, and leaves such a key out.

    Raises:
        UnwritableError: if it nests too deeply, or is no value of JSON's.
    """
    match value:
        case datetime.date():
            return value.isoformat()
        case str() | bool() | int() | None:
            return value
        case list() if None in value:
            raise UnwritableError(f"an empty entry in a list of '{name}'")
        case float() if math.isfinite(value):
            return value
        case Mapping() if depth:
            return {str(key): plain(one, name, depth - 1) for key, one in value.items()}
        case list() if depth:
            return [plain(one, name, depth - 1) for one in value]
    if not depth:
        raise UnwritableError(f"more than {_DEPTH} levels in '{name}'")
    raise UnwritableError(f"{value} in '{name}'" if isinstance(value, float) else f"a {type(value).__name__} in '{name}'")


def authors(text: str) -> list[str]:
    """Return the authors of Sigma's one line, which separates them by commas or semicolons."""
    return [one.strip() for one in re.split("[,;]", text) if one.strip()] or ["unknown"]


@lru_cache(maxsize=4096)
def _tags(tags: tuple[str, ...], integrations: tuple[str, ...]) -> list[str]:
    """Return Elastic's tags for data sources and ATT&CK tactics, when the rule names no tags of its own."""
    sources = [f"Data Source: {one.replace('_', ' ').title()}" for one in integrations]
    found = [f"Tactic: {one.name}" for tag in tags if tag.startswith("attack.") and (one := tactic(tag))]
    return list(dict.fromkeys([*sources, *found]))


@lru_cache(maxsize=4096)
def threats_of(tags: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the threat block of a rule's tags, which many rules share: it is read and never changed."""
    return [_threat(one) for one in threats(tags)]


def _threat(threat: Threat) -> dict[str, Any]:
    subs = threat.subtechniques or {}
    techniques = [_with_subs(_technique(one), [_technique(sub) for sub in subs.get(one.id, ())]) for one in threat.techniques]
    named = {"id": threat.tactic.id, "name": threat.tactic.name, "reference": threat.tactic.url}
    return {"framework": FRAMEWORK} | ({"technique": techniques} if techniques else {}) | {"tactic": named}


def _technique(one: Technique) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "reference": one.url}


def _with_subs(technique: dict[str, Any], subs: list[dict[str, Any]]) -> dict[str, Any]:
    return technique | ({"subtechnique": subs} if subs else {})


def _given(threat: Any) -> dict[str, Any]:  # noqa: ANN401 - the rule's own entry, in Elastic's form
    """Return an entry of a threat block that the rule gives verbatim, with what Kibana requires of one, the tactic last."""
    entry: dict[str, Any] = plain(threat, "threat")
    tactic_, techniques = entry.pop("tactic", {}), entry.pop("technique", [])
    found = [
        _with_subs(_named({key: value for key, value in one.items() if key != "subtechnique"}), [*map(_named, one.get("subtechnique", []))])
        for one in techniques
    ]
    return {"framework": FRAMEWORK} | entry | ({"technique": found} if found else {}) | {"tactic": _named(tactic_)}


def _named(entry: Mapping[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(("id", "name", "reference"), "") | dict(entry)
