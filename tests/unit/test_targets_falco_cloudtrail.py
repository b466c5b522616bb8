"""Falco's printer on CloudTrail: the plugin's own fields, which know no null, beside pointers into the record, where null is a text."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import bindings, falco_events, falco_fields, falco_values
from converter.ir import And, Cidr, Exists, FieldMatch, Node, Not, Null, Or, Regex, Text, Wild, evaluate, parts_of
from converter.languages import falco
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import Compilation, ResolvedRule, resolve
from converter.targets.falco import TARGET

SOURCE = "aws_cloudtrail"
RULE = Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "aws", "cloudtrail"), {}, level="low")


def _compiled(tree: Node, **options: Any) -> Compilation:
    resolved = resolve(RULE, tree, "falco")
    assert isinstance(resolved, ResolvedRule), resolved
    return TARGET.compile(resolved, options)


def _text(field: str, pattern: str, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts_of(pattern), cased))


CONDITIONS = [
    (_text("eventSource", "IAM.amazonaws.com"), 'ct.src = "iam.amazonaws.com"', ["cloudtrail"]),
    (_text("eventName", "CreateUser"), 'tolower(ct.name) = "createuser"', ["cloudtrail"]),
    (FieldMatch("errorCode", Null()), "not ct.error exists", ["cloudtrail"]),
    (
        FieldMatch("userIdentity.invokedBy", Null()),
        '(not jevt.value[/userIdentity/invokedBy] exists or jevt.value[/userIdentity/invokedBy] = "null")',
        ["cloudtrail", "json"],
    ),
    (_text("additionalEventData.MFAUsed", "no"), 'jevt.value[/additionalEventData/MFAUsed] = "No"', ["cloudtrail", "json"]),
]


@pytest.mark.parametrize(("tree", "text", "plugins"), CONDITIONS, ids=[text for _, text, _ in CONDITIONS])
def test_condition_is_printed_and_read(tree: Node, text: str, plugins: list[str]) -> None:
    """Each field has its place in the plugin or in the record, and the file names the plugins that it needs."""
    done = _compiled(tree)
    read = falco.read(done.parts["condition"], profile="0.38")
    assert done.parts["condition"] == text
    assert [one["name"] for one in done.needs["plugins"]] == plugins
    assert isinstance(read, falco.Condition)
    assert falco.check(read, falco.fields_of(SOURCE)) is None


def test_a_parameter_of_a_call_is_refused_by_name() -> None:
    """What may be a list, which a pointer gives as one text, has no field."""
    found = resolve(RULE, _text("requestParameters.userName", "x"), "falco")
    assert isinstance(found, tuple)
    assert [one.code for one in found if isinstance(one, Diagnostic)] == ["T001"]


def test_every_field_has_a_value_in_the_view() -> None:
    """The table's fields are those that the view gives values to, and that the engine's list knows."""
    names = {one.path.partition("[")[0] for one in bindings("falco", SOURCE).values()}
    assert names <= falco_fields(SOURCE)
    assert names <= set(falco.fields_of(SOURCE))


WORDS = st.sampled_from(["", "a", "A", "null", "10.1.2.3", "10.1.2.300", "AWS Internal", "é", "ab", "Success"])
VALUES = st.one_of(st.none(), WORDS)
FIELDS = st.sampled_from(["eventName", "errorCode", "userIdentity.userName", "sourceIPAddress", "userIdentity.arn"])


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(FIELDS)
    parts: list[str | Wild] = []
    for part in draw(st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=3)):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    regex = st.builds(Regex, st.sampled_from(["^a", "l+$", "(?i)B", r"\.1\b", "^$", "[^n]"]))
    tests = [st.just(Text(tuple(parts), draw(st.booleans()))), st.just(Null()), st.builds(Exists, st.booleans()), regex]
    return FieldMatch(field, draw(st.one_of(*tests, st.just(Cidr("10.1.0.0/16")))))


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    event: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["eventName", "errorCode", "sourceIPAddress"]), VALUES))
    if draw(st.booleans()):
        event["userIdentity"] = draw(st.one_of(st.none(), st.dictionaries(st.sampled_from(["userName", "arn"]), VALUES)))
    return event


@settings(max_examples=300, deadline=None)
@given(st.recursive(_atoms(), _joined, max_leaves=4), st.lists(_events(), min_size=1, max_size=6))
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
