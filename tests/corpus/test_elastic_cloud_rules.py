"""SigmaHQ's rules on cloud, SaaS, web and network logs, on Elastic: what is exact answers as the rule, what is not has a named reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from converter.data import fields, sources_of
from converter.ir import evaluate
from converter.model import Status
from converter.pack import Loaded, Outcome, compile_rule, load_pack
from converter.synthesis import synthesize
from converter.targets import target
from converter.verify.examples import Example
from converter.verify.readings import Artifact, read_artifact
from converter.verify.variants import variants

pytestmark = pytest.mark.corpus

ELASTIC = target("elastic")
PRODUCTS = {"", "azure", "bitbucket", "cisco", "fortigate", "gcp", "github"}
PRODUCTS |= {"m365", "okta", "onelogin", "opencanary", "qualys", "rpc_firewall", "zeek"}
SAMPLE = 12
"""One rule of so many is asked in a usual run."""
VARIED, VARIANTS = 3, 25
"""Events of a rule that are varied, and how many variants of each are asked."""
REASONS = {
    "T001": "a field that the index lacks, or has as objects or in words",
    "T002": "no table: error logs and databases",
    "T005": "two names of one field",
    "T110": "keywords: no index has the whole event as one text; a part of a flattened field or of a number",
    "T118": "an empty text, which is dropped",
    "T119": "an absent value, which an empty text is as well",
}
"""Why a rule of these log sources is not exact, by the code that says so."""


@pytest.fixture(scope="module")
def outcomes(corpora: Path) -> list[tuple[Loaded, Outcome]]:
    """What becomes of each rule of these log sources that can be read."""
    loaded = [one for one in load_pack([corpora / "corpora" / "sigmahq"]).rules if one.rule.logsource.product in PRODUCTS]
    return [(one, compile_rule(one, ELASTIC, {}, frozenset())) for one in loaded if one.tree is not None]


def exact(outcomes: list[tuple[Loaded, Outcome]]) -> list[tuple[Loaded, Outcome]]:
    return [(loaded, outcome) for loaded, outcome in outcomes if outcome.status is Status.EXACT]


def ask(loaded: Loaded, outcome: Outcome) -> tuple[int, int]:
    """Hold an output to events that show each test of its rule at work; return how many there were, and how many it finds."""
    compilation, tree = outcome.compilation, loaded.tree
    assert compilation is not None
    assert compilation.resolved is not None
    assert compilation.resolved.source is not None
    assert tree is not None
    source = compilation.resolved.source.id
    events = [dict(one.event) for one in synthesize(tree, fields(source)).events if not one.outside]
    for event in events[:VARIED]:  # other cases, lists, fields that are missing or empty
        made = list(variants(tree, Example("made", event, None), fields(source)))
        events += [dict(one.event) for one in made[:: 1 + len(made) // VARIANTS]]
    data = ELASTIC.package([compilation], ["rule"], {})[0].data
    answers = read_artifact("elastic", Artifact("rule.toml", data, loaded.rule.id, source), events)
    assert isinstance(answers, list), answers.render()
    means = [evaluate(tree, event) for event in events]
    wrong = [event for event, one, other in zip(events, answers, means, strict=True) if one != other]
    assert wrong == [], loaded.file.name
    return len(events), sum(means)


def test_outputs_answer_as_their_rules(corpora: Path) -> None:
    """Of one rule of a dozen the output finds what the rule finds, and nothing else, among events made for each of its tests."""
    folders = [corpora / "corpora" / "sigmahq" / "rules" / name for name in ("application", "cloud", "identity", "network", "web")]
    loaded = [one for one in load_pack(folders).rules if one.tree is not None][::SAMPLE]
    counts = [ask(*one) for one in exact([(one, compile_rule(one, ELASTIC, {}, frozenset())) for one in loaded])]
    assert all(found for _, found in counts)
    assert len(counts) >= 20


@pytest.mark.slow
def test_all_outputs_answer_as_their_rules(outcomes: list[tuple[Loaded, Outcome]]) -> None:
    """Every output that is called exact finds what its rule finds; each rule is found by one of its events at least."""
    counts = [ask(*one) for one in exact(outcomes)]
    assert all(found for _, found in counts)
    assert len(counts) >= 320
    assert sum(asked for asked, _ in counts) > 15_000


@pytest.mark.slow
def test_what_is_not_exact_has_a_named_reason(outcomes: list[tuple[Loaded, Outcome]]) -> None:
    """A rule that is not exact says why by one of few codes, or is of a log source that no integration of Elastic collects."""
    reasons: Counter[str] = Counter()
    for loaded, outcome in outcomes:
        if outcome.status is Status.NO_SOURCE:
            assert not [one for one in sources_of(loaded.rule.logsource) if "elastic" in one.targets]
        elif outcome.status is not Status.EXACT:
            codes = {one.code for one in outcome.diagnostics} | {one.code for one in outcome.losses}
            assert codes & REASONS.keys(), (loaded.file.name, codes)
            reasons[min(codes & REASONS.keys())] += 1
    assert sum(reasons.values()) <= 90, reasons
