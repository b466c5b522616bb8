"""Seeded bugs of Lucene's printer: each printing function, broken in the ways that printers break, must make verify fail."""

from __future__ import annotations

import importlib
import re
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
CLAUSES, ESCAPE, FORMS, LOSSES = (f"converter.targets.elastic.query_string.{name}" for name in ("clauses", "escape", "forms", "losses"))
CASES = (
    "condition_and__in_or value_boolean__each value_cidr__list value_compare__gte value_contains__caseless value_empty__equals"
    " value_equals__all value_equals__caseless value_equals__one_spelling value_exists__false value_exists__true"
    " value_null__equals value_number__equals value_number__keyword value_present__equals value_single_wildcard__equals"
    " value_startswith__filter value_startswith__one_spelling value_wildcard__filter value_equals__flattened"
    " value_equals__operator_words value_regex__letters value_startswith__guarded_by_several value_compare__falco_044"
    ""
)
"""Cases that are built in Lucene here, beside those that pin it."""
Bug = tuple[str, str, str, Callable[[Any], Any]]
"""Module, function, what is broken, and the broken function made of the sound one."""


def _result(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Break what a function returns."""
    return lambda sound: lambda *given, **named: change(sound(*given, **named))


def _swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, other)


def _text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Break the text of a clause, or of a form's values."""

    def changed(made: Any) -> Any:
        if hasattr(made, "text"):
            return replace(made, text=change(made.text), values=tuple(map(change, made.values)))
        return replace(made, values=tuple(map(change, made.values)))

    return _result(changed)


def _bare(said: Any) -> Any:
    return replace(said, kind="atom")


BUGS: tuple[Bug, ...] = (
    (CLAUSES, "query", "drop the last conjunct", _result(lambda text: text.rpartition("\n  AND ")[0] or text)),
    (CLAUSES, "query", "any of them", _result(_swap("\n  AND ", "\n  OR "))),
    (CLAUSES, "_any_of", "drop one of the guard", lambda sound: lambda path, values: sound(path, values[1:] or values)),
    (CLAUSES, "_any_of", "of no data set", _text(lambda text: "*:*")),
    (CLAUSES, "_values", "another field", lambda sound: lambda _path, values: sound("kubernetes.audit.verb", values)),
    (CLAUSES, "_values", "drop the last", lambda sound: lambda path, values: sound(path, values[:-1] or values)),
    (CLAUSES, "_values", "all of them", _text(_swap(" OR ", " AND "))),
    (CLAUSES, "_values", "for the first alone", _text(lambda text: text.replace(":(", ":").removesuffix(")") if ":(" in text else text)),
    (CLAUSES, "_print", "forget that it is negated", _text(lambda text: text.removeprefix("NOT "))),
    (CLAUSES, "_operand", "forget the brackets", lambda _sound: lambda said, *_given: said.text),
    (CLAUSES, "_group", "the other word", lambda sound: lambda said, word, kinds: sound(said, "OR" if word == "AND" else "AND", kinds)),
    (CLAUSES, "_group", "drop the last", lambda sound: lambda said, word, kinds: sound(said[:-1] or said, word, kinds)),
    (CLAUSES, "_group", "a negation without brackets", lambda sound: lambda said, word, _kinds: sound(said, word, ("group",))),
    (CLAUSES, "_group", "no group", _result(_bare)),
    (CLAUSES, "_or", "drop the first", lambda sound: lambda said: sound(said[1:] or said)),
    (CLAUSES, "_or", "all of them", lambda _sound: lambda said: _module(CLAUSES)._group(said, "AND", ("group", "not"))),
    (CLAUSES, "_not", "forget it", lambda _sound: lambda said: said),
    (CLAUSES, "_not", "of the first alone", _text(_swap("NOT (", "(NOT "))),
    (CLAUSES, "_atom", "at least, not more", _text(lambda text: re.sub(r":([<>])(?!=)", r":\1=", text))),
    (CLAUSES, "_atom", "more, not at least", _text(lambda text: re.sub(r":([<>])=", r":\1", text))),
    (CLAUSES, "_atom", "missing, not there", _text(lambda text: f"NOT {text}" if text.startswith("_exists_") else text)),
    (CLAUSES, "_atom", "there, not missing", _text(_swap("NOT _exists_", "_exists_"))),
    (CLAUSES, "_atom", "an address for a network", _text(lambda text: re.sub(r'/\d+"', '"', text))),
    (CLAUSES, "_atom", "the opposite truth", _text(lambda text: text.replace(":true", ":false") if text.endswith(":true") else text)),
    (CLAUSES, "_atom", "a number as its text's beginning", _text(lambda text: re.sub(r':"?(\d)\d*"?$', r":\1", text))),
    (CLAUSES, "_present", "a value of that name", _text(_swap("_exists_:", ""))),
    (CLAUSES, "_present", "another field", lambda sound: lambda _path: sound("kubernetes.audit.verb")),
    (CLAUSES, "_text", "in capitals", _text(str.upper)),
    (CLAUSES, "_text", "where it begins", _text(lambda text: text.replace('"', "") + "*" if text.endswith('"') else text)),
    (CLAUSES, "_search", "anywhere", _result(lambda text: f"/.*({text[1:-1]}).*/")),
    (CLAUSES, "_search", "at the start", _result(_swap("/.*", "/"))),
    (CLAUSES, "_search", "at the end", _result(_swap(".*/", "/"))),
    (ESCAPE, "name", "forget to escape", lambda _sound: lambda path: path),
    (ESCAPE, "quoted", "forget to escape", lambda _sound: lambda text: f'"{text}"'),
    (ESCAPE, "quoted", "without quotes", lambda _sound: lambda text: text),
    (ESCAPE, "quoted", "any text that ends so", lambda _sound: lambda text: "*" + text),
    (ESCAPE, "pattern", "lose the wildcard at the end", _result(lambda text: text.removesuffix("*"))),
    (ESCAPE, "pattern", "lose the wildcard at the start", _result(lambda text: text.removeprefix("*"))),
    (ESCAPE, "pattern", "any characters for one", _result(lambda text: re.sub(r"(?<!\\)\?", "*", text))),
    (ESCAPE, "pattern", "in quotes", _result(lambda text: f'"{text}"')),
    (ESCAPE, "number", "one more", _result(lambda text: str(float(text) + 1))),
    (ESCAPE, "expression", "a backslash before the slash", lambda _sound: lambda text: f"/{text}/"),
    (ESCAPE, "expression", "without slashes", lambda _sound: lambda text: text),
    (ESCAPE, "_escaped", "forget to escape", lambda _sound: lambda found: found.group()),
    (ESCAPE, "_escaped", "spaces as they are", lambda sound: lambda found: found.group() if found.group() == " " else sound(found)),
    (ESCAPE, "_escaped", "slashes as they are", lambda sound: lambda found: found.group() if found.group() == "/" else sound(found)),
    (ESCAPE, "_escaped", "backslashes as they are", lambda sound: lambda found: found.group() if found.group() == "\\" else sound(found)),
    (FORMS, "form", "case counts", lambda sound: lambda test, binding: sound(replace(test, cased=True), binding)),
    (FORMS, "form", "whatever its case", lambda sound: lambda test, binding: sound(replace(test, cased=False), binding)),
    (FORMS, "form", "the field itself", lambda sound: lambda test, binding: replace(sound(test, binding), path=binding.path)),
    (
        FORMS,
        "form",
        "called exact",
        _result(lambda made: replace(made, column="cased") if made.column in ("too_long", "flattened") else made),
    ),
    (FORMS, "has_case", "never", lambda _sound: lambda _test: False),
    (FORMS, "_plain", "in lower case", _result(str.lower)),
    (FORMS, "_mapped", "as it is", lambda _sound: lambda parts, _change: parts),
    (FORMS, "_of_words", "called exact", _result(lambda made: replace(made, column="boolean"))),
    (FORMS, "_of_address", "called exact", _result(lambda made: replace(made, column="long"))),
    (FORMS, "_of_address", "another address", _text(_swap("::1", "::2"))),
    (LOSSES, "losses", "none", lambda _sound: lambda *_given, **_named: ()),
    (LOSSES, "_of_atom", "none", lambda _sound: lambda *_given: ()),
)
FREE = {
    CLAUSES: set[str](),
    ESCAPE: set(),
    FORMS: {"is_too_complex", "_as_expression", "_unfit", "_of_constant", "_of_number", "_of_truth"},
    LOSSES: {"_column", "is_any_text"},
}
"""Functions without a text of their own: they raise, are broken through others, change no answer (a star alone is `_exists_`), or are
of types that no shipped view has in a case (tests/property/test_query_string.py asks them)."""


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
    """The cases with their events and their sound outputs."""
    found = []
    names = [*CASES.split(), *sorted(path.name for path in (ROOT / "tests" / "cases").glob("*lucene*"))]
    for one in (load_pack([ROOT / "tests" / "cases" / name]).rules[0] for name in names):
        assert one.tree is not None
        assert not unevaluable(one.tree, one.rule.source)
        made = _made(one)
        assert made is not None, one.file.path
        found.append((one, questions(one, one.tree), made[1]))
    return found


def _made(loaded: Loaded) -> tuple[Outcome, bytes] | None:
    outcome = compile_rule(loaded, ELASTIC, {"language": "lucene"}, ALL)
    if not outcome.allowed or outcome.compilation is None or not outcome.compilation.parts:
        return None
    return outcome, ELASTIC.package([outcome.compilation], ["rule"], {})[0].data


def _verdict(loaded: Loaded, events: Questions, made: tuple[Outcome, bytes]) -> Verdict:
    outcome, data = made
    source = source_of(loaded.rule.logsource)
    assert loaded.tree is not None
    assert source is not None
    artifact = Artifact("rule.toml", data, loaded.rule.id, source.id)
    return compare(loaded, loaded.tree, artifact, "elastic", outcome.status, events)


@pytest.mark.slow
def test_sound_printers_pass(asked: list[tuple[Loaded, Questions, bytes]]) -> None:
    """Without a bug no output of the same rules is refuted."""
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
    for user in (CLAUSES, ESCAPE, FORMS, LOSSES, "converter.targets.elastic.query_string"):
        if getattr(_module(user), function, None) is sound:
            monkeypatch.setattr(_module(user), function, broken(sound))
    for name in [name for name, one in _module(FORMS)._OTHERS.items() if one is sound]:
        monkeypatch.setitem(_module(FORMS)._OTHERS, name, broken(sound))
    for loaded, events, before in asked:
        made = _made(loaded)
        changed = made is not None and (made[1] != before or module in (LOSSES, FORMS))
        if made is not None and changed and _verdict(loaded, events, made).failed:
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
