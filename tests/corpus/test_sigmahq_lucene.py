"""SigmaHQ in Lucene: what is printed exactly and why not, read again, and run on made-up events by our reader and by an engine."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from converter.data import elastic_document, elastic_mappings, fields, sources_of
from converter.ir import evaluate, unevaluable
from converter.languages import lucene as language
from converter.model import Diagnostic, Fidelity, joined
from converter.pack import Loaded, load_pack
from converter.synthesis import frame, synthesize
from converter.targets import Detection, ResolvedRule, resolve, target
from converter.targets.contract import Inexpressible
from converter.targets.elastic import query_string
from converter.verify import EngineMissingError
from converter.verify.engines import Question, osmem_version, running
from converter.verify.engines.flattened import flattened, of_type, without_flattened
from tests.corpus.test_sigmahq_elastic import _events

pytestmark = [pytest.mark.corpus, pytest.mark.slow]
TABLE = target("elastic").capabilities({})["lucene"]
SHARE = 8
"""One rule of so many is asked; all were, once."""
REASONS = {
    "keyword": "'keyword'",
    "a text field": r"of type (match_only_)?text",
    "a flattened field": "of type flattened",
    "two fields": r"'value\.fieldref'",
    "a type that is compared otherwise": "of type (long|keyword|date|boolean|ip|wildcard)",
    "an expression": "regular expression|look ahead|reference to a group|edge of a word|anchor",
    "too many values": "more than 1024 values",
}
"""Why Lucene cannot say a rule, by what its diagnostic holds."""
Printed = tuple[Loaded, str, str, ResolvedRule | None]
"""A rule, its status, its query or the reason that there is none, and its names."""
Asked = tuple[Loaded, str, str, str, list[dict[str, Any]], list[dict[str, Any]]]
"""A rule, its status, its query, its log source on Elastic, events, and what the index is given of them."""


def _printed(loaded: Loaded) -> tuple[str, str, ResolvedRule | None]:
    """Return the best status of a rule on its integrations with its reason or its text."""
    best: tuple[str, str, ResolvedRule | None] = ("unresolved", "", None)
    assert loaded.tree is not None
    for source in sources_of(loaded.rule.logsource):
        resolved = resolve(loaded.rule, loaded.tree, "elastic", source=source) if "elastic" in source.targets else None
        if not isinstance(resolved, ResolvedRule) or not isinstance(resolved.meaning, Detection):
            continue
        tree = resolved.meaning.tree
        try:
            lost, text = query_string.losses(tree, resolved, TABLE), query_string.query(resolved, tree)
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
def printed(corpora: Path) -> list[Printed]:
    """The rules of log sources that Elastic has, with status, text or reason, and the names."""
    rules = [one for one in load_pack([corpora / "corpora" / "sigmahq"]).rules if one.tree is not None]
    known = [one for one in rules if any("elastic" in source.targets for source in sources_of(one.rule.logsource))]
    return [(one, *_printed(one)) for one in known]


def test_what_is_printed(printed: list[Printed]) -> None:
    """Most rules that resolve are exact; each refusal has one of the known reasons."""
    counts = Counter(status for _, status, _, _ in printed)
    reasons: Counter[str] = Counter()
    for _, status, message, _ in printed:
        if status == "refused":
            reasons[next((name for name, pattern in REASONS.items() if re.search(pattern, message)), message)] += 1
    assert counts["exact"] >= 2650
    assert counts["exact"] / (sum(counts.values()) - counts["unresolved"]) > 0.85
    assert set(reasons) <= set(REASONS), reasons


def test_every_query_is_read(printed: list[Printed]) -> None:
    """Every query is read, fits the index's mapping, and is no longer than what an engine takes."""
    mappings: dict[str, language.Mapping | Diagnostic] = {}
    for loaded, _, text, resolved in printed:
        if resolved is not None:
            query, source = language.read(text), resolved.source.id
            assert isinstance(query, language.Query), (loaded.rule.title, query)
            if source not in mappings:
                mappings[source] = language.compile_mapping(elastic_mappings(source))
            mapping = mappings[source]
            assert isinstance(mapping, language.Mapping)
            assert language.check(query, mapping) is None, (loaded.rule.title, text)


@pytest.fixture(scope="module")
def asked(printed: list[Printed]) -> list[Asked]:
    """A share of the rules with events that a solver made for their tests, and others made of their values."""
    chance = random.Random(3)
    found = []
    for loaded, status, text, resolved in printed[::SHARE]:
        if resolved is None or loaded.tree is None or unevaluable(loaded.tree, loaded.rule.source):
            continue
        source = resolved.source.id
        made = synthesize(loaded.tree, fields(source), frame(source)).events
        events = [*(dict(one.event) for one in made if not one.outside), *_events(loaded.tree, source, chance)]
        found.append((loaded, status, text, source, events, [elastic_document(one, source) for one in events]))
    return found


def _agrees(loaded: Loaded, status: str, text: str, events: list[dict[str, Any]], found: list[bool]) -> int:
    """Hold a query's answers against the rule's, in the direction that its status admits; return how many match."""
    matched = 0
    assert loaded.tree is not None
    for event, fires in zip(events, found, strict=True):
        means = evaluate(loaded.tree, event)
        allowed = status == "mixed" or status == (Fidelity.WIDER if fires else Fidelity.NARROWER).value
        assert fires == means or allowed, (loaded.rule.title, text, event)
        matched += means
    return matched


def test_it_answers_as_the_rule(asked: list[Asked]) -> None:
    """By our reader the query departs from the rule only as declared."""
    matched = 0
    for loaded, status, text, source, events, documents in asked:
        query = language.read(text)
        assert isinstance(query, language.Query)
        found = language.run(query, documents, elastic_mappings(source))
        assert not isinstance(found, Diagnostic), (loaded.rule.title, found)
        matched += _agrees(loaded, status, text, events, found)
    assert sum(len(events) for _, _, _, _, events, _ in asked) > 15_000
    assert matched > 5_000


def test_an_engine_answers_as_the_rule(asked: list[Asked], without_engine: Callable[[EngineMissingError], NoReturn]) -> None:
    """So it does in the search engine (a third of them; all were, once), which has no flattened fields, nor patterns on match_only_text."""
    try:
        osmem_version()
    except EngineMissingError as error:
        without_engine(error)
    jobs = []
    for one in asked[::3]:
        mappings, text = elastic_mappings(one[3]), one[2].replace("\\", "")
        if not any(path in text for path in (*flattened(mappings), *of_type(mappings, "match_only_text"))):
            jobs.append(one)
    with running() as engine:
        answers = engine.answers(
            Question(documents, without_flattened(elastic_mappings(source)), {"query_string": {"query": text, "analyze_wildcard": True}})
            for _, _, text, source, _, documents in jobs
        )
        for (loaded, status, text, _, events, _), found in zip(jobs, answers, strict=True):
            assert not isinstance(found, str), (loaded.rule.title, found)
            _agrees(loaded, status, text, events, found)
    assert len(jobs) > 90
