"""Texts that were cut out of XML: a test that is not misled finds the same in them as in what the producer wrote."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import splunk_event
from converter.ir import FieldMatch, Not, Text, Wild, evaluate, fits
from converter.model import LogSource, Rule, Source
from converter.targets import ResolvedRule, resolve
from converter.targets.splunk import TARGET
from converter.targets.splunk.entities import is_misled
from converter.verify.readings import Artifact, read_artifact

LETTERS = st.text(alphabet="aAmMpPlLtTgG;&<>x", min_size=1, max_size=6)


def _joined(parts: list[str | Wild]) -> tuple[str | Wild, ...]:
    """Return parts as a reader makes them: no two literals side by side."""
    return tuple(one for place, one in enumerate(parts) if place == 0 or not (isinstance(one, str) and isinstance(parts[place - 1], str)))


PARTS = st.lists(st.one_of(LETTERS, st.sampled_from(list(Wild))), min_size=1, max_size=4).map(_joined)
TEXTS = st.text(alphabet="aAmMpPlLtTgG;&<>x", min_size=1, max_size=12)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@given(PARTS, TEXTS)
@settings(max_examples=1500)
def test_what_is_not_misled_reads_xml_as_the_text(parts: tuple[str | Wild, ...], text: str) -> None:
    """A test that is not said to be misled holds for a text exactly when it holds for the text with entities."""
    if not is_misled(Text(parts)):
        assert fits(parts, text, False) is fits(parts, _escaped(text), False)


@given(PARTS, TEXTS, st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_search_means_the_rule_on_xml(parts: tuple[str | Wild, ...], text: str, cased: bool, negated: bool) -> None:
    """A search, negated or not, answers as its rule does, whatever entities stand in the event's text."""
    found = FieldMatch("CommandLine", Text(parts, cased))
    tree = Not(found) if negated else found
    rule = Rule(Source("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("process_creation", "windows", ""), {})
    resolved = resolve(rule, tree, "splunk")
    assert isinstance(resolved, ResolvedRule)
    files = {one.path: one.data for one in TARGET.package([TARGET.compile(resolved, {})], ["rule"], {})}
    event = {"CommandLine": text}
    assert read_artifact("splunk", Artifact("rule.conf", files["rule.conf"], rule.id, "windows_process_creation", files), [event]) == [
        evaluate(tree, event)
    ]
    assert splunk_event("windows_process_creation", event)["CommandLine"] == (_escaped(text),)
