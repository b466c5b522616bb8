"""The functions of EQL, from ``functions.yml`` beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from converter.data import read_facts
from converter.model import node


@node
class Function:
    """A function: its documented name, its parameters' types, and how many arguments it takes (``most`` is ``None`` without a limit)."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    least: int
    most: int | None
    insensitive: bool

    def parameter(self, index: int) -> str:
        """Return the type of an argument."""
        return self.parameters[min(index, len(self.parameters) - 1)]


@cache
def functions() -> dict[str, Function]:
    """Return the functions by their names in lower case, in which the engine looks them up."""
    return {name.lower(): _function(name, entry) for name, entry in _file()["functions"].items()}


@cache
def refused_functions() -> dict[str, str]:
    """Return what to write instead of a function that the engine does not have, by its name in lower case."""
    return {name.lower(): help for name, help in _file()["refused_functions"].items()}


@cache
def refused_pipes() -> dict[str, str]:
    """Return what to do instead of a pipe that the engine does not have."""
    return dict(_file()["refused_pipes"])


def _function(name: str, entry: dict[str, Any]) -> Function:
    written: list[str] = entry["parameters"].split(", ")
    repeats = written[-1].endswith("...")
    least = sum(not one.endswith(("?", "...")) for one in written)
    return Function(
        name=name,
        parameters=tuple(one.rstrip("?.") for one in written),
        returns=entry["returns"],
        least=least,
        most=None if repeats else len(written),
        insensitive=entry.get("insensitive", False),
    )


@cache
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("functions.yml"))
    return loaded
