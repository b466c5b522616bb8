"""Seeded bugs of Elastic's filters: each printing function, broken in the ways that printers break, must make verify fail."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.data import source_of
from converter.ir import unevaluable
from converter.model import Fidelity
from converter.pack import Loaded, Outcome, compile_rule, load_pack
from converter.targets import target
from converter.targets.elastic.detection import PRINTERS
from converter.verify.compare import Questions, Verdict, compare, questions
from converter.verify.readings import Artifact
from tests.noticed import forget

ROOT = Path(__file__).resolve().parent.parent.parent
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
ELASTIC = target("elastic")
NAMES = ("filters", "lucene", "searched", "effort", "detection", "layout", "query", "losses", "index", "expressions")
FILTERS, LUCENE, SEARCHED, EFFORT, DETECTION, LAYOUT, QUERY, LOSSES, INDEX, EXPRESSIONS = (
    f"converter.targets.elastic.{name}" for name in NAMES
)
USERS = (FILTERS, LUCENE, SEARCHED, EFFORT, DETECTION, LAYOUT, QUERY, LOSSES, INDEX, EXPRESSIONS)
Bug = tuple[str, str, str, Callable[[Any], Any]]
"""Module, function, what is broken, and the broken function made of the sound one."""


def _result(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Break what a function returns."""
    return lambda sound: lambda *given, **named: change(sound(*given, **named))


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _sound: lambda *_given, **_named: value


def _swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, other)


def _negated(value: Any) -> bool:
    return not value


def _said(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Break what a query says of its field."""
    return lambda query: {
        kind: {path: change(said) for path, said in body.items()} if kind != "exists" else body for kind, body in query.items()
    }


def _renamed(old: str, new: str) -> Callable[[Any], Any]:
    return lambda query: {new if kind == old else kind: body for kind, body in query.items()}


def _bent(query: Any) -> Any:
    return _said(lambda said: {"gt": said["gte"]})(query) if "range" in query else query


def _less(sound: Any) -> Any:
    return lambda value: sound((value[:-1] or value) if isinstance(value, list) else value)


def _emptied(made: Any) -> Any:
    language, parts, lost = made
    return language, parts | {"query": parts["query"].rpartition("\n  and ")[0] or parts["query"]}, lost


def _spelled(char: str, *_given: Any) -> str:
    return f"[{char.lower()}{char.upper()}]" if char.isalpha() else str(_module(LUCENE).character(char))


def _without(key: str) -> Callable[[Any], Any]:
    """Take an option out of a query on a field."""
    return _said(lambda said: {name: one for name, one in said.items() if name != key})


def _with(key: str, value: Any) -> Callable[[Any], Any]:
    return _said(lambda said: said | {key: value})


def _unlost(sound: Callable[..., Any], part: Any, resolved: Any, *given: Any, **named: Any) -> Any:
    """Take a part that KQL only approximates for one that it says."""
    found = sound(part, resolved, *given, **named)
    return _module(QUERY).operand(part, resolved) if isinstance(found, tuple) else found


BUGS: tuple[Bug, ...] = (
    (FILTERS, "entry", "forget the negation", _result(lambda one: one | {"meta": one["meta"] | {"negate": False}})),
    (FILTERS, "entry", "switch it off", _result(lambda one: one | {"meta": one["meta"] | {"disabled": True}})),
    (FILTERS, "_all", "any of them", lambda _sound: lambda clauses: {"bool": {"minimum_should_match": 1, "should": clauses}}),
    (FILTERS, "_all", "drop the last", lambda sound: lambda clauses: sound(clauses[:-1] or clauses)),
    (FILTERS, "_any", "all of them", lambda _sound: lambda clauses: {"bool": {"must": clauses}}),
    (FILTERS, "_any", "drop the first", lambda sound: lambda clauses: sound(clauses[1:] or clauses)),
    (FILTERS, "_any", "none is needed", _result(lambda one: {"bool": one["bool"] | {"minimum_should_match": 0}})),
    (FILTERS, "_none", "forget the negation", lambda _sound: lambda one: {"bool": {"must": [one]}}),
    (FILTERS, "_exists", "another field", _always({"exists": {"field": "kubernetes.audit.verb"}})),
    (FILTERS, "_term", "another field", lambda sound: lambda _path, value: sound("kubernetes.audit.objectRef.name", value)),
    (
        FILTERS,
        "_term",
        "the opposite truth",
        lambda sound: lambda path, value: sound(path, not value if isinstance(value, bool) else value),
    ),
    (FILTERS, "_atom", "wrong order", _result(_bent)),
    (FILTERS, "_atom", "forget that it is absent", _result(lambda one: one.get("bool", {}).get("must_not", [one])[0])),
    (FILTERS, "_text", "with regard to case", _result(_without("case_insensitive"))),
    (FILTERS, "_text", "in capitals", _result(_said(lambda said: said | {"value": said["value"].upper()}))),
    (FILTERS, "_wildcard", "lose the last sign", _result(lambda text: text.rstrip("*?"))),
    (FILTERS, "_wildcard", "one character for many", _result(_swap("*", "?"))),
    (FILTERS, "_pattern", "any case", _result(_with("case_insensitive", True))),
    (FILTERS, "_pattern", "with regard to case", _result(_without("case_insensitive"))),
    (FILTERS, "_pattern", "how it begins, for all of it", _result(_renamed("prefix", "term"))),
    (FILTERS, "_pattern", "all of it, for how it begins", _result(_renamed("term", "prefix"))),
    (FILTERS, "_escaped", "forget to escape", lambda _sound: lambda text: text),
    (FILTERS, "_escaped", "forget to escape a star", _result(_swap("\\*", "*"))),
    (FILTERS, "_escaped", "forget to escape a question mark", _result(_swap("\\?", "?"))),
    (FILTERS, "_search", "another field", _result(lambda one: {"regexp": {"kubernetes.audit.verb": next(iter(one["regexp"].values()))}})),
    (FILTERS, "_regexp", "with regard to case", _result(_without("case_insensitive"))),
    (FILTERS, "_regexp", "any case", _result(_with("case_insensitive", True))),
    (FILTERS, "_regexp", "optional operators", _result(_with("flags", "INTERSECTION"))),
    (FILTERS, "_regexp", "the usual number of states", _result(_without("max_determinized_states"))),
    (LUCENE, "of_text", "lose a wildcard", _result(lambda one: type(one)(one.text.removesuffix(".*"), one.folded))),
    (LUCENE, "of_text", "any case", _result(lambda one: type(one)(one.text, True))),
    (LUCENE, "of_expression", "with regard to case", _result(lambda one: type(one)(one.text, False))),
    (LUCENE, "of_expression", "any case", _result(lambda one: type(one)(one.text, True))),
    (LUCENE, "_expression", "drop an alternative", _result(lambda text: text.rpartition("|")[0] or text)),
    (LUCENE, "_expression", "nothing for nothing", _result(_swap("()", ""))),
    (LUCENE, "_letter", "with regard to case", lambda sound: lambda char, _any_case, folded: sound(char, False, folded)),
    (LUCENE, "_letter", "any case", lambda _sound: _spelled),
    (LUCENE, "_grouped", "lose the parentheses", _result(lambda text: text[1:-1] if text.startswith("(") else text)),
    (LUCENE, "_repeated", "once more or less", _result(_swap("{2,3}", "{2,4}"))),
    (LUCENE, "_repeated", "at least once", _result(_swap("*", "+"))),
    (LUCENE, "_repeated", "always", _result(lambda text: text.removesuffix("?"))),
    (LUCENE, "_repeated", "without end", _result(lambda text: re.sub(r"\{(\d+),\}$", r"{\1}", text))),
    (LUCENE, "_class", "the opposite", _result(_swap("[^", "["))),
    (LUCENE, "_class", "not a line feed", _result(lambda text: "[^\n]" if text == "." else text)),
    (LUCENE, "_class", "a line feed too", _result(lambda text: "." if text == "[^\n]" else text)),
    (LUCENE, "_run", "the ends alone", _result(lambda text: re.sub(r"(?<!\\)-", "", text))),
    (LUCENE, "_is_closed", "take every class for closed", _always(True)),
    (LUCENE, "has_spellings", "none has", _always(False)),
    (LUCENE, "_word", "forget to escape", lambda _sound: lambda text: text),
    (LUCENE, "character", "forget to escape", lambda _sound: lambda char: char),
    (LUCENE, "_spellings", "one spelling", lambda _sound: lambda char: char),
    (LUCENE, "_same", "one spelling", _always({})),
    (SEARCHED, "_head", "only at the start", _always(importlib.import_module(SEARCHED)._NOTHING)),
    (SEARCHED, "_head", "anywhere", _always(importlib.import_module(SEARCHED)._ANY)),
    (SEARCHED, "_tail", "only at the end", _always(importlib.import_module(SEARCHED)._NOTHING)),
    (SEARCHED, "_tail", "anywhere", _always(importlib.import_module(SEARCHED)._ANY)),
    (SEARCHED, "_alternatives", "drop the first", _result(lambda found: found[1:] or found)),
    (SEARCHED, "_divided", "drop the first half", _result(lambda found: found[len(found) // 2 :])),
    (SEARCHED, "_ways", "never empty", _result(lambda ways: ways[:1] if ways and len(ways) > 1 and len(ways[0]) > len(ways[1]) else ways)),
    (SEARCHED, "_whole", "drop the last part", lambda sound: lambda items: sound(items[:-1] or items)),
    (SEARCHED, "_holds", "never", _always(False)),
    (SEARCHED, "_holds", "always", _always(True)),
    (SEARCHED, "_is_edge", "the opposite", _result(_negated)),
    (SEARCHED, "_known", "the opposite", _result(_negated)),
    (SEARCHED, "_others", "none", _always(((0, 47),))),
    (SEARCHED, "_both", "the first", lambda _sound: lambda left, _right: left),
    (SEARCHED, "_ends", "a sign", _always(((46, 46),))),
    (EFFORT, "states_needed", "the usual number", _always(10_000)),
    (DETECTION, "_with_filters", "drop the query's own part", _result(_emptied)),
    (DETECTION, "_with_filters", "drop the filters", _result(lambda made: (made[0], {"query": made[1]["query"]}, made[2]))),
    (DETECTION, "_in_query", "nothing is lost", lambda sound: lambda *given, **named: _unlost(sound, *given, **named)),
    (LAYOUT, "inline", "drop an alternative", _less),
    (LAYOUT, "_value", "drop an alternative", _less),
    (LAYOUT, "_tables", "drop the meta", lambda sound: lambda path, value: () if path.endswith("meta") else sound(path, value)),
    (LAYOUT, "key", "lose the quotes", lambda sound: lambda name: type(sound(name))(name)),
    (LAYOUT, "table", "drop the last line", lambda sound: lambda header, own: sound(header, own[:-1])),
    (LAYOUT, "_parted", "drop the last map", _result(lambda found: (found[0], found[1][:-1]))),
    (LAYOUT, "filter_tables", "drop the query", _result(lambda found: [one for one in found if "query" not in one.partition("\n")[0]])),
    (INDEX, "path_of", "whatever its letters", lambda _sound: lambda _test, binding: binding.caseless or binding.path),
    (QUERY, "_any", "all of them", _result(_swap(" or ", " and "))),
    (QUERY, "conjuncts", "drop the last", _result(lambda found: found[:-1] or found)),
    (LOSSES, "_text_kind", "as it is", _always("cased")),
)
FREE = {
    FILTERS: {"clause"},
    LUCENE: {"spelled_out"},  # for the printers of Lucene and ES|QL, where it is broken
    SEARCHED: {
        "whole",
        "_has_anchor",
        "_bounded",
        "_beside_edges",
        "_plain",
        "_of_anchors",
        "_is_feed",
        "_kind",
        "_begins",
        "_finishes",
        "_union",
    },
    EFFORT: {"_bits", "_cases"},
    DETECTION: {"printed", "_exactly", "_rank", "_cost", "_kuery", "_eql", "_esql", "_lucene"},
    LAYOUT: set(),
    LOSSES: {"refused", "no_mixed_network", "losses", "_collect", "_of_atom", "_kind", "_pair_kind", "_article"},
    INDEX: {"is_too_long"},
    EXPRESSIONS: {"described", "written", "check_length", "states"},
}
"""Functions without a text of their own: they raise, dispatch to functions above, or are broken through them."""


def _module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    """Nothing that the program remembers goes from one bug to the next."""
    forget()
    yield
    forget()


@pytest.fixture(scope="module")
def asked() -> list[tuple[Loaded, Questions, bytes]]:
    """The rules and cases that Elastic builds, with their events and their sound outputs."""
    found = []
    for one in load_pack([ROOT / "rules", ROOT / "tests" / "cases"]).rules:
        if one.tree is not None and not unevaluable(one.tree, one.rule.source) and (made := _made(one)) is not None:
            found.append((one, questions(one, one.tree), made[1]))
    return found


def _made(loaded: Loaded) -> tuple[Outcome, bytes] | None:
    outcome = compile_rule(loaded, ELASTIC, {}, ALL)
    if not outcome.allowed or outcome.compilation is None or source_of(loaded.rule.logsource) is None:
        return None
    return outcome, ELASTIC.package([outcome.compilation], ["rule"], {})[0].data


def _verdict(loaded: Loaded, events: Questions, made: tuple[Outcome, bytes]) -> Verdict:
    outcome, data = made
    source = source_of(loaded.rule.logsource)
    assert loaded.tree is not None
    assert source is not None
    artifact = Artifact("rule.toml", data, loaded.rule.id, source.id)
    return compare(loaded, loaded.tree, artifact, "elastic", outcome.status, events)


def test_sound_printers_pass(asked: list[tuple[Loaded, Questions, bytes]]) -> None:
    """Without a bug no output of the same rules is refuted, and filters are among them."""
    assert sum(b"[[rule.filters]]" in data for _, _, data in asked) > 20
    for loaded, events, _ in asked:
        made = _made(loaded)
        assert made is not None
        verdict = _verdict(loaded, events, made)
        assert not verdict.failed, [one.render() for one in verdict.diagnostics]


@pytest.mark.parametrize(("module", "function", "what", "broken"), BUGS, ids=[f"{one[0].split('.')[-1]}-{one[1]}-{one[2]}" for one in BUGS])
def test_seeded_bug_is_caught(
    module: str,
    function: str,
    what: str,
    broken: Callable[[Any], Any],
    asked: list[tuple[Loaded, Questions, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the bug an output is refuted, or cannot be read."""
    sound = getattr(_module(module), function)
    for user in (*USERS, "converter.targets.elastic.envelope"):
        if getattr(_module(user), function, None) is sound:
            monkeypatch.setattr(_module(user), function, broken(sound))
    for name in [name for name, printer in PRINTERS.items() if printer is sound]:
        monkeypatch.setitem(PRINTERS, name, broken(sound))
    for loaded, events, before in asked:
        made = _made(loaded)
        if made is not None and made[1] != before and _verdict(loaded, events, made).failed:
            return
    pytest.fail(f"{function}: {what} survives")


@pytest.mark.parametrize("module", FREE)
def test_every_printing_function_has_bugs(module: str) -> None:
    """A new function of a printer needs a seeded bug."""
    names = {
        name
        for name, value in vars(_module(module)).items()
        if callable(value) and getattr(value, "__module__", "") == module and not isinstance(value, type)
    }
    covered = {function for one, function, _, _ in BUGS if one == module}
    assert names - covered - FREE[module] == set()
