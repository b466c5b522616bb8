"""The law of every target: an output departs from its rule only in the direction that was declared.

Random trees over fields of every type, random audit events, and the artifact
file read as ``verify`` reads it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import And, Boolean, Cidr, Compare, Exists, FieldMatch, FieldRef, Node, Not, Null, Number, Or, Text, Wild, evaluate
from converter.model import Diagnostic, Fidelity, LogSource, Rule, Source, Status, joined
from converter.targets import ResolvedRule, resolve, target
from converter.verify.readings import Artifact, read_artifact

TEXTS = ("user.username", "verb", "userAgent", "user.groups", "objectRef.name", "responseStatus.message")
PRIVILEGED = "requestObject.spec.containers.securityContext.privileged"
WORDS = st.sampled_from(
    ["", "a", "A", "null", "nu", "ab", "a b", "*", "?", "5", "50", "\\", "a\\", '"', "not", "a:b", "(a)", "$", "`", "x\ny"]
)
VALUES = st.one_of(st.none(), WORDS, st.builds("{}{}".format, WORDS, WORDS))
PARTS = st.lists(st.one_of(WORDS.filter(bool), st.sampled_from(list(Wild))), max_size=3)


@st.composite
def _atoms(draw: st.DrawFn) -> Node:
    field = draw(st.sampled_from((*TEXTS, "responseStatus.code", PRIVILEGED, "sourceIPs")))
    if field == "responseStatus.code":
        number = st.integers(0, 120)
        compare = st.builds(Compare, st.sampled_from(["lt", "lte", "gt", "gte"]), number)
        return FieldMatch(field, draw(st.one_of(st.builds(Number, number), compare, st.just(Null()))))
    if field == PRIVILEGED:
        return FieldMatch(field, draw(st.one_of(st.builds(Boolean, st.booleans()), st.just(Null()))))
    if field == "sourceIPs":
        return FieldMatch(field, Cidr(draw(st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]))))
    parts: list[str | Wild] = []
    for part in draw(PARTS):
        if isinstance(part, str) and parts and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    tests = [st.just(Text(tuple(parts), draw(st.booleans()))), st.just(Null()), st.builds(Exists, st.booleans())]
    if field == "userAgent":
        tests.append(st.just(FieldRef("user.username")))
    return FieldMatch(field, draw(st.one_of(tests)))


def _several(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, some), st.builds(Or, some))


TREES = st.recursive(_atoms(), _several, max_leaves=5)


@st.composite
def _events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an event that the producer could write: lower-case verbs, lists where lists belong."""
    event: dict[str, Any] = {"kind": "Event", "auditID": "1", "stageTimestamp": "2026-01-01T00:00:00Z", "user": {}, "objectRef": {}}
    for holder, key, values in (
        (event, "verb", VALUES.map(lambda value: value.lower() if value else value)),
        (event, "userAgent", VALUES),
        (event["user"], "username", VALUES),
        (event["user"], "groups", st.lists(VALUES, max_size=3)),
        (event["objectRef"], "name", VALUES),
        (event, "sourceIPs", st.lists(st.sampled_from(["10.1.2.3", "10.200.0.1", "192.0.2.1", "2001:db8::5"]), max_size=2)),
        (event, "responseStatus", st.fixed_dictionaries({}, optional={"code": st.integers(0, 120), "message": VALUES})),
    ):
        if draw(st.booleans()):
            holder[key] = draw(values)
    if draw(st.booleans()):
        context = st.fixed_dictionaries({}, optional={"privileged": st.booleans()})
        container = st.fixed_dictionaries({"name": st.just("c")}, optional={"securityContext": context})
        event["requestObject"] = {"spec": {"containers": draw(st.lists(container, max_size=3))}}
    return event


@pytest.mark.parametrize("name", ["elastic", "splunk"])
@settings(max_examples=400, deadline=None)
@given(tree=TREES, events=st.lists(_events(), min_size=1, max_size=6))
def test_declared_direction_holds(name: str, tree: Node, events: list[dict[str, Any]]) -> None:
    """Exact means equal, wider never misses, narrower never adds; Falco's and Python's own tests hold the same law."""
    rule = Rule(
        Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "kubernetes", "audit"), {}, level="low"
    )
    resolved = resolve(rule, tree, name)
    assert isinstance(resolved, ResolvedRule)
    done = target(name).compile(resolved, {})
    if done.status is Status.UNSUPPORTED:
        return
    files = {one.path: one.data for one in target(name).package([done], ["rule"], {})}
    path = next(one for one in files if one.startswith("rule."))
    answers = read_artifact(name, Artifact(path, files[path], rule.id, "kubernetes_audit", files), events)
    assert not isinstance(answers, Diagnostic), (answers.render(), files[path].decode())
    direction = joined(done.losses)
    for event, fires in zip(events, answers, strict=True):
        means = evaluate(tree, event)
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
        assert fires == means or allowed, (direction, done.parts, event)
