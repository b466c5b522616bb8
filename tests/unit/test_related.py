"""Rules together: filters are part of their rules, correlations lead to theirs, placeholders have the pack's values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import evaluate
from converter.pack import Loaded, Pack, RuleFile, load_bytes, load_pack

RULE = """\
title: rule
id: 00000000-0000-4000-8000-000000000001
name: one
logsource: {product: windows, category: process_creation}
detection:
  selection_a: {a: 1}
  selection_b: {b: 1}
  filter: {c: 1}
  condition: CONDITION
"""
FILTER = """\
title: a filter
id: 00000000-0000-4000-8000-000000000002
logsource: {product: windows}
filter:
  rules: [one]
  selection_a: {x: 1}
  filter: {y: 1}
  _hidden: {z: 1}
  condition: CONDITION
"""
CORRELATION = """\
title: several
id: 00000000-0000-4000-8000-000000000003
name: several
correlation: {type: event_count, rules: [RULES], group-by: [u], timespan: 5m, condition: {gte: 3}}
"""


def load(*documents: str, placeholders: dict[str, tuple[str, ...]] | None = None) -> tuple[Loaded, ...]:
    found, errors = load_bytes("---\n".join(documents).encode(), RuleFile(Path("r.yml"), "r.yml", "r"), None, placeholders)
    assert errors == ()
    return found


def codes(loaded: Loaded) -> list[tuple[str, int]]:
    return [(one.code, one.span.line) for one in loaded.diagnostics if one.span]


CONDITIONS = ["selection_a", "1 of selection_*", "all of them", "selection_a or selection_b and not filter", "1 of them", "any of *"]
FILTERS = [
    "not selection_a",
    "not (1 of them)",
    "selection_a and not filter",
    "filter or not 1 of selection_*",
    "all of them",
    "not _hidden",
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CONDITIONS), st.sampled_from(FILTERS), st.sets(st.sampled_from("abcxyz")))
def test_a_filtered_rule_is_the_rule_and_the_filter(condition: str, wanted: str, fields: set[str]) -> None:
    """Names and selectors of the one never mean detections of the other."""
    event = dict.fromkeys(sorted(fields), 1)
    alone = load(RULE.replace("CONDITION", condition))[0].tree
    own = load(FILTER.replace("filter:\n  rules: [one]\n", "detection:\n").replace("CONDITION", wanted))[0].tree
    both = load(RULE.replace("CONDITION", condition), FILTER.replace("CONDITION", wanted))[0].tree
    assert alone is not None
    assert own is not None
    assert both is not None
    assert evaluate(both, event) is (evaluate(alone, event) and evaluate(own, event))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("wanted", FILTERS[:-1])
def test_a_filtered_rule_is_what_pysigma_makes_of_it(condition: str, wanted: str) -> None:
    """Over all events of the six fields, pySigma's filtered rule and ours answer the same.

    Without names that begin with ``_``: pySigma 1.5.1 writes another name into a filter's condition than it gives the detection, and
    its ``them`` takes them in.
    """
    from itertools import product

    from sigma.collection import SigmaCollection

    from converter.ir import lower_piped

    ours = load(RULE.replace("CONDITION", condition), FILTER.replace("CONDITION", wanted).replace("  _hidden: {z: 1}\n", ""))[0]
    text = RULE.replace("CONDITION", condition) + "---\n" + FILTER.replace("CONDITION", wanted).replace("  _hidden: {z: 1}\n", "")
    theirs = lower_piped(SigmaCollection.from_yaml(text).rules[0], ours.rule, lambda _: (0, (0,), ()))
    assert not isinstance(theirs, tuple)
    assert ours.tree is not None
    for values in product((0, 1), repeat=6):
        event = dict(zip("abcxyz", values, strict=True))
        assert evaluate(ours.tree, event) is evaluate(theirs, event)


def test_an_atom_of_a_filter_keeps_its_place() -> None:
    """A diagnostic on a filter's part shows the filter's file and line."""
    from converter.ir import atoms

    files = {"r.yml": RULE.replace("CONDITION", "selection_a"), "f.yml": "\n\n" + FILTER.replace("CONDITION", "not filter")}
    loaded = _pack(files).rules[0]
    assert loaded.tree is not None
    spans = [loaded.rule.source.span(one.offsets) for one in atoms(loaded.tree)]
    assert [(Path(one.path).name, one.line, one.column, one.text.strip()) for one in spans] == [
        ("r.yml", 6, 20, "selection_a: {a: 1}"),
        ("f.yml", 9, 15, "filter: {y: 1}"),
    ]


def _pack(files: dict[str, str], *given: str) -> Pack:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text)
        return load_pack([Path(folder) / name for name in given] or [Path(folder)], Path(folder))


def test_a_filter_elsewhere_in_the_pack_is_applied() -> None:
    """Building one file gives the same rule as building all."""
    files = {"r.yml": RULE.replace("CONDITION", "selection_a"), "f.yml": FILTER.replace("CONDITION", "not filter")}
    one = next(loaded for loaded in _pack(files, "r.yml").rules)
    whole = next(loaded for loaded in _pack(files).rules)
    assert one.tree == whole.tree


def test_a_correlation_elsewhere_in_the_pack_takes_its_rule() -> None:
    """The rule is a part also when only its own file is given; 'generate' gives it back."""
    files = {"r.yml": RULE.replace("CONDITION", "selection_a"), "c.yml": CORRELATION.replace("RULES", "one")}
    assert _pack(files, "r.yml").rules[0].part_of == "several"
    files["c.yml"] = files["c.yml"].replace("}}", "}, generate: true}")
    assert _pack(files, "r.yml").rules[0].part_of == ""


def test_a_filter_of_another_log_source_is_told() -> None:
    """It names the rule, and is not applied."""
    other = FILTER.replace("CONDITION", "not filter").replace("product: windows", "product: linux")
    pack = _pack({"r.yml": RULE.replace("CONDITION", "selection_a"), "f.yml": other})
    assert [(one.code, one.severity.label) for one in pack.diagnostics] == [("M018", "warning")]
    assert pack.rules[0].tree == load(RULE.replace("CONDITION", "selection_a"))[0].tree


def test_a_filter_of_nothing_is_told() -> None:
    """A reference that leads nowhere is a warning at its place."""
    pack = _pack({"f.yml": FILTER.replace("CONDITION", "not filter")})
    assert [(one.code, one.span and (one.span.line, one.span.column)) for one in pack.diagnostics] == [("M013", (5, 11))]


def test_a_broken_filter_costs_its_rules_their_meaning() -> None:
    """A rule is never built without a filter that was meant for it."""
    pack = _pack({"r.yml": RULE.replace("CONDITION", "selection_a"), "f.yml": FILTER.replace("CONDITION", "not nothing")})
    assert pack.rules[0].tree is None
    assert {one.code for one in pack.diagnostics} == {"M004", "M017"}


def test_a_chain_is_linked_by_id_and_by_name() -> None:
    """References in upper case are the same id; parts stand in the order of the section."""
    outer = (
        CORRELATION.replace("RULES", "several, 00000000-0000-4000-8000-00000000000A").replace("several\n", "outer\n").replace("03", "04")
    )
    other = RULE.replace("CONDITION", "filter").replace("0001", "000a").replace("name: one\n", "")
    found = load(outer, CORRELATION.replace("RULES", "one"), RULE.replace("CONDITION", "selection_a"), other)
    linked = found[0].linked
    assert linked is not None
    assert [part.rule.title for part in linked.parts] == ["several", "rule"]
    assert linked.parts[0].meaning == found[1].linked
    assert [one.part_of for one in found] == ["", "outer", "several", "outer"]


WRONG = [
    ("missing", CORRELATION.replace("RULES", "two"), [("M013", 4)]),
    ("itself", CORRELATION.replace("RULES", "several"), [("M015", 4)]),
    (
        "an alias of no rule",
        CORRELATION.replace("RULES", "one").replace("timespan", "aliases: {u: {one: v, two: w}}, timespan"),
        [("M016", 4)],
    ),
    ("an alias without its rule", CORRELATION.replace("RULES", "one").replace("timespan", "aliases: {u: {}}, timespan"), [("M016", 4)]),
    ("a number of ordered rules", CORRELATION.replace("RULES", "one").replace("event_count", "temporal_ordered"), [("M016", 4)]),
]


@pytest.mark.parametrize(("name", "text", "expected"), WRONG, ids=[one[0] for one in WRONG])
def test_what_is_wrong_with_a_correlation(name: str, text: str, expected: list[tuple[str, int]]) -> None:
    """It has no meaning, and its place is told; the other rules keep theirs."""
    found = load(text, RULE.replace("CONDITION", "selection_a"))
    assert found[0].linked is None
    assert codes(found[0]) == expected
    assert found[1].tree is not None


def test_a_name_of_two_rules_is_told() -> None:
    """Which of the two was meant cannot be known."""
    second = RULE.replace("CONDITION", "filter").replace("0001", "0009")
    found = load(CORRELATION.replace("RULES", "one"), RULE.replace("CONDITION", "filter"), second)
    assert codes(found[0]) == [("M014", 4)]


def test_cycles_end() -> None:
    """Two correlations that refer to each other, and one above, are told and linked nowhere."""
    first = CORRELATION.replace("RULES", "second").replace("name: several", "name: first")
    second = CORRELATION.replace("RULES", "first").replace("name: several", "name: second").replace("0003", "0004")
    above = CORRELATION.replace("RULES", "first").replace("name: several", "name: above").replace("0003", "0005")
    found = load(above, first, second)
    assert [one.linked for one in found] == [None, None, None]
    assert {code for one in found for code, _ in codes(one)} == {"M015", "M017"}


def test_a_long_chain_is_refused() -> None:
    """Ten levels are linked, an eleventh is not, in whichever order they are read."""
    rules = [RULE.replace("CONDITION", "filter")]
    for number in range(30):
        lower = f"level{number - 1}" if number else "one"
        level = CORRELATION.replace("RULES", lower).replace("name: several", f"name: level{number}")
        rules.append(level.replace("000000000003", f"0000000001{number:02}"))
    for documents in (rules, rules[::-1]):
        found = load(*documents)
        assert sum(one.linked is not None for one in found) == 10
        assert "M015" in {code for one in found for code, _ in codes(one)}


def test_placeholders_take_the_values_of_the_pack() -> None:
    """Every combination counts, wildcards work, and 'all' stays between the written values."""
    rule = RULE.replace("{a: 1}", "{a|expand|contains|all: ['%x%-%y%', q]}").replace("CONDITION", "selection_a")
    tree = load(rule, placeholders={"x": ("1", "2*"), "y": ("8", "9")})[0].tree
    assert tree is not None
    texts = {"1-8q": True, "q 1-9": True, "23-8 q": True, "2-9": False, "1-7q": False, "%x%-%y%q": False}
    assert {text: evaluate(tree, {"a": text}) for text in texts} == texts


@pytest.mark.parametrize(
    ("written", "text", "expected"),
    [
        (r"\\%x%", "\\abc", True),
        (r"\\%x%", "*c", False),
        (r"\%x%", "%x%", True),
        (r"\%y%x%", "%yabc", True),
        ("%x%", "abc", True),
        (r"c:\%x%", "c:%x%", True),
        (r"%q%*", "a\\b", True),
        (r"%q%*", "a*", False),
    ],
)
def test_what_stands_beside_a_placeholder(written: str, text: str, expected: bool) -> None:
    """A backslash escapes a percent sign and is escaped itself; neither reaches into the value, nor out of it."""
    tree = load(
        RULE.replace("{a: 1}", f"{{a|expand: '{written}'}}").replace("CONDITION", "selection_a"), placeholders={"x": ("*c",), "q": ("a\\",)}
    )[0].tree
    assert tree is not None
    assert evaluate(tree, {"a": text}) is expected


@pytest.mark.parametrize(
    ("values", "item", "code"),
    [
        ({}, "{a|expand: '%x%'}", "M011"),
        ({"y": ("1",)}, "{a|expand: '%x%'}", "M011"),
        ({"x": ()}, "{a|expand: '%x%'}", "M011"),
        ({"x": ("1",)}, "{a|expand|base64: '%x%'}", "M011"),
        ({"x": tuple("abcdefghijk")}, "{a|expand: '%x%%x%%x%'}", "M011"),
    ],
)
def test_placeholders_without_a_meaning(values: dict[str, tuple[str, ...]], item: str, code: str) -> None:
    """A missing value, an encoding and too many combinations are refused at their place, with what to do."""
    found = load(RULE.replace("{a: 1}", item).replace("CONDITION", "selection_a"), placeholders=values)[0]
    assert codes(found) == [(code, 6)]
    assert found.diagnostics[0].help
