"""A rule's threat block, read: tactics, techniques and sub-techniques, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from converter.formats import Map, Seq
from converter.model import Diagnostic, Severity, Source
from converter.readers.elastic_rules.attack import Attack, Technique, Threat

_NAMES = ("id", "name", "reference")


def threat_problems(value: object, source: Source, offsets: int) -> tuple[Diagnostic, ...]:
    """Return what is wrong with a threat block (R123): an entry without framework or tactic, a name that is no text."""
    return tuple(
        Diagnostic("R123", Severity.ERROR, source.span(place), message, help="write it as Kibana exports it")
        for place, message in _problems(value, offsets)
    )


def read_threat(value: Seq) -> tuple[Threat, ...]:
    """Return a threat block without problems."""
    return tuple(
        Threat(one["framework"], Attack(*(one["tactic"][name] for name in _NAMES)), tuple(map(_technique, one.get("technique") or ())))
        for one in value
    )


def _technique(one: Map) -> Technique:
    below = tuple(Attack(*(sub[name] for name in _NAMES)) for sub in one.get("subtechnique") or ())
    return Technique(one["id"], one["name"], one["reference"], below)


def _problems(value: object, offsets: int) -> Iterator[tuple[int, str]]:
    for one, place in _entries(value, offsets):
        if not isinstance(one, Map):
            yield place, "an entry of threat is no object"
            continue
        if not isinstance(one.get("framework"), str):
            yield place, "an entry of threat has no framework"
        yield from _named(one.get("tactic"), place, "tactic")
        for technique, at in _entries(_given(one, "technique"), place):
            yield from _named(technique, at, "technique")
            if isinstance(technique, Map):
                for sub, here in _entries(_given(technique, "subtechnique"), at):
                    yield from _named(sub, here, "sub-technique")


def _given(value: Map, key: str) -> object:
    """Return what stands at a key; what is null or absent is an empty list."""
    return Seq() if value.get(key) is None else value[key]


def _entries(value: object, offsets: int) -> Iterator[tuple[object, int]]:
    if not isinstance(value, Seq):
        yield None, offsets
        return
    yield from zip(value, getattr(value, "offsets", [offsets] * len(value)), strict=True)


def _named(value: object, offsets: int, what: str) -> Iterator[tuple[int, str]]:
    if not isinstance(value, Map):
        yield offsets, f"an entry of threat has a {what} that is no object"
        return
    lacks = [name for name in _NAMES if not isinstance(value.get(name), str)]
    if lacks:
        yield offsets, f"a {what} of threat has no {', no '.join(lacks)}"
