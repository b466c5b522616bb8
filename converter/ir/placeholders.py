"""Placeholders (``|expand``): each takes the values that a pack's configuration gives it.

A value is Sigma text, its wildcards included, as pySigma's ``value_placeholders`` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final, TypeAlias

Placeholders: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values of each placeholder by its name, without the percent signs."""

VALUES: Final = 1000
"""Values that one value with placeholders may become."""

# pySigma's form of a placeholder (sigma.types, SigmaString.insert_placeholders).
_PLACEHOLDER: Final = re.compile("%([^%]+)%")
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
    return any(isinstance(one, str) and "%" in one and _PLACEHOLDER.search(one) is not None for one in values)


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
    """Return the texts that a text with placeholders stands for: every combination of their values.

    Raises:
        PlaceholderError: if a placeholder has no values, or there are too many combinations.
    """
    parts = _PLACEHOLDER.split(text)
    lists = []
    for name in parts[1::2]:
        values = placeholders.get(name)
        if not values:
            message = f"the placeholder %{name}% has no value"
            raise PlaceholderError(message, f"give it values in converter.toml, below [placeholders]: {_key(name)} = ['value', …]")
        lists.append(values)
    count = 1
    for values in lists:
        count *= len(values)
    if count > VALUES:
        raise PlaceholderError(f"the placeholders stand for {count} values, more than {VALUES}", "give them fewer values")
    found = (parts[0] + "".join(f"{value}{rest}" for value, rest in zip(chosen, parts[2::2], strict=True)) for chosen in product(*lists))
    return tuple(dict.fromkeys(found))


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f"'{name}'"
