"""SigmaHQ as EQL: what is printed exactly and why not, read again by two readers, and run on made-up events."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from converter.data import elastic_document, elastic_mappings, fields, sources_of
from converter.ir import evaluate, unevaluable
from converter.languages import eql as language
from converter.model import Diagnostic, Fidelity, joined
from converter.pack import Loaded, load_pack
from converter.synthesis import frame, synthesize
from converter.targets import Detection, ResolvedRule, resolve
from converter.targets.contract import Inexpressible
from converter.targets.elastic import eql
from converter.verify.readings.elastic_eql import found
from tests.corpus.test_sigmahq_elastic import _events
from tests.languages.eql.test_eql_independent import answers, python

__all__ = ["python"]

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
SHARE = 8
"""One rule of so many is asked; all were, once."""
REASONS = {
    "keyword": r"'keyword'",
    "a text field": r"on a (match_only_)?text field|of type (match_only_)?text",
    "a flattened field": r"on a flattened field|of type flattened",
    "two fields": r"'value\.fieldref'",
    "a type that is compared otherwise": r"on an? (long|keyword|date|boolean|ip) field|on a field of numbers",
    "an expression": "regular expression|look ahead|reference to a group|edge of a word|anchor",
    "too many queries": "more than 1024 queries",
}
"""Why EQL cannot say a rule, by what its diagnostic holds."""


def _printed(loaded: Loaded) -> tuple[str, str, ResolvedRule | None]:
    """Return the best status of a rule on its integrations with its reason or its text."""
    best: tuple[str, str, ResolvedRule | None] = ("unresolved", "", None)
    assert loaded.tree is not None
    for source in sources_of(loaded.rule.logsource):
        resolved = resolve(loaded.rule, loaded.tree, "elastic", source=source) if "elastic" in source.targets else None
        if not isinstance(resolved, ResolvedRule) or not isinstance(resolved.meaning, Detection):
            continue
        try:
            lost, text = eql.losses(resolved.meaning.tree, resolved), eql.query(resolved, resolved.meaning.tree)
        except Inexpressible as refused:
            best = best if best[2] else ("refused", refused.diagnostic.message, None)
            continue
        status = joined(lost).value
        if best[2] is None or status == "exact":
            best = (status, text, resolved)
        if status == "exact":
            break
    return best


@pytest.fixture(scope="module")
def printed(corpora: Path) -> list[tuple[Loaded, str, str, ResolvedRule | None]]:
    """The rules of log sources that Elastic has, with status, text or reason, and the names."""
    rules = [one for one in load_pack([corpora / "corpora" / "sigmahq"]).rules if one.tree is not None]
    known = [one for one in rules if any("elastic" in source.targets for source in sources_of(one.rule.logsource))]
    return [(one, *_printed(one)) for one in known]


def test_what_is_printed(printed: list[tuple[Loaded, str, str, ResolvedRule | None]]) -> None:
    """Most rules that resolve are exact; each refusal has one of the known reasons."""
    counts = Counter(status for _, status, _, _ in printed)
    reasons: Counter[str] = Counter()
    for _, status, message, _ in printed:
        if status == "refused":
            reasons[next((name for name, pattern in REASONS.items() if re.search(pattern, message)), message)] += 1
    assert counts["exact"] >= 2700
    assert counts["exact"] / (sum(counts.values()) - counts["unresolved"]) > 0.85
    assert set(reasons) <= set(REASONS), reasons


def test_two_readers_read_it(printed: list[tuple[Loaded, str, str, ResolvedRule | None]], python: Path) -> None:
    """Every query is read by our reader and fits the index's mapping; the engine's forerunner reads each that it was asked (all, once)."""
    texts = [(text, resolved) for _, _, text, resolved in printed if resolved is not None]
    mappings: dict[str, language.Mapping | Diagnostic] = {}
    for text, resolved in texts:
        query = language.read(text)
        assert isinstance(query, language.Query), text
        source = resolved.source.id
        mapping = mappings.setdefault(source, language.compile_mapping(elastic_mappings(source)))
        assert isinstance(mapping, language.Mapping)
        assert language.check(query, mapping) is None, text
    asked = [text for text, _ in texts][::4]
    assert [text for text, one in zip(asked, answers(python, asked), strict=True) if one == "EqlSyntaxError"] == []


def test_it_answers_as_the_rule(printed: list[tuple[Loaded, str, str, ResolvedRule | None]]) -> None:
    """On events that a solver made for a rule's tests, and on others made of its values, the query departs only as declared."""
    chance = random.Random(3)
    asked = matched = 0
    for loaded, status, text, resolved in printed[::SHARE]:
        if resolved is None or loaded.tree is None or unevaluable(loaded.tree, loaded.rule.source):
            continue
        source = resolved.source.id
        made = synthesize(loaded.tree, fields(source), frame(source)).events
        events = [*(dict(one.event) for one in made if not one.outside), *_events(loaded.tree, source, chance)]
        got = found(text, "query", [elastic_document(one, source) for one in events], elastic_mappings(source))
        assert not isinstance(got, Diagnostic), (loaded.rule.title, got)
        for event, fires in zip(events, got, strict=True):
            means = evaluate(loaded.tree, event)
            allowed = status == "mixed" or status == (Fidelity.WIDER if fires else Fidelity.NARROWER).value
            assert fires == means or allowed, (loaded.rule.title, text, event)
            asked, matched = asked + 1, matched + means
    assert asked > 15_000
    assert matched > 5_000
