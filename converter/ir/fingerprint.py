"""What rules ask, as a short text that changes whenever that does: their log sources, detections and correlations, not their prose."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Final

from converter.ir.correlation import Linked
from converter.model import Rule

_DIGITS: Final = 16


def fingerprint(rule: Rule, others: Iterable[Rule] = ()) -> str:
    """Return the fingerprint of a rule and of those that it refers to, in any order: 16 hexadecimal digits.

    A detection counts as it is written, with the filters that are about it:
    equal meanings can have several fingerprints, equal fingerprints have one
    meaning.
    """
    import hashlib

    asked = [_asked(rule), *sorted(map(_asked, others))]
    return hashlib.sha256("\n".join(asked).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


def referred(linked: Linked) -> tuple[Rule, ...]:
    """Return the rules that a correlation refers to, and those that they refer to, each once."""
    found: dict[str, Rule] = {}
    stack = [linked]
    while stack:
        for part in stack.pop().parts:
            if part.rule.id not in found and isinstance(part.meaning, Linked):
                stack.append(part.meaning)
            found.setdefault(part.rule.id, part.rule)
    return tuple(found.values())


def _asked(rule: Rule) -> str:
    import json

    correlation = None
    if rule.correlation is not None:
        correlation = {**asdict(rule.correlation), "rules": [one.text for one in rule.correlation.rules]}
    said = [rule.name, rule.taxonomy, str(rule.logsource), rule.detection, correlation]
    return json.dumps(said, sort_keys=True, default=str)
