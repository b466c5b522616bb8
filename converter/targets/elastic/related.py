"""What a rule relies on, for the people who install it: the packages that bring its events, and the fields that its query asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, assert_never

from converter.data import ecs_types, read_facts
from converter.ir import FieldMatch, FieldRef, atoms
from converter.targets.contract import Correlation, Detection, Opaque, ResolvedRule


def related_integrations(packages: Sequence[str], guard: Mapping[str, str | Sequence[str]]) -> list[dict[str, str]]:
    """Return the packages in the form of Kibana's API.

    ``version`` is a range as npm writes them: from the version on whose
    tables ours were read from, or any.
    """
    given = [guard.get("data_stream.dataset", ()), guard.get("event.dataset", ())]
    datasets = {one for some in given for one in ([some] if isinstance(some, str) else some)}
    found = []
    for package in packages:
        facts = _packages().get(package, {})
        entry = {"package": package, "version": f">={facts['since']}" if "since" in facts else "*"}
        inner = [name for dataset, name in facts.get("integrations", {}).items() if dataset in datasets]
        found += [entry | {"integration": name} for name in inner] or [entry]
    return found


def required_fields(resolved: ResolvedRule, *, ecs: bool) -> list[dict[str, Any]]:
    """Return name and type of each field that a rule asks of its events, its log source's included, by name; of an opaque rule none.

    ``ecs`` adds whether it is one of the Elastic Common Schema, by name and
    type, which an older Kibana wants to be told.  The type of a field of the
    log source that no table has is taken for a keyword, as data sets are.
    """
    types = dict(_types(resolved))
    return [{"name": name, "type": types[name]} | ({"ecs": ecs_types().get(name) == types[name]} if ecs else {}) for name in sorted(types)]


def _types(resolved: ResolvedRule) -> Iterator[tuple[str, str]]:
    """Yield path and type of what the log source, the detection and a correlation's groups ask."""
    match resolved.meaning:
        case Detection():
            yield from ((path, ecs_types().get(path, "keyword")) for path in resolved.guard)
            yield from _asked(resolved)
        case Correlation(inputs=inputs):
            for one in inputs.values():
                yield from _types(one.rule)
                yield from ((part.path, part.type) for bindings in one.named.values() for part in bindings)
        case Opaque():
            return
        case _:
            assert_never(resolved.meaning)


def _asked(resolved: ResolvedRule) -> Iterator[tuple[str, str]]:
    assert isinstance(resolved.meaning, Detection)
    for atom in atoms(resolved.meaning.tree):
        if isinstance(atom, FieldMatch):
            for name in [atom.field, *([atom.test.field] if isinstance(atom.test, FieldRef) else [])]:
                binding = resolved.fields.get(name)
                if binding is not None:
                    yield binding.path, binding.type


@cache
def _packages() -> Mapping[str, Mapping[str, Any]]:
    loaded = read_facts(Path(__file__).with_name("packages.yml"))
    found: Mapping[str, Mapping[str, Any]] = loaded["packages"]
    return found
