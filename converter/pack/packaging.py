"""Packages of a pack: their options, what is told of rules that they leave out, and the evidence that they inherit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from converter.model import Diagnostic, Severity
from converter.pack.acceptances import Policy
from converter.pack.compile import Outcome
from converter.pack.manifest import Record, digest, read_evidence
from converter.targets import Target
from converter.targets import target as target_of

SHOWN = 5
"""Files that are named of those left out."""


def package_options(policy: Policy, flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of ``package``: flags over what the pack says of itself."""
    config = policy.config
    about = {"pack_name": config.name, "pack_author": config.author, "version": config.version}
    return {**{key: value for key, value in about.items() if value}, **flags}


def left_out(target: str, names: Sequence[str], *, empty: bool) -> Diagnostic:
    """Return B014: the files whose rules a package should hold and does not."""
    one = len(names) == 1
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    what = (
        "nothing is left to package, and a former package stays as it was" if empty else f"the package leaves {'it' if one else 'them'} out"
    )
    message = f"{target}: {len(names)} {'rule was' if one else 'rules were'} refused, so {what}: {shown}"
    help_text = f"mend the {'rule' if one else 'rules'}, or disable the target for {'it' if one else 'them'} with a reason"
    return Diagnostic("B014", Severity.ERROR, None, message, help=help_text)


def evidence_of_base(output: Path, target: Target, done: Sequence[Outcome], flags: Mapping[str, Any]) -> dict[str, Record]:
    """Return by rule what verify recorded for the base's file, whose query the package holds as it is."""
    records = read_evidence(output / target.base)
    compilations = [one.compilation for one in done if one.compilation]
    if not records or not compilations:
        return {}
    files = target_of(target.base).package(compilations, [one.loaded.output for one in done], flags)
    # A file of several rules comes last, if there is one: a pack's first file of a rule is the rule's own.
    found = {file.rules[0]: records.get(digest(file.data)) for file in reversed(files) if len(file.rules) == 1}
    return {rule: record for rule, record in found.items() if record}
