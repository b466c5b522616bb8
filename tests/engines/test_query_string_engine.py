"""Query strings in the search engine: over typed fields it finds what the rule means, or departs as the table says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typed_fields import EVENTS, MAPPINGS, RULE, TREES, document, resolved, told

from converter.ir import Node, evaluate, unevaluable
from converter.model import Fidelity, joined
from converter.targets import target
from converter.targets.contract import Inexpressible
from converter.targets.elastic.query_string import losses, query
from converter.verify import EngineMissingError
from converter.verify.engines import osmem_version, running
from tests.languages.lucene.questions import filled

pytestmark = pytest.mark.engine
TABLE = target("elastic").capabilities({})["lucene"]
RULES = 120


@pytest.fixture(autouse=True)
def engines(without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """The search engine; absent it is skipped, or fails where engines are required."""
    try:
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)


def _drawn() -> tuple[list[Node], list[dict[str, Any]]]:
    """Return the trees and events of a fixed run."""
    trees: list[Node] = []
    events: list[dict[str, Any]] = []

    @settings(max_examples=RULES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(tree=TREES, event=st.lists(EVENTS, min_size=1, max_size=2))
    def draw(tree: Node, event: list[dict[str, Any]]) -> None:
        trees.append(tree)
        events.extend(event)

    draw()
    return trees, events


def test_engine_finds_what_rules_mean() -> None:
    """Every printed query, but for flattened fields, which the engine does not know, finds what its rule's direction admits."""
    trees, events = _drawn()
    properties = {name: one for name, one in MAPPINGS["properties"].items() if name != "flat"}
    documents = [{name: one for name, one in document(event).items() if name != "flat"} for event in events]
    asked: list[tuple[Node, str, Fidelity]] = []
    for tree in trees:
        rule = resolved(tree, {})
        if unevaluable(tree, RULE.source):
            continue
        try:
            lost, text = losses(tree, rule, TABLE), query(rule, tree)
        except Inexpressible:
            continue
        if "flat" not in text:
            asked.append((tree, text, joined(lost)))
    assert len(asked) > RULES / 2
    agreed = matched = 0
    with running() as engine:
        index = filled(engine, "typed", {**MAPPINGS, "properties": properties}, documents)
        for (tree, text, direction), answer in zip(asked, index.ask([text for _, text, _ in asked]), strict=True):
            assert not isinstance(answer, str), (answer[:300], text)
            found = set(answer)
            for number, event in enumerate(events):
                means, finds = evaluate(tree, told(event)), number in found
                allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if finds else Fidelity.NARROWER)
                assert finds == means or allowed, (direction.value, text, json.dumps(event), means)
                agreed, matched = agreed + (finds == means), matched + finds
    assert agreed > len(asked) * len(events) * 0.9
    assert matched > len(asked) * len(events) * 0.1
