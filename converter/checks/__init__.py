"""Lints: one module per check, whose docstring is its page.

Two of the checks are the reader's own: an unknown modifier (M001) and a
duplicate id (M010) have no meaning at all, so every command tells them.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from types import ModuleType
from typing import Final

from converter.checks.finding import Edit, Finding, Fix
from converter.checks.fix import Fixed, fix_pack
from converter.checks.run import run
from converter.data import SHIPPED, Tables, load
from converter.model import Diagnostic, ordered
from converter.pack import Pack

MODULES: Final[Mapping[str, str]] = {
    "S001": "unmapped_field",
    "S002": "closed_domain",
    "S003": "missing_test",
    "S004": "licence",
    "S005": "header",
    "S006": "dates",
    "S007": "tags",
    "S008": "tactics",
    "S009": "unused_detection",
    "S010": "same_detection",
    "S011": "same_title",
    "S012": "placeholder_value",
    "S013": "padded_value",
    "S014": "repeated_value",
    "S015": "never_true",
    "S016": "escaped_wildcard",
    "S017": "matches_everything",
    "S018": "redundant_wildcard",
    "S019": "plain_regex",
    "S020": "suppression",
    "S021": "title",
    "S022": "rule_id",
    "S023": "value_type",
    "S024": "other_sensor",
    "S025": "idle_part",
}
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

__all__ = ["Edit", "Finding", "Fix", "Fixed", "codes", "find_all", "fix_pack", "name_of", "page", "run_checks"]


def find_all(pack: Pack, today: str = "", license: str = "", tables: Tables = SHIPPED) -> tuple[Finding, ...]:
    """Return the findings of all checks by place, suppressed ones left out, and what was found while reading.

    ``today`` (ISO 8601) ends suppressions, ``""`` ends none; ``license`` is that of the whole pack, ``tables`` its fields.
    """
    return run(pack, _modules(), today, license, tables)


def run_checks(pack: Pack, today: str = "", license: str = "") -> tuple[Diagnostic, ...]:
    """Return what ``find_all`` finds, without fixes."""
    return ordered(one.diagnostic for one in find_all(pack, today, license))


def page(code: str) -> str | None:
    """Return a check's page, another code's line, ``None`` for what is no code."""
    if code in OTHERS:
        return OTHERS[code]
    if code in MODULES:
        return _module(code).__doc__
    meaning = load("codes.yml").get(code)
    return f"{code}: {meaning}\n" if meaning else None


def name_of(code: str) -> str:
    """Return a check's name, such as ``unmapped-field``; the code itself for what is no check."""
    text = page(code) or code
    return text.partition(":")[0].partition(" ")[2] or code


def codes() -> tuple[str, ...]:
    """Return the codes of all checks."""
    return tuple(sorted((*MODULES, *OTHERS)))


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(_module(code) for code in MODULES)


def _module(code: str) -> ModuleType:
    return importlib.import_module(f"converter.checks.{MODULES[code]}")
