"""What an older Elastic Stack lacks: kinds of rules, keys of a rule, and parts of keys; ``-O stack=8.17`` says which it is.

Nothing is left out in silence: what is taken from a rule has a loss or a
warning with the name of the key (T106), and a kind that the stack does not
have refuses the rule.  The facts stand in ``stack.yml``, each with the
version and its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

from converter.data import read_facts
from converter.model import Diagnostic, Fidelity, Loss, Rule, Severity, node
from converter.targets.contract import Options
from converter.targets.elastic.kinds import PLACE, kind_of

Version: TypeAlias = tuple[int, int]
"""Major and minor; ``x`` is higher than any number."""
_FORM: Final = re.compile("([0-9]{1,3})[.]([0-9]{1,4}|x)(?:[.][0-9]{1,4})?")
_LAST: Final = 1 << 20


@node
class Lacking:
    """A key (or ``key.part``) that a stack does not know yet, since when others do, and whether alerts differ without it."""

    path: str
    since: str
    alerts: bool


def version_of(options: Options) -> Version | str:
    """Return the version that a rule is written for, by default the newest; else what is wrong with the one that is given."""
    return _version_of(str(options.get("stack") or _facts()["newest"]))


@lru_cache(maxsize=64)
def _version_of(given: str) -> Version | str:
    version, oldest = _version(given), _version(_facts()["oldest"])
    if version is None or oldest is None:
        return f"'{given}' is no version of the Elastic Stack"
    return version if version >= oldest else f"the tables of what a stack lacks begin with {_facts()['oldest']}, not with {given}"


def refused(rule: Rule, options: Options, language: str, query: str) -> Diagnostic | None:
    """Return why a stack cannot have a rule of this kind at all (T106), or that there is no such stack (T105)."""
    version = version_of(options)
    if isinstance(version, str):
        return Diagnostic("T105", Severity.ERROR, rule.span(PLACE), version, help="write it as 8.17 or 9.x")
    kind = kind_of(options, language).name
    facts = {f"rules of the kind {kind}": _facts()["kinds"].get(kind)}
    facts |= {name: _facts()["rules"][key] for key, name in _of(kind, options, query)}
    for name, fact in facts.items():
        if fact and _later(fact["since"], version):
            message = f"Elastic has {name} since {fact['since']}, not in {options['stack']}"
            return Diagnostic(
                "T106", Severity.ERROR, rule.span(PLACE), message, help="disable elastic for this rule, or build for a newer stack"
            )
    return None


def _of(kind: str, options: Options, query: str) -> Iterator[tuple[str, str]]:
    """Yield what a rule has that came later than its kind, and how it is told."""
    if kind == "new_terms" and len(options.get("new_terms", {}).get("fields", ())) > 1:
        yield "new_terms.several", "new terms of several fields"
    if kind == "eql" and re.match(r"\s*sample\b", query):
        yield "eql.sample", "samples in EQL"
    if kind == "eql" and options.get("alert_suppression") and re.match(r"\s*sequence\b", query):
        yield "eql.sequence_suppression", "suppression of EQL's sequences"


def has_kind(options: Options, kind: str) -> bool:
    """Whether the stack that a rule is written for has a kind of rule; an unknown stack has all."""
    version, fact = version_of(options), _facts()["kinds"].get(kind)
    return isinstance(version, str) or fact is None or not _later(fact["since"], version)


def lacks(keys: Mapping[str, Any], version: Version) -> tuple[Lacking, ...]:
    """Return what of a rule in the API's form the stack does not know, in the order of its keys."""
    return tuple(_lacking(keys, version))


def _lacking(keys: Mapping[str, Any], version: Version) -> Iterator[Lacking]:
    facts = _facts()
    for key in sorted(_known_since(version) & keys.keys()):
        fact = facts["keys"][key]
        since = fact["since"] if isinstance(fact["since"], str) else fact["since"].get(keys["type"])
        if since is not None and _later(since, version):
            yield Lacking(key, since, fact["without"] == "alerts")
            continue
        for path, part in facts["parts"].items():
            name, _, inner = path.partition(".")
            if name == key and inner in keys[key] and _later(part["since"], version):
                yield Lacking(path, part["since"], part["without"] == "alerts")


@lru_cache(maxsize=64)
def _known_since(version: Version) -> frozenset[str]:
    """Return the keys that stacks after a version know, or know a part of, for a kind of rule at least."""
    facts = _facts()
    since = {key: [fact["since"]] if isinstance(fact["since"], str) else [*fact["since"].values()] for key, fact in facts["keys"].items()}
    for path, part in facts["parts"].items():
        since[path.partition(".")[0]].append(part["since"])
    return frozenset(key for key, known in since.items() if any(_later(one, version) for one in known))


def fitted(keys: Mapping[str, Any], version: Version) -> dict[str, Any]:
    """Return a rule in the API's form without what the stack does not know."""
    kept = dict(keys)
    for one in lacks(keys, version):
        key, _, part = one.path.partition(".")
        if part:
            kept[key] = {name: value for name, value in kept[key].items() if name != part}
        else:
            del kept[key]
    return kept


def told(rule: Rule, keys: Mapping[str, Any], options: Options) -> tuple[tuple[Loss, ...], tuple[Diagnostic, ...]]:
    """Return the losses and the warnings of what ``fitted`` leaves out, and that the rule itself asks for a newer stack."""
    version = version_of(options)
    assert not isinstance(version, str), "the option was checked before"
    losses: list[Loss] = []
    warnings = list(_asked_for(rule, options, version))
    for one in lacks(keys, version):
        place = rule.span(f"{PLACE}.{one.path.partition('.')[0]}")
        message = f"Elastic has {one.path} since {one.since}, so it is left out for {options['stack']}"
        if one.alerts:
            losses.append(Loss("T106", f"elastic.{one.path}", Fidelity.WIDER, f"{message}, where the rule alerts more often", place))
        else:
            warnings.append(Diagnostic("T106", Severity.WARNING, place, message, help="the rule finds and alerts the same without it"))
    return tuple(losses), tuple(warnings)


def _asked_for(rule: Rule, options: Options, version: Version) -> Iterator[Diagnostic]:
    least = str(options.get("metadata", {}).get("min_stack_version", ""))
    if (known := _version(least)) and known > version:
        message = f"the rule's metadata ask for Elastic {least} at least, and it is written for {options['stack']}"
        help_text = "its fields or its query may not be there; build for a newer stack"
        yield Diagnostic("T106", Severity.WARNING, rule.span(f"{PLACE}.metadata.min_stack_version"), message, help=help_text)


def fields_say_ecs(version: Version) -> bool:
    """Whether a stack wants to be told of each required field if it is one of ECS."""
    return _later(_facts()["required_fields_ecs"]["before"], version)


def _later(since: str, version: Version) -> bool:
    known = _version(since)
    assert known is not None, since
    return known > version


@lru_cache(maxsize=256)  # of a rule's own text, too
@lru_cache(maxsize=256)
def _version(text: str) -> Version | None:
    found = _FORM.fullmatch(text)
    return (int(found[1]), _LAST if found[2] == "x" else int(found[2])) if found else None


@cache
def _facts() -> Mapping[str, Any]:
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("stack.yml"))
    return loaded
