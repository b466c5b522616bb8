"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from converter.model import Fidelity
    from converter.targets import Target

_Function = TypeVar("_Function", bound=Callable[..., Any])


def target_option(function: _Function) -> _Function:
    """``-t TARGET``, repeatable."""
    return click.option("-t", "--target", "targets", multiple=True, metavar="TARGET", help="A target; repeatable. Default: all.")(function)


def option_option(function: _Function) -> _Function:
    """``-O NAME=VALUE``, repeatable."""
    return click.option("-O", "options", multiple=True, metavar="NAME=VALUE", help="An option of the target; repeatable.")(function)


def format_option(*formats: str) -> Callable[[_Function], _Function]:
    """``--output-format``."""
    return click.option("--output-format", "output_format", type=click.Choice(formats), default=formats[0], show_default=True)


def pack_paths(paths: Sequence[str]) -> list[Path]:
    """Return the paths to work on: those given, else the pack's ``rules/``."""
    return [Path(path) for path in paths] if paths else [Path("rules")]


def targets_of(names: Sequence[str]) -> list[Target]:
    """Return the targets by name; an unknown one is wrong usage."""
    import difflib

    from converter.targets import NAMES, target

    for name in names:
        if name not in NAMES:
            close = difflib.get_close_matches(name, NAMES, n=1)
            raise click.UsageError(
                f"There is no target '{name}'." + (f" Did you mean '{close[0]}'?" if close else " See 'converter targets'.")
            )
    return [target(name) for name in dict.fromkeys(names or NAMES)]


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
