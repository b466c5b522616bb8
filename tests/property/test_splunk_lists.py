"""Parameters whose form no table knows: a search finds them whether their parts are lists or not."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import FieldMatch, Node, Not, Number, Text, Wild, evaluate
from converter.model import LogSource, Rule, Source
from converter.targets import ResolvedRule, resolve
from converter.targets.splunk import TARGET
from converter.verify.readings import Artifact, read_artifact

TEXTS = st.text(alphabet="xyX7", max_size=3)
LEAVES = st.one_of(TEXTS, st.integers(0, 9), st.booleans())


def _or_list(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(one, st.lists(one, max_size=2))


INNER = st.dictionaries(st.sampled_from("bc"), _or_list(LEAVES), max_size=2)
PARAMETERS = st.dictionaries(st.sampled_from("ab"), _or_list(st.one_of(LEAVES, INNER)), max_size=2)
TESTS: st.SearchStrategy[Text | Number] = st.one_of(
    st.builds(lambda text: Text((Wild.MANY, text)), st.text(alphabet="xy7", min_size=1, max_size=2)),
    st.builds(lambda text, cased: Text((text,), cased), st.text(alphabet="xy7", min_size=1, max_size=2), st.booleans()),
    st.builds(lambda text: Text((text, Wild.ONE)), st.text(alphabet="xy", min_size=1, max_size=2)),
    st.builds(Number, st.integers(0, 9)),
)


@given(PARAMETERS, st.sampled_from(("a", "a.b")), TESTS, st.booleans())
@settings(max_examples=300, deadline=None)
def test_search_means_the_rule_on_lists(parameters: dict[str, Any], name: str, test: Text | Number, negated: bool) -> None:
    """A search, negated or not, answers as its rule does, wherever in the event lists stand."""
    found: Node = FieldMatch(f"requestParameters.{name}", test)
    tree = Not(found) if negated else found
    rule = Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "aws", "cloudtrail"), {})
    resolved = resolve(rule, tree, "splunk")
    assert isinstance(resolved, ResolvedRule)
    files = {one.path: one.data for one in TARGET.package([TARGET.compile(resolved, {})], ["rule"], {})}
    event = {"requestParameters": parameters}
    answers = read_artifact("splunk", Artifact("rule.conf", files["rule.conf"], rule.id, "aws_cloudtrail", files), [event])
    assert answers == [evaluate(tree, event)]
