"""Run the checks over a pack: each rule is walked once, its suppressions are applied last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from types import ModuleType
from typing import Final

from converter.checks.finding import Edit, Finding, Fix
from converter.checks.subject import Subject
from converter.checks.suppression import judged
from converter.data import Tables
from converter.model import Diagnostic, Source, unpack
from converter.pack import Loaded, Pack

MANY: Final = 200
"""Findings of one check in one rule; more say nothing new, and a hostile rule could hold a million."""


def run(pack: Pack, modules: Sequence[ModuleType], today: str, license: str, tables: Tables) -> tuple[Finding, ...]:
    """Return the findings by place, each once."""
    subjects = [Subject(loaded, license, tables) for loaded in pack.rules]
    found: dict[int, list[Finding]] = defaultdict(list)
    for module in modules:
        if hasattr(module, "check"):
            for subject in subjects:
                found[id(subject)] += islice(module.check(subject), MANY)
        elif hasattr(module, "check_all"):
            for subject, one in module.check_all(subjects):
                found[id(subject)].append(one)
    results = list(_read(pack))
    for subject in subjects:
        results += judged(subject, found[id(subject)], today)
    distinct = {one.diagnostic: one for one in reversed(results)}
    return tuple(sorted(distinct.values(), key=lambda one: one.diagnostic.sort_key))


def _read(pack: Pack) -> Iterator[Finding]:
    """Yield what was found while reading and lowering."""
    for loaded in (*pack.rules, *pack.filters):
        for one in loaded.diagnostics:
            yield Finding(one, loaded.rule.source, _with_id(one, loaded))
    for unread in pack.unread:
        for one in unread.diagnostics:
            yield Finding(one, Source(unread.file.name, ""))


def _with_id(one: Diagnostic, loaded: Loaded) -> Fix | None:
    """Return the fix that writes the id which is derived from the title today: nothing but the line is new."""
    if one.code != "R014":
        return None
    text = loaded.rule.source.text
    start, end = unpack(loaded.rule.positions.get("title", 0))
    head, tail = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    if one.span != loaded.rule.span("title") or text[head:start].rstrip() != "title:" or tail < 0:
        return None
    ending = "\r\n" if text[tail - 1] == "\r" else "\n"
    return Fix((Edit(tail + 1, tail + 1, f"id: {loaded.rule.id}{ending}"),), True, "id")
