"""Seeded bugs: each printing function, broken in the ways that printers break, must make verify fail."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from converter.data import source_of
from converter.ir import unevaluable
from converter.model import Fidelity, Status
from converter.pack import Loaded, compile_rule, load_pack
from converter.targets import NAMES, target
from converter.verify.compare import Questions, Verdict, compare, questions
from converter.verify.readings import Artifact

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = [ROOT / "rules", ROOT / "tests" / "cases"]
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
Bug = tuple[str, str, str, Callable[[Any], Any]]
"""Module, function, what is broken, and the broken function made of the sound one."""


def _text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Break what a function returns, a text."""
    return lambda sound: lambda *given, **named: change(text) if isinstance(text := sound(*given, **named), str) else text


def _children(change: Callable[[Any], Any], at: int = 0) -> Callable[[Any], Any]:
    """Break a function's argument that holds the children (or values)."""

    def broken(sound: Any) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            changed = list(given)
            if len(given[at]) > 1:
                changed[at] = change(given[at])
            return sound(*changed, **named)

        return call

    return broken


def _always(value: Any) -> Callable[[Any], Any]:
    return lambda _sound: lambda *_given, **_named: value


def _swap(one: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(one, other)


QUERY, SEARCH, WHERE, STANZA, LISTS, FALCO, QUOTE, PYTHON = (
    "converter.targets.elastic.query",
    "converter.targets.splunk.search",
    "converter.targets.splunk.where",
    "converter.targets.splunk.stanza",
    "converter.targets.splunk.lists",
    "converter.targets.falco.condition",
    "converter.targets.falco.quote",
    "converter.targets.python.expression",
)
PATTERN = "converter.targets.python.pattern"
PCRE = "converter.targets.splunk.pattern"
POSIX, NETWORK = "converter.targets.falco.pattern", "converter.targets.falco.network"
BUGS: tuple[Bug, ...] = (
    (QUERY, "query", "drop the last conjunct", _text(lambda text: text.rpartition("\n  and ")[0] or text)),
    (QUERY, "query", "drop the log source's guard", _text(lambda text: text.partition("\n  and ")[2] or text)),
    (QUERY, "query", "swap and for or", _text(_swap("\n  and ", "\n  or "))),
    (QUERY, "_and", "drop a conjunct", _children(lambda parts: parts[:-1])),
    (QUERY, "_and", "swap and for or", _text(_swap(" and ", " or "))),
    (QUERY, "_or", "drop an alternative", _children(lambda parts: parts[1:])),
    (QUERY, "_or", "swap or for and", _text(_swap(" or ", " and "))),
    (QUERY, "_not", "forget the negation", _text(lambda text: text.removeprefix("not "))),
    (QUERY, "_not", "lose the parentheses", _text(lambda text: "not " + text[5:-1])),
    (QUERY, "_value_list", "drop a value", _text(lambda text: re.sub(r":\((.*) or [^()]*\)$", r":(\1)", text))),
    (QUERY, "_value_list", "swap or for and", _text(_swap(" or ", " and "))),
    (QUERY, "operand", "lose the parentheses", _text(lambda text: text[1:-1] if text.startswith("(") and text.endswith(")") else text)),
    (QUERY, "_atom", "wrong field", _text(_swap("objectRef.resource", "objectRef.namespace"))),
    (QUERY, "_atom", "wrong order", _text(_swap(" >= ", " > "))),
    (QUERY, "_atom", "forget the negation of null", _text(lambda text: text.removeprefix("not "))),
    (QUERY, "_text", "lose a wildcard", _text(lambda text: text.removesuffix("*"))),
    (QUERY, "_text", "lose the quotes", _text(lambda text: text.strip('"'))),
    (QUERY, "_spelled", "wrong case", _text(str.swapcase)),
    (QUERY, "_spelled", "keep the rule's case", lambda _sound: lambda text, _test, _binding: text),
    (QUERY, "_quoted", "forget to escape a backslash", _text(_swap("\\\\", "\\"))),
    (QUERY, "_quoted", "forget to escape a quote", _text(_swap('\\"', '"'))),
    (QUERY, "_quoted", "forget a line end", _text(_swap("\\n", " "))),
    (QUERY, "_quoted", "lose a quote", _text(lambda text: text[:-1])),
    (QUERY, "_quoted", "wrong case", _text(str.upper)),
    (QUERY, "_escaped", "forget to escape", lambda _sound: lambda text: text),
    (QUERY, "_name", "wrong field", _text(_swap("audit.verb", "audit.stage"))),
    (QUERY, "_name", "one part too few", _text(lambda text: text.rpartition(".")[0] or text)),
    (SEARCH, "conjuncts", "drop a conjunct", lambda sound: lambda tree: sound(tree)[:-1] or sound(tree)),
    (SEARCH, "_base_and", "swap and for or", _text(lambda text: text.replace('" ', '" OR ', 1) + ' verb="nothing"')),
    (SEARCH, "_base_and", "drop the negated part's place", _always('verb="create"')),
    (SEARCH, "_base_or", "drop an alternative", _children(lambda parts: parts[1:])),
    (SEARCH, "_base_or", "swap or for and", _text(_swap(" OR ", " "))),
    (SEARCH, "_base_not", "forget the negation", _text(lambda text: text.removeprefix("NOT "))),
    (SEARCH, "_base_not", "negate what is approximate", lambda _sound: lambda child, rule: f"NOT ({_module(SEARCH)._base(child, rule)})"),
    (SEARCH, "_base_atom", "wrong field", _text(_swap("objectRef.resource", "objectRef.namespace"))),
    (SEARCH, "_base_text", "lose a wildcard", _text(lambda text: text.replace('*"', '"'))),
    (
        SEARCH,
        "_base_text",
        "forget what a base cannot hold",
        lambda sound: lambda name, test, binding: sound(name, test, binding) and f'{name}="{test.literal}"',
    ),
    (SEARCH, "_widened", "keep what a base cannot hold", lambda _sound: lambda text, _binding: text),
    (SEARCH, "_base_quoted", "forget to escape a backslash", _text(_swap("\\\\", "\\"))),
    (SEARCH, "_base_quoted", "forget to escape a quote", _text(_swap('\\"', '"'))),
    (SEARCH, "_base_quoted", "lose a quote", _text(lambda text: text[:-1])),
    (SEARCH, "_base_name", "quote as where does", _text(_swap('"', "'"))),
    (SEARCH, "_is_exact", "take every base for exact", _always(True)),
    (SEARCH, "_is_exact_test", "take every base for exact", _always(True)),
    (SEARCH, "where", "negate", _text(lambda text: f"NOT {text}")),
    (LISTS, "_names", "take every part for one value", lambda sound: lambda *given: sound(*given)[:1]),
    (LISTS, "_names", "lose the last form", lambda sound: lambda *given: sound(*given)[:-1]),
    (STANZA, "_guard", "drop the log source's guard", _always("")),
    (STANZA, "_guard", "guard another field", _text(_swap("EventCode", "signature_id>0 OR EventCode"))),
    (WHERE, "_where_and", "swap and for or", _text(_swap(" AND ", " OR "))),
    (WHERE, "_where_or", "swap or for and", _text(_swap(" OR ", " AND "))),
    (WHERE, "_where_or", "drop an alternative", _children(lambda parts: parts[:-1])),
    (WHERE, "_where_not", "forget the negation", _text(lambda text: text.removeprefix("NOT "))),
    (WHERE, "_where_not", "forget missing fields", _text(lambda text: re.sub(r"coalesce\((.*), false\(\)\)", r"(\1)", text))),
    (WHERE, "_where_atom", "wrong field", _text(_swap("user.username", "user.uid"))),
    (WHERE, "_where_atom", "wrong order", _text(_swap(">=", ">"))),
    (WHERE, "_where_text", "wrong case", _text(_swap(', "^', ', "(?i)^'))),
    (WHERE, "_where_text", "take no text for a text", _text(_swap("isnull(", "isnotnull("))),
    (WHERE, "_where_found", "the first value alone", _text(_swap(">= 0", "== 0"))),
    (WHERE, "_where_found", "negate", _text(lambda text: f"NOT {text}")),
    (WHERE, "_where_any", "every value", _text(_swap("> 0", "> 1"))),
    (WHERE, "_where_any", "without a filter", _text(lambda text: text.removeprefix("mvcount(mvfilter(").removesuffix(")) > 0"))),
    (WHERE, "_is_many", "take a list for one value", _always(False)),
    (WHERE, "_where_real_text", "keep the text", _always("true()")),
    (WHERE, "_where_stand_in", "forget what the add-on writes", _text(lambda text: text.strip("()").partition(" OR ")[0])),
    (WHERE, "_where_exists", "forget what the add-on writes", _text(lambda text: text.replace("success", "none"))),
    (WHERE, "networks", "a smaller network", lambda sound: lambda *given: tuple(one.replace("/8", "/9") for one in sound(*given))),
    (WHERE, "networks", "forget addresses written as IPv6", lambda sound: lambda *given: sound(*given)[:1]),
    (WHERE, "is_misled", "read what XML wrote", _always(False)),
    (SEARCH, "networks", "a smaller network", lambda sound: lambda *given: tuple(one.replace("/8", "/9") for one in sound(*given))),
    (SEARCH, "is_misled", "take every base for exact", _always(False)),
    (WHERE, "resolved_text", "an entity too few", _text(_swap("&gt;", "&quot;"))),
    (WHERE, "resolved_text", "resolve the ampersand alone", _text(_swap('"&lt;", "<"', '"<", "<"'))),
    (WHERE, "_where_related", "unequal", _text(_swap(" == ", " != "))),
    (WHERE, "_where_related", "with regard to case", _text(_swap("lower(", "("))),
    (WHERE, "_where_null", "forget null", _text(lambda text: text.partition(" OR ")[0] + ")")),
    (WHERE, "_pattern", "lose the anchors", _text(lambda text: text.replace("^", "").replace(r"\z", ""))),
    (WHERE, "_pattern", "end before a line feed", _text(_swap(r"\z", "$"))),
    (WHERE, "_pattern", "one character or none", _text(_swap("g.t", "g.?t"))),
    (WHERE, "_pattern_letter", "forget a spelling", _text(_swap("Ä|", ""))),
    (SEARCH, "_is_unsafe", "keep what a base cannot hold", _always(False)),
    (WHERE, "_pattern_character", "forget to escape", lambda _sound: lambda character: character),
    (WHERE, "_where_name", "lose the quotes", _text(_swap("'", ""))),
    (SEARCH, "_base_regex", "another text", _text(lambda text: text.replace('="*', '="*x', 1))),
    (WHERE, "_where_regex", "negate", _text(lambda text: f"NOT {text}")),
    (WHERE, "_where_regex", "leave entities", _text(lambda text: re.sub(r'replace\(.*?"&"\)', "CommandLine", text))),
    (PCRE, "_alternatives", "drop an alternative", _children(lambda children: children[1:])),
    (PCRE, "_grouped", "lose the parentheses", _text(lambda text: text[3:-1])),
    (PCRE, "_repeat", "once", _text(lambda text: text.rstrip("?*+}0123456789,{"))),
    (PCRE, "_times", "any number", _always("*")),
    (PCRE, "_letter", "with regard to case", lambda sound: lambda letter, _folded: sound(letter, False)),
    (PCRE, "_set", "the complement", _text(lambda text: f"[^{text[1:]}" if text.startswith("[") else text)),
    (PCRE, "_range", "the first only", _text(lambda text: text[:1])),
    (PCRE, "_in_class", "any character", lambda _sound: lambda letter: letter),
    (FALCO, "_and", "swap and for or", _text(_swap(" and ", " or "))),
    (FALCO, "_and", "drop a conjunct", _children(lambda parts: parts[:-1], 1)),
    (FALCO, "_or", "swap or for and", _text(_swap(" or ", " and "))),
    (FALCO, "_checks", "drop an alternative", lambda sound: lambda *given: sound(*given)[1:] or sound(*given)),
    (FALCO, "_not", "forget the negation", lambda _sound: lambda text: f"({text})"),
    (FALCO, "_not", "lose the parentheses", lambda _sound: lambda text: f"not {text}"),
    (FALCO, "_grouped", "lose the parentheses", lambda _sound: lambda text: text),
    (FALCO, "_equality", "drop a value", _children(lambda values: values[:-1], 1)),
    (FALCO, "_equality", "every element instead of any", _text(_swap(" intersects ", " in "))),
    (FALCO, "_quoted", "wrong case", _text(str.upper)),
    (FALCO, "_quoted", "lose the quotes", _text(lambda text: text.strip('"'))),
    (FALCO, "_quoted", "forget to escape a backslash", _text(_swap("\\\\", "\\"))),
    (FALCO, "_quoted", "forget to escape a quote", _text(_swap('\\"', '"'))),
    (FALCO, "_field", "wrong field", _text(_swap("ka.user.name", "ka.auditid"))),
    (FALCO, "_check", "wrong order", _text(_swap(" > ", " < "))),
    (FALCO, "_text", "unequal", _text(_swap(" startswith ", " contains "))),
    (FALCO, "_pattern", "wrong case", _text(_swap("icontains", "contains"))),
    (FALCO, "_pattern", "the other end", _text(_swap("startswith", "endswith"))),
    (FALCO, "_operand", "forget to fold", lambda _sound: lambda _test, binding: binding.path),
    (FALCO, "_spelling", "keep the rule's case", lambda _sound: lambda test, _binding: test.literal),
    (FALCO, "_lowered", "forget to fold", lambda _sound: lambda text: text),
    (FALCO, "is_plain", "compare with regard to case", _always(True)),
    (FALCO, "_glob", "lose a wildcard", _text(_swap("/*/", "//"))),
    (FALCO, "_glob_literal", "forget to escape", lambda _sound: lambda text: text),
    (FALCO, "_set_operator", "every element instead of any", _always("in")),
    (FALCO, "_list_text", "fold to the other case", _text(_swap("tolower(", "toupper("))),
    (FALCO, "_joined", "lose the line break", _text(_swap("\\n", ""))),
    (FALCO, "_exists", "always", _always("ka.verb exists")),
    (FALCO, "_null", "forget the negation", _text(_swap("not ", ""))),
    (FALCO, "_null", "forget null", lambda sound: lambda binding, negated: sound(binding, True)),
    (FALCO, "_bare_command", "forget the blank", _text(_swap('ls "', 'ls"'))),
    (FALCO, "_regex", "with regard to case", _text(_swap("tolower(", "("))),
    (FALCO, "_regex", "part of the value", _text(_swap(" regex ", " contains "))),
    (FALCO, "_network", "a larger network", _text(_swap("6[0-3]", "6[0-4]"))),
    (FALCO, "_related", "with regard to case", _text(_swap(" tolower(", " val("))),
    (FALCO, "_related", "another field", _text(_swap("responseStatus/status", "stage"))),
    (POSIX, "is_lowered", "lower what regards case", _always(True)),
    (POSIX, "_padded", "the whole value", lambda _sound: lambda text, _frame: text),
    (POSIX, "_anchor", "anywhere", _always("(.|\n)*")),
    (POSIX, "_anchor", "no line feed at the end", _text(_swap("\n?", ""))),
    (POSIX, "_chain", "drop a part", _children(lambda children: children[:-1])),
    (POSIX, "_beyond", "any neighbour", _always("(.|\n)*")),
    (POSIX, "_choice", "drop an alternative", _children(lambda children: children[1:])),
    (POSIX, "_repeat", "once", _text(lambda text: text.replace("{4}", "").replace("{2}", ""))),
    (POSIX, "_times", "any number", _always("*")),
    (POSIX, "_letter", "the rule's case", lambda _sound: lambda letter, _folded, _lower: letter),
    (POSIX, "_plain", "any character", _text(_swap("[.]", "."))),
    (POSIX, "_set", "the complement", _text(lambda text: f"[^{text[1:]}" if text.startswith("[") else text)),
    (POSIX, "_range", "the first only", _text(lambda text: text[:1])),
    (NETWORK, "_octet", "any digit for the last", _text(lambda text: text[:-1] + "[0-9]" if text.isdigit() else text)),
    (NETWORK, "_octet", "one too many", lambda sound: lambda low, high: sound(low, min(high + 1, 255))),
    (QUOTE, "quoted", "forget to escape", lambda _sound: lambda text: f'"{text}"'),
    (PYTHON, "_and", "swap and for or", _text(_swap("and ", "or "))),
    (PYTHON, "_and", "drop a conjunct", _children(lambda parts: parts[:-1])),
    (PYTHON, "_or", "swap or for and", _text(_swap("or ", "and "))),
    (PYTHON, "_or", "drop an alternative", _children(lambda parts: parts[1:])),
    (PYTHON, "_not", "forget the negation", _text(lambda text: text.removeprefix("not "))),
    (PYTHON, "_operand", "drop the second line", _text(lambda text: text.split("\n")[0].strip("(") or "True")),
    (PYTHON, "_grouped", "lose the parentheses", lambda _sound: lambda text, _level: text),
    (PYTHON, "_call", "lose an argument", _text(lambda text: text.replace(", cased=True", ""))),
    (PYTHON, "_call", "another test", _text(_swap("startswith(", "contains("))),
    (PYTHON, "call_of", "always", _always(("exists", ('"kind"',)))),
    (
        PYTHON,
        "_field",
        "wrong field",
        lambda sound: lambda printer, atom: (sound(printer, atom)[0], ('"verb"', *sound(printer, atom)[1][1:])),
    ),
    (PYTHON, "_keyword", "another word", _always(("anywhere", ("ANY", '"another"', "ANY")))),
    (
        PYTHON,
        "_text",
        "part of the value",
        lambda sound: lambda test: ("contains" if sound(test)[0] == "equals" else sound(test)[0], sound(test)[1]),
    ),
    (PYTHON, "_part", "lose a wildcard", _text(_swap("ANY", "ONE"))),
    (PYTHON, "_cased", "wrong case", _always(())),
    (PYTHON, "_quoted", "wrong case", _text(str.swapcase)),
    (PYTHON, "_quoted", "forget to escape", lambda _sound: lambda text: f'"{text}"'),
    (PYTHON, "_number", "one too many", lambda sound: lambda printer, atom, value: sound(printer, atom, value + 1)),
    (PYTHON, "_network", "a smaller network", _text(_swap("/24", "/25"))),
    (PYTHON, "_regex", "another expression", _always('"x{9}"')),
    (PYTHON, "_between", "any part of a time", lambda _sound: lambda *_given: ("0", "9999")),
    (PYTHON, "_between", "the least part alone", lambda sound: lambda *given: (sound(*given)[0],) * 2),
    (PYTHON, "_raw", "forget to escape", lambda _sound: lambda text: f'"{text}"'),
    (PATTERN, "_asks_for_ascii", "letters of every script", _always(False)),
    (PATTERN, "_chain", "drop a part", _children(lambda children: children[:-1])),
    (PATTERN, "_chain", "the last place first", _text(_swap("(?>.*?", "(?>.*"))),
    (PATTERN, "_alternatives", "drop an alternative", _children(lambda children: children[1:])),
    (PATTERN, "_grouped", "lose the parentheses", _text(lambda text: text[3:-1])),
    (PATTERN, "_repeat", "once", _text(lambda text: text.rstrip("?*+}0123456789,{"))),
    (PATTERN, "_times", "any number", _always("*")),
    (PATTERN, "_literal", "with regard to case", _text(_swap("(?i:", "(?:"))),
    (PATTERN, "_set", "the complement", _text(lambda text: f"[^{text[1:]}" if text.startswith("[") else text)),
    (PATTERN, "_range", "the first only", _text(lambda text: text[:1])),
    (PATTERN, "_character", "forget to escape", lambda _sound: lambda character, _special: character),
)
FREE = {
    QUERY: {"_print", "_any", "joined", "conjuncts"},
    SEARCH: {"search", "_base"},
    LISTS: {"spelled_out", "_spelled_out"},
    WHERE: {"refused", "where"},
    FALCO: {"_inexpressible", "printed", "matches_null", "finds_null", "has_null", "_only_nulls", "_compare"},
    QUOTE: {"_bounded", "_bare"},
    PYTHON: {"_inexpressible", "helpers", "printed", "_code"},
    PATTERN: {"slow", "pattern", "_printed"},
    PCRE: {"printed", "required", "_printed"},
    POSIX: {
        "whole",
        "may_end_with",
        "meets_line_feed",
        "_printed",
        "_is_edge",
        "_edge",
        "_within",
        "_without_nul",
        "_without_capitals",
        "_in_class",
        "_is_letter",
        "_closed",
    },
    NETWORK: {"addresses"},
}
"""Functions without a text of their own: they raise, dispatch to functions above, or are broken through them."""


def _module(name: str) -> Any:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def asked() -> list[tuple[Loaded, Questions]]:
    """The rules and the cases, each with its events; the oracle's answers are made once."""
    return [
        (one, questions(one, one.tree))
        for one in load_pack(PATHS).rules
        if one.tree is not None and not unevaluable(one.tree, one.rule.source)
    ]


Output = tuple[Status, dict[str, bytes]]
"""What a rule's output claims, and its files."""


def _output(loaded: Loaded, name: str) -> Output | None:
    """Compile a rule, ``None`` when the target refuses it."""
    outcome = compile_rule(loaded, target(name), {}, ALL)
    if not outcome.allowed or outcome.compilation is None:
        return None
    return outcome.status, {one.path: one.data for one in target(name).package([outcome.compilation], ["rule"], {})}


@cache
def _sound(name: str) -> dict[str, Output | None]:
    """The outputs without a bug, by the rule's id: what equals them is not asked about again."""
    return {one.rule.id: _output(one, name) for one in load_pack(PATHS).rules if one.tree is not None}


def _verdict(loaded: Loaded, events: Questions, name: str, output: Output | None) -> Verdict | None:
    """Hold an output against its rule, ``None`` when there is none."""
    if output is None:
        return None
    status, files = output
    path = next(one for one in files if one.startswith("rule."))
    assert loaded.tree is not None
    source = source_of(loaded.rule.logsource)
    artifact = Artifact(path, files[path], loaded.rule.id, source.id if source else "", files)
    return compare(loaded, loaded.tree, artifact, name, status, events)


@pytest.mark.parametrize("name", NAMES)
def test_sound_printers_pass(name: str, asked: list[tuple[Loaded, Questions]]) -> None:
    """Without a bug no output of the same rules is refuted."""
    verdicts = [found for loaded, events in asked if (found := _verdict(loaded, events, name, _output(loaded, name)))]
    assert len(verdicts) > 20
    assert [found.artifact for found in verdicts if found.failed] == []


@pytest.mark.parametrize(("module", "function", "what", "broken"), BUGS, ids=[f"{one[0].split('.')[-2]}-{one[1]}-{one[2]}" for one in BUGS])
def test_seeded_bug_is_caught(
    module: str,
    function: str,
    what: str,
    broken: Callable[[Any], Any],
    asked: list[tuple[Loaded, Questions]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the bug an output is refuted, or cannot be read."""
    name = module.split(".")[2]
    sound = _sound(name)
    monkeypatch.setattr(_module(module), function, broken(getattr(_module(module), function)))
    changed = ((loaded, events, output) for loaded, events in asked if (output := _output(loaded, name)) != sound[loaded.rule.id])
    assert any((found := _verdict(*one[:2], name, one[2])) and found.failed for one in changed), f"{function}: {what} survives"


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
