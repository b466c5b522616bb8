"""Elastic in every language: an output with filters, too, departs from its rule only in the direction that was declared."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import fields
from converter.ir import And, Compare, Exists, FieldMatch, Node, Not, Null, Number, Or, Regex, Text, Wild, evaluate, unevaluable
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import ResolvedRule, resolve, target
from converter.verify.readings import Artifact, read_artifact

ELASTIC = target("elastic")
WORDS = st.sampled_from(
    ["", "a", "A", "ab", "a b", " ", "*", "?", "5", "\\", "C:\\", '"', "not", "a:b", "(a)", "ä", "Ä", "ß", "x\ny", "-", "{", "."]
)
VALUES = st.one_of(st.none(), WORDS, st.builds("{}{}".format, WORDS, WORDS))
PARTS = st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=4)
PIECES = ["a", "B", "ä", r"\\", ".", r"\d", r"\s", "[^a]", "(a|b)", "x*", "a+", "^", "$", r"\b", "-", "{", "5?"]
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
TEXTS = ("Image", "CommandLine", "CurrentDirectory", "OriginalFileName", "IntegrityLevel")
LEVELS = fields("windows_process_creation")["IntegrityLevel"].values


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from((*TEXTS, "ProcessId")))
    if field == "ProcessId":
        compare = st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(0, 9))
        return FieldMatch(field, draw(st.one_of(st.builds(Number, st.integers(0, 9)), compare, st.just(Null()))))
    parts: list[str | Wild] = []
    for part in draw(PARTS):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    if field == "IntegrityLevel" and draw(st.booleans()):
        parts = [draw(st.sampled_from(LEVELS or ("High",)))]
    text = st.just(Text(tuple(parts), draw(st.booleans())))
    regex = st.builds(Regex, PATTERNS, st.sampled_from(["", "i", "m"]))
    return FieldMatch(field, draw(st.one_of(text, text, regex, st.just(Null()), st.builds(Exists, st.booleans()))))


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, some), st.builds(Or, some))


TREES = st.recursive(_atoms(), _several, max_leaves=5)
LONG = VALUES | VALUES.map(lambda value: f"{value}{'y' * 1100}")
"""Command lines may be longer than an index usually keeps of a text."""
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "Image": VALUES,
        "CommandLine": LONG,
        "CurrentDirectory": VALUES,
        "OriginalFileName": VALUES,
        "ProcessId": st.integers(0, 9),
        "IntegrityLevel": st.sampled_from(LEVELS or ("High",)),
    },
)
RULE = Rule(
    Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("process_creation", "windows", ""), {}, level="low"
)


@settings(max_examples=300, deadline=None)
@given(
    tree=TREES,
    events=st.lists(EVENTS, min_size=1, max_size=6),
    language=st.sampled_from(["auto", "auto", "kuery", "kuery+filters", "lucene"]),
)
def test_declared_direction_holds(tree: Node, events: list[dict[str, Any]], language: str) -> None:
    """Exact means equal, wider never misses, narrower never adds, whichever language says it."""
    resolved = resolve(RULE, tree, "elastic")
    if not isinstance(resolved, ResolvedRule) or unevaluable(tree, RULE.source):
        return
    done = ELASTIC.compile(resolved, {"language": language})
    if done.status is Status.UNSUPPORTED:
        return
    data = ELASTIC.package([done], ["rule"], {})[0].data
    answers = read_artifact("elastic", Artifact("rule.toml", data, RULE.id, "windows_process_creation"), events)
    assert not isinstance(answers, Diagnostic), (answers.render(), data.decode())
    direction = joined(done.losses)
    for event, fires in zip(events, answers, strict=True):
        means = evaluate(tree, event)
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
        assert fires == means or allowed, (direction, done.parts, event)


@settings(max_examples=150, deadline=None)
@given(tree=TREES)
def test_auto_loses_no_more(tree: Node) -> None:
    """What is chosen loses no more than any language would, and is built where any is."""
    resolved = resolve(RULE, tree, "elastic")
    if not isinstance(resolved, ResolvedRule):
        return
    order = [Status.EXACT, Status.WIDER, Status.NARROWER, Status.MIXED, Status.UNKNOWN, Status.UNSUPPORTED]
    names = ("auto", "kuery", "kuery+filters", "eql", "lucene", "esql")
    chosen, *pinned = (ELASTIC.compile(resolved, {"language": name}).status for name in names)
    assert order.index(chosen) == min(map(order.index, pinned))
