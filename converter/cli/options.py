"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from converter.model import Fidelity
    from converter.pack import Policy
    from converter.targets import Target

_Function = TypeVar("_Function", bound=Callable[..., Any])


def target_option(function: _Function) -> _Function:
    """``-t TARGET``, repeatable."""
    return click.option("-t", "--target", "targets", multiple=True, metavar="TARGET", help="A target; repeatable. Default: all.")(function)


def option_option(function: _Function) -> _Function:
    """``-O NAME=VALUE``, repeatable."""
    return click.option("-O", "options", multiple=True, metavar="NAME=VALUE", help="An option of the target; repeatable.")(function)


def pipeline_option(function: _Function) -> _Function:
    """``-p PIPELINE``, repeatable."""
    help_text = "A processing pipeline of pySigma: a YAML file, or the name of an installed one; repeatable."
    return click.option("-p", "--pipeline", "pipelines", multiple=True, metavar="PIPELINE", help=help_text)(function)


def format_option(*formats: str) -> Callable[[_Function], _Function]:
    """``--output-format``."""
    return click.option("--output-format", "output_format", type=click.Choice(formats), default=formats[0], show_default=True)


def today_option(function: _Function) -> _Function:
    """``--today DATE``, for the days on which acceptances end."""
    return click.option("--today", metavar="DATE", help="The day on which acceptances are judged, YYYY-MM-DD. Default: today.")(function)


def pack_paths(paths: Sequence[str], policy: Policy | None = None) -> list[Path]:
    """Return the paths to work on: those given, else the pack's rules."""
    return [Path(path) for path in paths] if paths else [_near(policy.config.rules) if policy else Path("rules")]


def output_of(output: str | None, policy: Policy) -> Path:
    """Return the folder of outputs: the one given, else the pack's."""
    return Path(output) if output else _near(policy.config.output)


def _near(path: Path) -> Path:
    """Return a path below the working directory without it, for shorter messages."""
    return path.relative_to(Path.cwd()) if path.is_absolute() and path.is_relative_to(Path.cwd()) else path


def policy_of(paths: Sequence[str], today: str | None = None) -> Policy:
    """Return what the pack around the first path (or the working directory) says; exit 3 when its configuration is broken."""
    import datetime
    import sys

    from converter.cli.show import Exit, tell
    from converter.data import Tables
    from converter.model import Diagnostic
    from converter.pack import Config, Policy, load_config, load_fields, read_baseline

    try:
        day = datetime.date.fromisoformat(today) if today else datetime.date.today()
    except ValueError as error:
        raise click.UsageError(f"--today takes a date such as 2026-12-31, not '{today}'.") from error
    config = load_config(Path(paths[0]) if paths else Path())
    baseline = read_baseline(config.root) if isinstance(config, Config) else None
    if not isinstance(config, Config) or isinstance(baseline, Diagnostic):
        tell(config if isinstance(config, tuple) else [baseline] if isinstance(baseline, Diagnostic) else [])
        sys.exit(Exit.INPUT)
    assert baseline is not None
    tables = load_fields(config)
    if not isinstance(tables, Tables):
        tell(tables)
        sys.exit(Exit.INPUT)
    return Policy(config, baseline, day.isoformat(), tables=tables)


def targets_of(names: Sequence[str]) -> list[Target]:
    """Return the targets by name; an unknown one is wrong usage."""
    from converter.targets import NAMES, PACKAGES, target

    bridges: Sequence[str] = ()
    if any(name.startswith("pysigma-") for name in names):
        from converter.cli.bridge import backend_targets

        bridges = backend_targets(names)
    for name in names:
        if name not in (*NAMES, *PACKAGES, *bridges):
            raise click.UsageError(
                f"There is no target '{name}'." + (_meant(name, [*NAMES, *PACKAGES, *bridges]) or " See 'converter targets'.")
            )
    return [target(name) for name in dict.fromkeys(names or NAMES)]


def _meant(name: str, known: Sequence[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def flags_of(options: Sequence[str]) -> dict[str, str]:
    """Return ``-O`` options as a map."""
    flags: dict[str, str] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not equals or not re.fullmatch(r"[a-z][a-z0-9_.]*", name):
            raise click.UsageError(f"-O takes NAME=VALUE, not '{option}'.")
        flags[name] = value
    return flags


def directions_of(values: Sequence[str]) -> frozenset[Fidelity]:
    """Return what ``--allow`` lets pass."""
    from converter.model import Fidelity

    allowed = {"narrower": Fidelity.NARROWER, "mixed": Fidelity.MIXED, "unknown": Fidelity.UNKNOWN, "wider": Fidelity.WIDER}
    found = set()
    for value in values:
        for word in value.split(","):
            if word not in allowed:
                raise click.UsageError(f"--allow takes narrower, mixed, unknown, not '{word}'.")
            found.add(allowed[word])
    return frozenset(found)
