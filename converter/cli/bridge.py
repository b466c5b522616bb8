"""What the command line asks of pySigma: which backends there are, whether one takes its options, which pipelines rules go through."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.show import Exit, say, tell

if TYPE_CHECKING:
    from converter.model import Diagnostic
    from converter.pack import Policy
    from converter.targets import Pipeline, Target


def backend_targets(names: Sequence[str]) -> Sequence[str]:
    """Return the targets of installed backends; a broken plugin is told, and one that is asked for ends the command (exit 4)."""
    from converter.targets import pysigma

    tell(pysigma.plugin_problems())
    asked = sorted(set(names) & set(pysigma.broken_names()))
    if asked:
        say(f"error: {', '.join(asked)}: the plugin is installed, but cannot be used")
        sys.exit(Exit.ENVIRONMENT)
    return pysigma.backend_names()


def piped(policy: Policy, specs: Sequence[str], targets: Sequence[Target], flags: Mapping[str, Any]) -> Policy:
    """Return the policy with the pipelines that ``-p`` names; ends the command where a pipeline or a backend cannot be used."""
    bridges = [one.base for one in targets if one.base.startswith("pysigma-")]
    for name in bridges:
        _check_backend(name, flags)
    if not specs:
        return policy
    kinds = [*(["bridge"] if bridges else []), *(["own"] if len(bridges) < len(targets) else [])]
    found: list[Pipeline] = []
    problems: list[Diagnostic] = []
    for spec in dict.fromkeys(specs):
        one = _pipeline(spec, kinds)
        if isinstance(one, tuple):
            problems += one
        else:
            found.append(one)
    tell(problems)
    if problems:
        sys.exit(Exit.INPUT)
    _warn(found, targets)
    return replace(policy, pipelines=tuple(found))


def _check_backend(name: str, flags: Mapping[str, Any]) -> None:
    """End the command when a backend cannot be made: wrong usage when it is the options' fault."""
    from converter.targets import pysigma

    problem = pysigma.backend_problem(name, flags)
    if not problem:
        return
    if flags and not pysigma.backend_problem(name, {}):
        raise click.UsageError(f"{name} does not take these options: {problem}.")
    say(f"error: {name}: {problem}")
    sys.exit(Exit.ENVIRONMENT)


def _pipeline(spec: str, kinds: Sequence[str]) -> Pipeline | tuple[Diagnostic, ...]:
    """Return a pipeline by the name of an installed one, else by its file's path."""
    from converter.pack import read_bytes, told, unreadable
    from converter.targets import pysigma

    installed = pysigma.installed_pipeline(spec, kinds)
    if installed is not None:
        return installed
    if not os.path.exists(spec):
        close = pysigma.close_pipelines(spec)
        hint = f" Did you mean '{close[0]}'?" if close else " Installed ones: 'converter targets'."
        raise click.UsageError(f"There is no installed pipeline and no file '{spec}'.{hint}")
    path = Path(spec)
    try:
        data = read_bytes(path, pysigma.PIPELINE_SIZE)
    except OSError as error:
        return (unreadable(told(path), error),)
    return pysigma.read_pipeline(data, told(path), kinds)


def _warn(pipelines: Sequence[Pipeline], targets: Sequence[Target]) -> None:
    """Say which pipelines are meant for other backends, as pySigma's command line does, which refuses them."""
    from converter.model import Diagnostic, Severity
    from converter.targets import pysigma

    warnings = []
    for one in pipelines:
        for target in targets:
            others = pysigma.meant_for_others(one, target.base)
            if others:
                message = f"the pipeline {one.name} is meant for {others}, not for {target.base}"
                warnings.append(
                    Diagnostic("P032", Severity.WARNING, None, message, help="it is used all the same; compare the names it gives")
                )
    tell(warnings)
