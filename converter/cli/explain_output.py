"""``converter explain`` for correlations: what one becomes on the targets that have a rule for it, as ``build`` writes it, and why not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from converter.pack import Loaded, Outcome, Policy

_SHOWN: Final = ("from", "interval", "threshold")
"""Settings of the output that the correlation gave it: what a run sees, and what it counts."""


def outputs(loaded: Loaded, policy: Policy) -> Iterator[str]:
    """Yield the lines on each target that correlations go to; what is not allowed is shown with its reason, not its query."""
    from converter.pack import compile_rule
    from converter.targets import CORRELATING, target

    for name in CORRELATING:
        for line in _output(compile_rule(loaded, target(name), {}, frozenset(), policy)):
            # A rule's text may hold what a terminal obeys.
            yield "".join(one if one.isprintable() else repr(one)[1:-1] for one in line)


def _output(outcome: Outcome) -> Iterator[str]:
    if outcome.compilation is None or not outcome.allowed:
        yield f"  on {outcome.target}: {outcome.status.value}, nothing is written" + (f": {outcome.reason}" if outcome.reason else "")
        yield from (f"    {one.code}: {one.message}" for one in outcome.diagnostics)
        return
    options = outcome.compilation.options
    kind = str(options.get("kind", "query"))
    yield f"  on {outcome.target}: {outcome.status.value}, a rule of the kind {kind} in {outcome.language}"
    for name, part in outcome.compilation.parts.items():
        for line in _part(name, part) if part else ():
            yield f"    {line}"
    yield from (f"    {name}: {_value(options[name])}" for name in _SHOWN if name in options)
    for one in outcome.losses:
        if not one.compensated_by:
            yield f"    {one.code} {one.direction.value}{', accepted' if one.accepted else ''}: {one.message}"


def _part(name: str, part: Any) -> Iterator[str]:  # noqa: ANN401 - a text, or values of JSON
    """Yield the query's lines, and of filters beside it what each asks."""
    if name != "filters":
        yield from part.strip("\n").splitlines()
        return
    for one in part:
        word = "not " if one["meta"].get("negate") else ""
        yield f"and {word}{json.dumps(one['query'], ensure_ascii=False, sort_keys=True)}"


def _value(value: Any) -> str:  # noqa: ANN401 - a setting: a text, or the map of a threshold
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value)
