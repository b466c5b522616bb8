"""Lints: one module per check, whose docstring is its page.

Two of the first five checks are the reader's own: an unknown modifier (M001)
and a duplicate id (M010) have no meaning at all, so every command tells them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Final

from converter.data import load
from converter.model import Diagnostic, ordered
from converter.pack import Loaded, Pack

MODULES: Final[Mapping[str, str]] = {"S001": "unmapped_field", "S002": "closed_domain", "S003": "missing_test"}
_UNKNOWN_MODIFIER: Final = """M001 unknown-modifier: a modifier that Sigma does not have.

Why it matters: nothing says what the value means; tools that guess find other
events.

Bad::  CommandLine|contain: x        Good::  CommandLine|contains: x
"""
_DUPLICATE_ID: Final = """M010 duplicate-id: two rules with one id.

Why it matters: a target keeps one rule per id, so one of the two replaces the
other without a word.

Bad::  a copied rule with its old id        Good::  a new UUID for each rule
"""
OTHERS: Final[Mapping[str, str]] = {"M001": _UNKNOWN_MODIFIER, "M010": _DUPLICATE_ID}


def run_checks(pack: Pack) -> tuple[Diagnostic, ...]:
    """Return the findings of all checks, suppressed ones left out, and what was found while reading."""
    found = list(pack.diagnostics)
    for loaded in pack.rules:
        suppressed = {entry["code"] for entry in loaded.rule.converter.get("suppress", ())}
        found += [one for one in _checked(loaded) if one.code not in suppressed]
    return ordered(found)


def _checked(loaded: Loaded) -> Iterator[Diagnostic]:
    for code in MODULES:
        yield from _module(code).check(loaded)


def page(code: str) -> str | None:
    """Return a check's page, another code's line, ``None`` for what is no code."""
    if code in OTHERS:
        return OTHERS[code]
    if code in MODULES:
        return _module(code).__doc__
    meaning = load("codes.yml").get(code)
    return f"{code}: {meaning}\n" if meaning else None


def codes() -> tuple[str, ...]:
    """Return the codes of all checks."""
    return tuple(sorted((*MODULES, *OTHERS)))


def _module(code: str) -> ModuleType:
    return importlib.import_module(f"converter.checks.{MODULES[code]}")
