"""Kinds of Elastic's detection rules: which languages each takes, and what a rule must give beside its query."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.data import read_facts
from converter.model import Diagnostic, Rule, Severity, node
from converter.targets.contract import Options

PLACE: Final = "x-converter.targets.elastic"


@node
class Kind:
    """A ``type`` of Kibana's: its printers, ``query`` needed, optional or none, required keys, its other own keys, and what narrows it."""

    name: str
    languages: tuple[str, ...]
    query: str
    needs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    index: bool = True
    filters: bool = True
    narrows: str = ""

    @property
    def own(self) -> tuple[str, ...]:
        """The keys that stand in rules of this kind and not in those of every kind."""
        return (*self.needs, *self.keys)


@cache
def kinds() -> Mapping[str, Kind]:
    """Return the kinds by name, as ``kinds.yml`` has them."""
    return {name: _kind(name, facts) for name, facts in _facts()["kinds"].items()}


@cache
def _facts() -> Mapping[str, Any]:
    loaded: dict[str, Any] = read_facts(Path(__file__).with_name("kinds.yml"))
    return loaded


def _kind(name: str, facts: Mapping[str, Any]) -> Kind:
    return Kind(
        name,
        tuple(facts["languages"]),
        facts["query"],
        needs=tuple(facts.get("needs", ())),
        keys=tuple(facts.get("keys", ())),
        index=facts.get("index", True),
        filters=facts.get("filters", True),
        narrows=facts.get("narrows", ""),
    )


def kind_of(options: Options, language: str) -> Kind:
    """Return the kind of a rule whose query is in a printer's language: the one it names, else the plain one of the language."""
    named = options.get("kind")
    return kinds()[str(named)] if named in kinds() else kinds()[_PLAIN.get(language, "query")]


_PLAIN: Final = {"eql": "eql", "esql": "esql"}


def allowed(options: Options) -> tuple[str, ...]:
    """Return the printers' languages that a rule's query may be written in.

    Only those that can carry what the rule gives: ES|QL has no filters
    beside it, and a rule that names no kind has one of the plain ones.
    """
    named = options.get("kind")
    return _languages(str(named) if named in kinds() else "", filtered=bool(options.get("filters")))


@cache
def _languages(kind: str, *, filtered: bool) -> tuple[str, ...]:
    among = (kind,) if kind else ("query", "eql", "esql")
    return tuple(language for one in map(kinds().__getitem__, among) if one.filters or not filtered for language in one.languages)


def foreign(rule: Rule, options: Options, language: str) -> Diagnostic:
    """Return that a pinned language is none of those of the rule's kind (T104)."""
    message = (
        f"a rule of the kind {options.get('kind', 'query')}{' with filters' if options.get('filters') else ''} has no query in {language}"
    )
    help_text = f"use {' or '.join(('auto', *allowed(options)))}"
    return Diagnostic("T104", Severity.ERROR, rule.span(f"{PLACE}.language"), message, help=help_text)


def unfit(rule: Rule, options: Options, language: str, *, detection: bool) -> Diagnostic | None:
    """Return what keeps a rule from being one of its kind: a key that it lacks (T102), or one that only other kinds have (T104).

    Only the rule's own keys can be out of place; those of a pack's options
    are for the rules that have them.
    """
    kind = kind_of(options, language)
    if detection and kind.name in ("saved_query", "machine_learning"):
        message = f"a rule of the kind {kind.name} finds what is set up in Kibana, and has no detection"
        return Diagnostic("T104", Severity.ERROR, rule.span(f"{PLACE}.kind"), message, help="take the kind or the detection away")
    lacks = [key for key in kind.needs if options.get(key) in (None, "", [], {})]
    if lacks:
        message = f"a rule of the kind {kind.name} cannot be built without {' and '.join(lacks)}"
        help_text = f"write {' and '.join(f'{PLACE}.{key}' for key in lacks)}, or disable elastic for this rule"
        return Diagnostic("T102", Severity.ERROR, rule.span(f"{PLACE}.kind"), message, help=help_text)
    if told := _suppression(rule, kind, options.get("alert_suppression")) or _counted(rule, options):
        return told
    others = _needed_elsewhere(kind.name)
    given = next((key for key in rule.target("elastic") if key in others), None)
    if given is not None:
        message = f"a rule of the kind {kind.name} has no '{given}'"
        help_text = f"say 'kind: {others[given].name}', or take '{given}' away"
        return Diagnostic("T104", Severity.ERROR, rule.span(f"{PLACE}.{given}"), message, help=help_text)
    if not kind.filters and options.get("filters"):
        message = f"a rule of the kind {kind.name} has no filters beside its query"
        return Diagnostic("T104", Severity.ERROR, rule.span(f"{PLACE}.filters"), message, help="write them into the query")
    return None


@cache
def _needed_elsewhere(kind: str) -> Mapping[str, Kind]:
    """Return the keys that other kinds need and this one does not have, with the last of those."""
    return {key: other for other in kinds().values() for key in other.needs if key not in kinds()[kind].own}


def _counted(rule: Rule, options: Options) -> Diagnostic | None:
    """Return which list has no entry (T102), or more than Kibana takes (T104)."""
    if not options:
        return None
    for path, facts in _facts()["lists"].items():
        key, _, part = path.partition(".")
        given = options.get(key)
        found = given.get(part) if part and isinstance(given, Mapping) else given
        if not isinstance(found, list) or 0 < len(found) <= facts.get("most", len(found)):
            continue
        place = rule.span(f"{PLACE}.{path}")
        if not found:
            return Diagnostic(
                "T102", Severity.ERROR, place, f"Kibana takes no {path} without an entry", help="write one, or take the key away"
            )
        message = f"Kibana takes {facts['most']} entries of {path} at most, not {len(found)}"
        return Diagnostic("T104", Severity.ERROR, place, message, help="take some away")
    return None


def _suppression(rule: Rule, kind: Kind, given: object) -> Diagnostic | None:
    """Return what a suppression lacks: a threshold's groups are its own, and it needs a period; all others need groups."""
    if not isinstance(given, Mapping):
        return None
    lacks, surplus = ("duration", ("group_by", "missing_fields_strategy")) if kind.name == "threshold" else ("group_by", ())
    place = rule.span(f"{PLACE}.alert_suppression")
    if not given.get(lacks):
        message = f"the suppression of a rule of the kind {kind.name} cannot be built without {lacks}"
        return Diagnostic("T102", Severity.ERROR, place, message, help=f"write alert_suppression.{lacks}")
    for key in surplus:
        if key in given:
            message = f"the suppression of a rule of the kind {kind.name} has no '{key}': it suppresses by the threshold's fields"
            return Diagnostic("T104", Severity.ERROR, place, message, help=f"take '{key}' away")
    return None
