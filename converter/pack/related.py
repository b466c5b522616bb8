"""What the rules of a pack are to each other: filters become part of rules, correlations lead to theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from converter.ir import Placeholders, connected, filtered, filters_by_rule, lower, not_generated
from converter.model import Diagnostic, Rule, Severity, ordered
from converter.pack.loaded import Loaded

_TITLE: Final = re.compile(rb"^([ {]*)[\"']?title[\"']?\s*:", re.MULTILINE)
_ABOUT: Final = re.compile(rb"(?:^([ {]*)|,\s*)[\"']?(?:correlation|filter)[\"']?\s*:", re.MULTILINE)
_MEANINGLESS: Final = frozenset({"M011", "M012"})
"""What keeps a rule from a meaning here, though not on a target that gives it one."""


def is_about_rules(data: bytes) -> bool:
    """Whether a file can hold a correlation or a filter; a file may be taken for one without being one."""
    margins = {found[1] for found in _TITLE.finditer(data)}
    return any(found[1] is None or found[1] in margins for found in _ABOUT.finditer(data))


def related(rules: Sequence[Loaded], placeholders: Placeholders | None) -> tuple[Loaded, ...]:
    """Return the rules with their filters, and correlations linked to theirs (M013 to M018)."""
    if all(one.rule.is_detection for one in rules):
        return tuple(rules)
    about, told = filters_by_rule([one.rule for one in rules])
    means = {id(one.rule): one.tree is not None for one in rules if one.rule.filter}
    whole = [_with_filters(one, about.get(id(one.rule), ()), means, placeholders) for one in rules]
    meant = connected([(one.rule, one.tree) for one in whole])
    parts = not_generated(one.linked for one in meant if one.linked)
    found = []
    for loaded, one in zip(whole, meant, strict=True):
        diagnostics = ordered([*loaded.diagnostics, *one.diagnostics, *told.get(id(loaded.rule), ())])
        found.append(replace(loaded, linked=one.linked, diagnostics=diagnostics, part_of=parts.get(loaded.rule.id, "")))
    return tuple(found)


def _with_filters(loaded: Loaded, filters: Sequence[Rule], means: dict[int, bool], placeholders: Placeholders | None) -> Loaded:
    """Return a rule with its filters; one of them without meaning costs it its own."""
    errors = {one.code for one in loaded.diagnostics if one.severity is Severity.ERROR}
    if not filters or errors - _MEANINGLESS:
        return loaded
    broken = next((one for one in filters if not means[id(one)]), None)
    if broken is not None:
        message = f"the filter '{broken.title}', which is about this rule, has no meaning"
        told = Diagnostic("M017", Severity.ERROR, loaded.rule.span("title"), message, help=f"correct {broken.source.path}")
        return replace(loaded, tree=None, diagnostics=ordered([*loaded.diagnostics, told]))
    rule = filtered(loaded.rule, filters)
    if isinstance(rule, Diagnostic):
        return replace(loaded, tree=None, diagnostics=ordered([*loaded.diagnostics, rule]))
    tree = lower(rule, placeholders)
    if isinstance(tree, tuple):
        return replace(loaded, rule=rule, tree=None, diagnostics=ordered([*loaded.diagnostics, *tree]))
    return replace(loaded, rule=rule, tree=tree)
