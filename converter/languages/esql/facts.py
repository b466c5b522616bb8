"""The functions of ES|QL, from ``functions.yml`` beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from converter.data import read_facts
from converter.model import node


@node
class Function:
    """A function: its arguments' types, how many it takes (``most`` is ``None`` without a limit), what it gives, and of how many values.

    ``many`` takes a column's values together, ``each`` gives one for each of
    them; another is null where a column has several.
    """

    name: str
    parameters: tuple[str, ...]
    returns: str
    least: int
    most: int | None
    many: bool
    each: bool

    def parameter(self, index: int) -> str:
        """Return the type of an argument."""
        return self.parameters[min(index, len(self.parameters) - 1)]


@cache
def functions() -> dict[str, Function]:
    """Return the functions that are run, by name."""
    return {name: _function(name, entry) for name, entry in _file()["functions"].items()}


@cache
def aggregates() -> frozenset[str]:
    """Return the aggregate functions that are run."""
    return frozenset(_file()["aggregates"])


@cache
def unmodelled() -> frozenset[str]:
    """Return the functions that Elasticsearch has and this package does not run."""
    return frozenset(_file()["unmodelled"])


@cache
def casts() -> dict[str, str]:
    """Return the function that a cast to a type is."""
    return dict(_file()["casts"])


def _function(name: str, entry: dict[str, Any]) -> Function:
    written: list[str] = entry["parameters"]
    return Function(
        name=name,
        parameters=tuple(one.rstrip("?.") for one in written),
        returns=entry["returns"],
        least=sum(not one.endswith(("?", "...")) for one in written),
        most=None if written[-1].endswith("...") else len(written),
        many=entry.get("many", False),
        each=entry.get("each", False),
    )


@cache
def _file() -> dict[str, Any]:
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("functions.yml"))
    return loaded
