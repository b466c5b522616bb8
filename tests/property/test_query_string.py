"""Query strings over typed fields: what is printed finds the events that the rule matches, or departs as it says."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typed_fields import EVENTS, MAPPINGS, RULE, TREES, document, resolved, told

from converter.ir import Node, evaluate, unevaluable
from converter.languages import lucene
from converter.model import Diagnostic, Fidelity, joined
from converter.targets import target
from converter.targets.contract import Inexpressible
from converter.targets.elastic.query_string import losses, query

TABLE = target("elastic").capabilities({})["lucene"]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=TREES, events=st.lists(EVENTS, min_size=1, max_size=6), guarded=st.booleans())
def test_declared_direction_holds(tree: Node, events: list[dict[str, Any]], guarded: bool) -> None:
    """Exact means equal, wider never misses, narrower never adds."""
    if unevaluable(tree, RULE.source):
        return
    rule = resolved(tree, {"event.dataset": ["kubernetes.audit_logs", "x"]} if guarded else {})
    try:
        lost = losses(tree, rule, TABLE)
        text = query(rule, tree)
    except Inexpressible:
        return
    read = lucene.read(text)
    assert not isinstance(read, Diagnostic), (read.render(), text)
    answers = lucene.run(read, map(document, events), MAPPINGS)
    assert not isinstance(answers, Diagnostic), (answers.render(), text)
    direction = joined(lost)
    for event, found in zip(events, answers, strict=True):
        means = evaluate(tree, told(event))
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if found else Fidelity.NARROWER)
        assert found == means or allowed, (direction, text, event, means)
