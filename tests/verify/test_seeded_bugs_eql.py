"""Seeded bugs of EQL's printer: each printing function, broken in the ways that printers break, must make verify fail."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converter.data import source_of
from converter.ir import unevaluable
from converter.model import Fidelity
from converter.pack import Loaded, Outcome, compile_rule, load_pack
from converter.targets import target
from converter.verify.compare import Questions, Verdict, compare, questions
from converter.verify.readings import Artifact
from tests.noticed import forget

ROOT = Path(__file__).resolve().parent.parent.parent
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
ELASTIC = target("elastic")
PRINTER, TERMS, WORDS = (f"converter.targets.elastic.eql.{name}" for name in ("printer", "terms", "words"))
Bug = tuple[str, str, str, Callable[[Any], Any]]
"""Module, function, what is broken, and the broken function made of the sound one."""


def _result(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Break what a function returns."""
    return lambda sound: lambda *given, **named: change(sound(*given, **named))


def _swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, other)


def _asked_by(old: str, new: str) -> Callable[[Any], Any]:
    """Ask with another operator, a term's or the first of several results."""

    def changed(made: Any) -> Any:
        if isinstance(made, tuple):
            return (new, *made[1:]) if made[0] == old else made
        return replace(made, operator=new) if made.operator == old else made

    return _result(changed)


def _first_only(made: Any) -> Any:
    return tuple(replace(one, values=one.values[:1]) for one in made)


def _by_colon(one: Any) -> Any:
    return replace(one, operator=":") if one.operator == "in~" else one


def _bare(piece: Any) -> Any:
    return replace(piece, parts=(f" {piece.word} ".join(piece.parts),), word="")


def _parts(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Callable[[Any], Any]:
    return _result(lambda piece: replace(piece, parts=change(piece.parts) or piece.parts))


BUGS: tuple[Bug, ...] = (
    (PRINTER, "query", "drop the last condition", _result(lambda text: text.rpartition("\n  and ")[0] or text)),
    (PRINTER, "query", "of another category", _result(_swap("any where", "process where"))),
    (PRINTER, "_conditions", "any of them", _result(_swap("\n  and ", "\n  or "))),
    (PRINTER, "_conditions", "without the guard", lambda sound: lambda rule, tree, **named: sound(replace(rule, guard={}), tree, **named)),
    (PRINTER, "_of_term", "null as null", lambda sound: lambda one, **_named: sound(one, negated=False)),
    (PRINTER, "_of_term", "only whether it is there", _parts(lambda parts: parts[:1])),
    (PRINTER, "_alternatives", "drop the last", _result(lambda found: found[:-1] or found)),
    (PRINTER, "_alternatives", "drop the first", _result(lambda found: found[1:] or found)),
    (PRINTER, "_group", "the other word", lambda sound: lambda word, pieces: sound("or" if word == "and" else "and", pieces)),
    (PRINTER, "_group", "drop the last", lambda sound: lambda word, pieces: sound(word, pieces[:-1] or pieces)),
    (PRINTER, "_group", "forget the brackets", _result(_bare)),
    (PRINTER, "_negation", "forget it", lambda _sound: lambda piece: piece),
    (PRINTER, "_negation", "of the first alone", _parts(lambda parts: (parts[0].replace("(", "", 1).removesuffix(")"),))),
    (TERMS, "term", "another field", _result(lambda one: replace(one, name="kubernetes.audit.objectRef.name"))),
    (TERMS, "term", "a field that must be there", _result(lambda one: replace(one, name=one.name.removeprefix("?")))),
    (TERMS, "term", "never null", _result(lambda one: replace(one, can_be_null=False))),
    (TERMS, "term", "missing, not there", _asked_by("is null", "is not null")),
    (TERMS, "term", "there, not missing", _asked_by("is not null", "is null")),
    (TERMS, "term", "at least, not more", _asked_by("<", "<=")),
    (TERMS, "term", "more, not at least", _asked_by(">=", ">")),
    (TERMS, "term", "the opposite truth", _result(lambda one: replace(one, values=("false",)) if one.values == ("true",) else one)),
    (TERMS, "merged", "the first of the values", _result(_first_only)),
    (TERMS, "merged", "drop the last", _result(lambda made: made[:-1] or made)),
    (TERMS, "merged", "all by colon", _result(lambda made: tuple(map(_by_colon, made)))),
    (TERMS, "printed", "one of them", _result(_swap(" in (", " == ("))),
    (TERMS, "printed", "equal, not ordered", _result(_swap(" >= ", " == "))),
    (TERMS, "printed", "there, not missing", _result(_swap("== null", "!= null"))),
    (TERMS, "printed", "missing, not there", _result(_swap("!= null", "== null"))),
    (TERMS, "printed", "any prefix", _result(_swap("startsWith~(", "startsWith("))),
    (TERMS, "_number", "a text", _result(lambda text: f'"{text}0"')),
    (TERMS, "_whole", "one more", _result(lambda number: number + 1)),
    (TERMS, "_text", "with regard to case", _asked_by(":", "like")),
    (TERMS, "_text", "whatever the case", _asked_by("like", ":")),
    (TERMS, "_text", "whatever the case of the beginning", _asked_by("startsWith", "startsWith~")),
    (TERMS, "_text", "the case of the beginning", _asked_by("startsWith~", "startsWith")),
    (TERMS, "_text", "equal, not alike", _asked_by("like", "==")),
    (TERMS, "_text", "lose a wildcard", _result(lambda made: (made[0], made[1].replace('*"', '"'), made[2]))),
    (TERMS, "_text", "any characters for one", _result(lambda made: (made[0], made[1].replace("?", "*"), made[2]))),
    (TERMS, "_equal", "with regard to case", _asked_by(":", "==")),
    (TERMS, "_equal", "whatever the case", _asked_by("==", ":")),
    (TERMS, "_equal", "its signs as wildcards", _asked_by("in~", ":")),
    (TERMS, "_equal", "its signs with regard to case", _asked_by("in~", "==")),
    (TERMS, "_equal", "ASCII alone", _result(lambda made: (":", '"ärger"', False) if "ä" in made[1] else made)),
    (TERMS, "_described", "drop the last part", _result(lambda made: replace(made, children=made.children[:-1] or made.children))),
    (TERMS, "_described", "with regard to case", lambda sound: lambda test: sound(replace(test, cased=True))),
    (TERMS, "_search", "whatever the case", _asked_by("regex", "regex~")),
    (TERMS, "_search", "with regard to case", _asked_by("regex~", "regex")),
    (TERMS, "_search", "anywhere", _result(lambda made: (made[0], made[1].replace("a[A-Z]b", ".*a[A-Z]b.*")))),
    (TERMS, "_expression", "with regard to case", _asked_by("regex~", "regex")),
    (TERMS, "_expression", "whatever the case", _asked_by("regex", "regex~")),
    (WORDS, "name", "never optional", lambda sound: lambda path, **_named: sound(path)),
    (WORDS, "name", "never quoted", _result(_swap("`", ""))),
    (WORDS, "text", "raw", lambda _sound: lambda value: f'"{value}"'),
    (WORDS, "text", "in lower case", lambda sound: lambda value: sound(value.lower())),
    (WORDS, "raw", "backslashes twice", lambda sound: lambda value: sound(value.replace("\\", "\\\\"))),
    (WORDS, "raw", "in double quotes", lambda _sound: lambda value: f'"{value}"'),
    (WORDS, "listed", "drop the last", lambda sound: lambda values: sound(values[:-1] or values)),
    (WORDS, "joined", "drop the last", lambda sound: lambda word, parts: sound(word, parts[:-1] or parts)),
    (WORDS, "joined", "forget the brackets", _result(lambda text: text[1:-1])),
    (WORDS, "_block", "drop the last line", lambda sound: lambda lines: sound(list(lines)[:-1])),
    (WORDS, "_escaped", "backslashes once", lambda sound: lambda char: char if char == "\\" else sound(char)),
    (WORDS, "_escaped", "quotes as they are", lambda sound: lambda char: char if char == '"' else sound(char)),
)  # fmt: skip
FREE = {
    PRINTER: {"event_query", "losses", "_piece", "_term"},
    TERMS: set(),
    WORDS: {"indented"},
}
"""Functions without a text of their own: they raise, dispatch to functions above, are broken through them, or print sequences."""


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
    """The cases that pin EQL, with their events and their sound outputs."""
    found = []
    cases = sorted((ROOT / "tests" / "cases").glob("*eql*"))
    for one in (load_pack([folder]).rules[0] for folder in cases):
        if one.tree is not None and not unevaluable(one.tree, one.rule.source) and (made := _made(one)) is not None:
            found.append((one, questions(one, one.tree), made[1]))
    return found


def _made(loaded: Loaded) -> tuple[Outcome, bytes] | None:
    outcome = compile_rule(loaded, ELASTIC, {}, ALL)
    if not outcome.allowed or outcome.compilation is None or outcome.compilation.language != "eql":
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
    """Without a bug no output of the same rules is refuted."""
    assert len(asked) >= 11
    for loaded, events, _ in asked:
        made = _made(loaded)
        assert made is not None
        verdict = _verdict(loaded, events, made)
        assert not verdict.failed, [one.render() for one in verdict.diagnostics]


@pytest.mark.slow
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
    for user in (PRINTER, TERMS, WORDS, "converter.targets.elastic.eql"):
        if getattr(_module(user), function, None) is sound:
            monkeypatch.setattr(_module(user), function, broken(sound))
    for loaded, events, before in asked:
        made = _made(loaded)
        if made is not None and made[1] != before and _verdict(loaded, events, made).failed:
            return
    pytest.fail(f"{function}: {what} survives")


@pytest.mark.parametrize("module", FREE)
def test_every_printing_function_has_bugs(module: str) -> None:
    """A new function of the printer needs a seeded bug."""
    names = {
        name
        for name, value in vars(_module(module)).items()
        if callable(value) and getattr(value, "__module__", "") == module and not isinstance(value, type)
    }
    covered = {function for one, function, _, _ in BUGS if one == module}
    assert names - covered - FREE[module] == set()
