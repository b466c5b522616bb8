"""``-O NAME=VALUE`` as the targets take it: known, of the type that the rule's schema says, and of its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from converter.targets import Target

RULES_ONLY: Final = ("accept", "enabled", "kind", "machine_learning_job_id", "opaque", "query", "reason")
"""Settings that say something of one rule."""


def typed(flags: Mapping[str, str], targets: Sequence[Target]) -> dict[str, Any]:
    """Return the options with their types; a list's entries are separated by commas.

    With a backend of pySigma's among the targets, an option that none of ours
    has is that backend's, which takes or refuses it.

    Raises:
        click.UsageError: for an option that no target has, or of a wrong form.
    """
    from converter.targets import OPTIONS

    bridged = any(target.base.startswith("pysigma-") for target in targets)
    own = {name: base for base in {one.base: 0 for one in targets} for name in _properties(base)}
    packages = {name for target in targets for name in OPTIONS.get(target.name, ())}
    found: dict[str, Any] = {}
    for name, text in flags.items():
        if name in packages:
            found[name] = text
        elif name in own:
            found[name] = _value(name, text, own[name])
        elif bridged:
            found[name] = text
        else:
            raise click.UsageError(_unknown(name, [*own, *packages], [target.name for target in targets]))
    return found


def _properties(base: str) -> dict[str, Any]:
    from converter.readers import schema

    own = schema("rule")["$defs"].get(base, {}).get("properties", {})
    return {name: one for name, one in own.items() if name not in RULES_ONLY}


def _value(name: str, text: str, base: str) -> Any:  # noqa: ANN401 - of the type that the schema says
    """Return an option's value, checked as if it stood in a rule."""
    from converter.formats import Map, Seq
    from converter.model import Source
    from converter.readers import check_schema

    wanted = _properties(base)[name]
    value: Any = text
    if wanted.get("type") == "integer" and text.lstrip("-").isdecimal() and len(text) < 12:
        value = int(text)
    elif wanted.get("type") == "array" and wanted.get("items", {}).get("type") == "string":
        value = Seq(one.strip() for one in text.split(",") if one.strip())
        value.offsets = [0] * len(value)
    held = Map({name: value})
    held.offsets = [0, 0]
    problems = check_schema(held, "rule", Source("-O", ""), 0, part=base)
    if problems:
        message, help_text = problems[0].message, problems[0].help
        raise click.UsageError(f"-O {name}: {message}" + (f" ({help_text})." if help_text else "."))
    return value


def _unknown(name: str, known: Sequence[str], targets: Sequence[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(sorted(set(known)))}." if known else "There are none."
    return f"There is no option '{name}' of {', '.join(targets)}. {hint}"
