"""The query that a rule was imported with: when it is built as it stands, when the detection is, and that none is kept for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.model import Fidelity, Status
from converter.pack import Outcome, RuleFile, compile_rule, load_bytes, reimport, settled
from converter.readers.elastic_rules import Imported, import_toml
from converter.targets import target

HEAD = """[metadata]
creation_date = "2024/01/01"
maturity = "production"
updated_date = "2024/01/01"
[rule]
author = ["Someone"]
description = "A lamp."
license = "Apache-2.0"
name = "Lamp"
risk_score = 21
rule_id = "9d1a7c52-6f0b-4a3e-8c11-2b7d3e5f9a01"
severity = "low"
"""
WORDS = 'powershell.file.script_block_text : ("Get-Lamp" and "off")'
NEVER_TWO = "any where dll.name : (" + ", ".join(f'"{number}.dll"' for number in range(1100)) + ")"
JOINED = 'sequence by source.ip with maxspan=1m [any where lamp.state == "off"] [any where lamp.state == "on"]'
COUNTED = 'sequence by host.id with maxspan=1m [any where lamp.state regex "of+a(b|c)d+"] with runs=2 [any where lamp.state == "on"]'
FILTER = """
[[rule.filters]]
[rule.filters.meta]
negate = true
[rule.filters.query.wildcard."file.directory"]
case_insensitive = true
value = "c:\\\\\\\\*"
"""


def imported(query: str, language: str = "kuery", more: str = "") -> Imported:
    """Return a rule with a query as an import leaves it."""
    kind = "eql" if language == "eql" else "query"
    text = f"{HEAD}type = \"{kind}\"\nlanguage = \"{language}\"\nquery = '''\n{query}\n'''\n{more}"
    return next(settled([import_toml(text.encode(), "lamp.toml")]))


def built(text: str) -> Outcome:
    """Return what Elastic makes of the first rule of a file."""
    loaded, errors = load_bytes(text.encode(), RuleFile(Path("lamp.yml"), "lamp.yml", "lamp"))
    assert not errors, [one.render() for one in errors]
    return compile_rule(loaded[0], target("elastic"), {}, frozenset())


def query_of(outcome: Outcome) -> str:
    """Return the query that is built."""
    assert outcome.compilation is not None
    return outcome.compilation.parts["query"]


@pytest.mark.parametrize(
    ("query", "language", "exact", "status"),
    [
        (WORDS, "kuery", False, Status.MIXED),
        (NEVER_TWO, "eql", True, Status.EXACT),
        (JOINED, "eql", False, Status.WIDER),
        (COUNTED, "eql", False, Status.NARROWER),
    ],
    ids=["words", "too many tests", "addresses", "events that happen twice"],
)
def test_what_elastic_says_otherwise_is_kept(query: str, language: str, exact: bool, status: Status) -> None:
    """A query that no detection says, or that the detection's build would say otherwise, is built as it was, and says how it differs."""
    one = imported(query, language)
    assert (one.exact, one.keeps) == (exact, True), one.losses
    outcome = built(one.text)
    assert (outcome.status, outcome.allowed) == (status, True), outcome.diagnostics
    assert query_of(outcome) == query
    assert all(loss.accepted for loss in outcome.losses)


def test_what_elastic_says_as_well_is_not_kept() -> None:
    """A rule whose build means its detection has no second text of it."""
    for query, language in (('process.name : "lamp"', "kuery"), ('process where process.name == "lamp"', "eql")):
        one = imported(query, language)
        assert (one.exact, one.keeps) == (True, False)
        assert built(one.text).status is Status.EXACT


def test_a_threshold_needs_no_query_twice() -> None:
    """What a threshold's build loses is how it counts, by addresses here: the import loses it too, the query is none the better for it."""
    asked = "lamp.state : off"
    threshold = '[rule.threshold]\nfield = ["source.ip"]\nvalue = 9\n'
    text = f'{HEAD}type = "threshold"\nlanguage = "kuery"\nquery = "{asked}"\n{threshold}'
    one = next(settled([import_toml(text.encode(), "lamp.toml")]))
    assert (one.exact, one.keeps) == (False, False)
    assert {(loss.code, loss.feature, loss.direction) for loss in one.losses} == {
        ("R129", "correlation.window", Fidelity.NARROWER),
        ("R132", "correlation.group", Fidelity.NARROWER),
    }


@pytest.mark.parametrize(("query", "language", "printed"), [(WORDS, "kuery", "kuery+filters"), ("a:/x[0-9]y/", "lucene", "lucene")])
def test_filters_are_kept_beside_the_query(query: str, language: str, printed: str) -> None:
    """Filters that the detection says go out as they were."""
    outcome = built(imported(query, language, FILTER).text)
    assert outcome.compilation is not None, outcome.diagnostics
    assert outcome.compilation.language == printed
    assert any(one["meta"]["negate"] for one in outcome.compilation.parts["filters"])


def test_a_changed_detection_is_built() -> None:
    """Whoever changes the detection, or has a filter about it, gets the change, and is told that the query does not count."""
    text = imported(JOINED, "eql").text
    for old, new in (("lamp.state|cased: 'off'", "lamp.state|cased: dim"), ("timespan: 1m", "timespan: 2m")):
        assert old in text
        outcome = built(text.replace(old, new))
        assert query_of(outcome) != JOINED
        assert new.rpartition(": ")[2] in query_of(outcome)
        assert [one.code for one in outcome.diagnostics if one.code == "T111"]
    plain = imported(WORDS).text
    outcome = built(plain.replace("Get-Lamp", "Get-Light"))
    assert {one.code for one in outcome.diagnostics} == {"T110", "T111"}
    prose = built(plain.replace("description: A lamp.", "description: Another lamp."))
    assert query_of(prose) == WORDS


def test_a_filter_is_a_change(tmp_path: Path) -> None:
    """A filter of Sigma's about the rule is part of what it asks."""
    from converter.pack import load_pack

    one = imported(NEVER_TWO, "eql")
    (tmp_path / "lamp.yml").write_text(one.text)
    (tmp_path / "filter.yml").write_text(
        "title: Not here\nid: 00000000-0000-4000-8000-000000000009\nlogsource: {product: elastic}\nfilter:\n"
        "  rules: [9d1a7c52-6f0b-4a3e-8c11-2b7d3e5f9a01]\n  selection: {host.id: here}\n  condition: not selection\n"
    )
    pack = load_pack([tmp_path])
    (rule,) = (loaded for loaded in pack.rules if loaded.rule.title == "Lamp")
    outcome = compile_rule(rule, target("elastic"), {}, frozenset())
    assert "T111" in {told.code for told in outcome.diagnostics}


def test_a_kind_without_the_language_is_refused() -> None:
    """A kept query in a language that the rule's kind does not have is told, not written."""
    text = imported(WORDS).text.replace("    elastic:\n", "    elastic:\n      kind: eql\n", 1)
    assert {one.code for one in built(text).diagnostics} == {"T104"}


def test_what_the_build_loses_the_import_has() -> None:
    """The direction turns round: where the build is wider than the detection, the detection is narrower than the query."""
    one = imported(JOINED, "eql")
    assert {(loss.code, loss.direction) for loss in one.losses} == {("R132", Fidelity.NARROWER)}


def test_an_import_again_takes_the_new_query_and_leaves_a_persons_detection(tmp_path: Path) -> None:
    """Beside edits elsewhere the source's new query is built; where a person changed the detection, that is, whatever else comes in."""
    first, newer = imported(WORDS).text, imported(WORDS.replace("off", "on")).text
    described = imported(WORDS).text.replace("A lamp.", "Another lamp.")
    for number, (mine, theirs, query, codes) in enumerate(
        (
            (("level: low", "level: high"), newer, WORDS.replace("off", "on"), set()),
            (("Get-Lamp", "Get-Light"), described, None, {"T110", "T111"}),
        )
    ):
        folder = tmp_path / str(number)
        reimport(folder, {"lamp.yml": first.encode()}, force=False)
        file = folder / "lamp.yml"
        file.write_text(first.replace(*mine, 1))
        placed = reimport(folder, {"lamp.yml": theirs.encode()}, force=False)
        assert len(placed.joined) == 1, [one.render() for one in placed.told]
        assert mine[1] in file.read_text()
        outcome = built(file.read_text())
        assert {one.code for one in outcome.diagnostics} == codes
        assert query is None or query_of(outcome) == query
