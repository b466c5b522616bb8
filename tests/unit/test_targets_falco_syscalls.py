"""Falco's printer on system calls: the log source's guard, command lines without arguments, and no null that is a text."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import falco_events, falco_values
from converter.ir import (
    And,
    Exists,
    FieldMatch,
    FieldRef,
    Node,
    Not,
    Null,
    Or,
    Regex,
    RegexProblem,
    Shape,
    Text,
    Wild,
    evaluate,
    parts_of,
    regex_finder,
)
from converter.languages import falco
from converter.model import Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.falco import TARGET

SOURCE = "linux_process_creation"


def _compiled(tree: Node, **options: Any) -> Compilation:
    rule = Rule(
        Source("rule.yml", ""),
        "A rule",
        "11111111-2222-3333-4444-555555555555",
        LogSource("process_creation", "linux", ""),
        {},
        level="low",
    )
    resolved = resolve(rule, tree, "falco")
    assert isinstance(resolved, ResolvedRule), resolved
    return TARGET.compile(resolved, options)


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


GUARD = "evt.type in (execve, execveat) and evt.rawres = 0 and "
CONDITIONS = [
    (_text("Image", "*/Bash"), 'tolower(proc.exepath) endswith "/bash"'),
    (Or((_text("Image", "/a", True), _text("User", "x", True))), '(proc.exepath = "/a" or user.name = "x")'),
    (_text("CommandLine", "ls", True), 'proc.exeline in ("ls", "ls ")'),
    (_text("CommandLine", "ls -l", True), 'proc.exeline = "ls -l"'),
    (Not(_text("CommandLine", "*ls", True)), 'not ((proc.exeline endswith "ls" or proc.exeline endswith "ls "))'),
    (FieldMatch("ParentImage", Null()), "not proc.pexepath exists"),
    (Not(_text("User", "*")), "not (proc.pexepath exists)".replace("proc.pexepath", "user.name")),
]


@pytest.mark.parametrize(("tree", "text"), CONDITIONS, ids=[text for _, text in CONDITIONS])
def test_condition_is_printed_and_read(tree: Node, text: str) -> None:
    """The guard stands before the condition, and the engine's grammar and field types take both."""
    done = _compiled(tree)
    read = falco.read(done.parts["condition"], profile="0.38")
    assert done.parts["condition"] == GUARD + text
    assert done.needs["plugins"] == []
    assert isinstance(read, falco.Condition)
    assert falco.check(read, falco.fields_of("syscall")) is None
    (file,) = TARGET.package([done], ["x"], {})
    assert isinstance(falco.read_rules(file.data, "x.yaml"), falco.RulesFile)


LOSSES = [
    (_text("CommandLine", "*curl *"), ["T340"]),
    (_text("CommandLine", "* -k *"), []),
    (_text("CommandLine", "*-k"), ["T340"]),
    (_text("CommandLine", "* -k"), []),
    (FieldMatch("User", Exists(True)), ["T342"]),
    (_text("CommandLine", "a* *c"), ["T341"]),
    (FieldMatch("CommandLine", Regex(r"curl .*\| ?sh\b")), []),
    (FieldMatch("CommandLine", Regex(r"curl\s")), ["T340"]),
    (FieldMatch("CommandLine", Regex("curl$")), ["T341"]),
    (FieldMatch("Image", Regex("curl$")), []),
    (FieldMatch("ParentImage", Null()), []),
    (_text("User", "null"), []),
]


@pytest.mark.parametrize(("tree", "codes"), LOSSES)
def test_losses_of_command_lines(tree: Node, codes: list[str]) -> None:
    """The blank behind a command line without arguments is accounted for, and no field holds JSON's null."""
    assert [one.code for one in _compiled(tree, engine="0.39").losses] == codes


WORDS = st.sampled_from(["", "ls", "LS", " ", "-k", "/bin/ls", "ls ", " a", "b c", "é", "-", "null", "\\"])
VALUES = st.one_of(st.none(), WORDS.filter(bool), st.builds("{} {}".format, WORDS.filter(bool), WORDS.filter(bool)))
FIELDS = st.sampled_from(["Image", "CommandLine", "ParentImage", "User"])
PATTERNS = st.sampled_from(["ls", "ls$", r"ls\s", r"\bls\b", "^ls", "[^l]$", "s ?$", r"l\w+", "(?i)LS -K?", " ", "^$", r"s\B"])


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    parts: list[str | Wild] = []
    for part in draw(st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=3)):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    regex = st.builds(Regex, PATTERNS, st.sampled_from(["", "i", "m"])).filter(
        lambda one: not isinstance(regex_finder(one.pattern, one.flags), RegexProblem)
    )
    tests = [st.just(Text(tuple(parts), draw(st.booleans()))), st.just(Null()), st.builds(Exists, st.booleans()), regex]
    tests.append(st.builds(FieldRef, FIELDS, st.sampled_from(list(Shape)[:4])))
    return FieldMatch(draw(FIELDS), draw(st.one_of(tests)))


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


@settings(max_examples=400, deadline=None)
@given(
    st.recursive(_atoms(), _joined, max_leaves=4),
    st.lists(st.dictionaries(FIELDS, VALUES.filter(lambda value: value != "-"), max_size=4), min_size=1, max_size=6),
)
def test_declared_direction_holds(tree: Node, events: list[dict[str, Any]]) -> None:
    """Exact means equal, wider never misses, narrower never adds: by our reading of the engine on the view's values."""
    done = _compiled(tree, engine="0.39")
    if done.status is Status.UNSUPPORTED:
        return
    read = falco.read(done.parts["condition"], profile="0.39")
    assert isinstance(read, falco.Condition), read
    direction = joined(done.losses)
    for event in events:
        (seen,) = falco_events(event, SOURCE)
        fires, means = falco.matches(read, partial(falco_values, seen, name=SOURCE)), evaluate(tree, event)
        assert fires == means or direction is Fidelity.MIXED or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER), (
            done.parts["condition"],
            event,
        )
