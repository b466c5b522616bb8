"""Placeholders (``|expand``): each takes the values that a pack's configuration gives it.

A value is Sigma text, its wildcards included, as pySigma's ``value_placeholders`` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Final, TypeAlias

from converter.ir.nodes import parts_of, sigma_text

Placeholders: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values of each placeholder by its name, without the percent signs."""

VALUES: Final = 1000
"""Values that one value with placeholders may become."""

_TOKEN: Final = re.compile(r"\\\\|\\%|%([^%]+)%")
"""An escaped backslash, an escaped percent sign, a placeholder."""
_AFTER: Final = frozenset({"all", "neq", "cased", "contains", "startswith", "endswith"})
"""Modifiers that do the same before and after a placeholder has its value."""


class PlaceholderError(Exception):
    """Why a value cannot be expanded."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.message, self.help = message, help_text


def has_placeholder(value: object) -> bool:
    """Whether a value, or one of a list, is a text with a placeholder in it."""
    values = value if isinstance(value, list) else (value,)
    return any(isinstance(one, str) and any(found[1] for found in _TOKEN.finditer(one)) for one in values)


def unexpanded(modifiers: Sequence[str]) -> tuple[str, ...]:
    """Return what is left of a chain of modifiers once placeholders have their values.

    Raises:
        PlaceholderError: if the chain encodes or varies texts, which must not touch what a placeholder stands for.
    """
    rest = tuple(name for name in modifiers if name != "expand")
    other = next((name for name in rest if name not in _AFTER), "")
    if other:
        raise PlaceholderError(f"'{other}' does not go together with placeholders", "write the values into the rule")
    return rest


def expanded(text: str, placeholders: Placeholders) -> tuple[str, ...]:
    r"""Return the texts that a text with placeholders stands for: every combination of their values.

    ``\%`` is a percent sign (Sigma specification 2.1, "Placeholders"), so ``\\`` before a placeholder is a backslash; pySigma 1.5.1
    takes that for a percent sign too, and cannot write it.

    Raises:
        PlaceholderError: if a placeholder has no values, or there are too many combinations.
    """
    lists: list[tuple[str, ...]] = []
    between = [""]
    end = 0
    for found in _TOKEN.finditer(text):
        between[-1] += text[end : found.start()]
        end = found.end()
        if found[1] is None:
            between[-1] += "%" if found[0] == r"\%" else found[0]
            continue
        lists.append(_values(found[1], placeholders))
        between.append("")
    between[-1] += text[end:]
    if prod(map(len, lists)) > VALUES:
        raise PlaceholderError(f"the placeholders stand for {prod(map(len, lists))} values, more than {VALUES}", "give them fewer values")
    first, *rest = map(_closed, between)
    return tuple(dict.fromkeys(first + "".join(map("".join, zip(chosen, rest, strict=True))) for chosen in product(*lists)))


def _values(name: str, placeholders: Placeholders) -> tuple[str, ...]:
    values = placeholders.get(name)
    if not values:
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f"'{name}'"
        help_text = f"give it values in converter.toml, below [placeholders]: {key} = ['value', …]"
        raise PlaceholderError(f"the placeholder %{name}% has no value", help_text)
    return tuple(map(_closed, values))


def _closed(text: str) -> str:
    """Return the same Sigma text without a backslash that could escape what follows."""
    return sigma_text(parts_of(text))
