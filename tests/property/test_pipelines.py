"""Laws of pipelines: renaming is renaming, and no file brings more than a diagnostic."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.processing.transformations import transformations

from converter.ir import lower
from converter.model import Diagnostic, Rule, Status
from converter.readers import read_rules
from converter.targets import Detection, Pipeline, ResolvedRule, pysigma
from converter.targets import target as target_named
from converter.targets.pysigma.pipeline import facts, read_pipeline

FIELDS = ("User", "Image", "a.b", "CommandLine")
RENAMED = {"User": "user.name", "Image": "process.executable", "a.b": "c", "CommandLine": "CommandLine"}
VALUES = st.one_of(st.text("ab*?\\ ", max_size=5), st.integers(-5, 5), st.none(), st.booleans())
TEXTS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3)
ITEMS = st.one_of(
    st.tuples(st.sampled_from(["", "|cased"]), st.text("ab*", min_size=1, max_size=4)),
    st.tuples(st.sampled_from(["|contains", "|startswith", "|endswith|cased", "|contains|all", "|re"]), TEXTS),
    st.tuples(st.just(""), st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=3))),
    st.tuples(st.just("|exists"), st.booleans()),
    st.tuples(st.just("|fieldref"), st.sampled_from(FIELDS)),
)
MAPS = st.dictionaries(st.sampled_from(FIELDS), ITEMS, min_size=1, max_size=3)
DETECTIONS = st.one_of(MAPS, st.lists(MAPS, min_size=1, max_size=2))
CONDITIONS = st.sampled_from(["s", "not s", "s and not t", "1 of them", "all of them", "not (s or t)"])


def rule_of(sections: dict[str, Any], condition: str) -> Rule | None:
    text = yaml.safe_dump(
        {
            "title": "t",
            "id": "0" * 8 + "-0000-4000-8000-" + "0" * 12,
            "logsource": {"product": "x"},
            "detection": {**sections, "condition": condition},
        },
        sort_keys=False,
    )
    rules, _ = read_rules(text.encode(), "r.yml")
    return rules[0] if rules else None


def written(detection: Any, names: dict[str, str]) -> Any:
    if isinstance(detection, list):
        return [written(one, names) for one in detection]
    return {
        names[field] + modifiers: names[value] if modifiers == "|fieldref" else value for field, (modifiers, value) in detection.items()
    }


@given(s=DETECTIONS, t=DETECTIONS, condition=CONDITIONS)
@settings(max_examples=150, deadline=None)
def test_a_mapping_is_the_rule_with_other_names(s: Any, t: Any, condition: str) -> None:
    """Behind a field mapping a rule means what the same rule means with the names replaced in its text."""
    same = {name: name for name in FIELDS}
    before = rule_of({"s": written(s, same), "t": written(t, same)}, condition)
    after = rule_of({"s": written(s, RENAMED), "t": written(t, RENAMED)}, condition)
    assert before is not None
    assert after is not None
    wanted = lower(after)
    if isinstance(wanted, tuple):
        return
    pipeline = Pipeline("p", {"transformations": [{"type": "field_name_mapping", "mapping": {k: v for k, v in RENAMED.items() if k != v}}]})
    resolved = pysigma.through(before, [pipeline], "python")
    assert isinstance(resolved, ResolvedRule), resolved
    assert isinstance(resolved.meaning, Detection)
    assert without_places(resolved.meaning.tree) == without_places(wanted)


def without_places(tree: Any) -> str:
    return re.sub(r", offsets=\d+", "", repr(tree))


KINDS = st.sampled_from([*facts()["transformations"], *facts()["postprocessing"], *facts()["finalizers"], "nope"])
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text(max_size=4), st.sampled_from(["User", "any", "num", "upper", "$x", "(", "/etc/x"])
)
WORDS = """
id items mapping conditions field fields regex replacement key val value attribute target_type method message type vars path finalizers
rule_conditions detection_item_conditions field_name_conditions rule_cond_op rule_cond_not rule_cond_expr product category template
valid_hash_algos prefix suffix name negated include exclude skip_special User Image
"""
KEYS = st.sampled_from(WORDS.split())
NESTED = st.recursive(SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=8)
PARTS = st.builds(lambda kind, rest: {**rest, "type": kind}, KINDS, st.dictionaries(KEYS, NESTED, max_size=5))
NAMED = {kind: [one.name for one in dataclasses.fields(made) if one.init and one.name[0] != "_"] for kind, made in transformations.items()}
VALID = st.sampled_from(list(NAMED)).flatmap(
    lambda kind: st.fixed_dictionaries({"type": st.just(kind)}, optional={name: NESTED for name in NAMED[kind] if name != "type"})
)
FILES = st.dictionaries(
    st.sampled_from(["name", "priority", "vars", "allowed_backends", "transformations", "postprocessing", "finalizers"]),
    st.one_of(st.lists(VALID, max_size=3), st.lists(PARTS, max_size=3), NESTED),
    max_size=4,
)


@given(content=FILES, kinds=st.sampled_from([["own"], ["bridge"], ["own", "bridge"]]))
@settings(max_examples=300, deadline=None)
def test_no_file_brings_more_than_a_diagnostic(content: Any, kinds: list[str]) -> None:
    """Reading a file gives a pipeline or diagnostics, and going through the pipeline a rule, a status or diagnostics."""
    found = read_pipeline(yaml.safe_dump(content).encode(), "p.yml", kinds)
    if isinstance(found, tuple):
        assert found
        assert all(isinstance(one, Diagnostic) for one in found)
        return
    rule = rule_of({"s": {"User": "ab", "Image|contains": ["x", "y"]}, "t": ["word"]}, "s or t")
    assert rule is not None
    for target in ("python", "elastic", "splunk", "falco"):
        resolved = pysigma.through(rule, [found], target)
        assert isinstance(resolved, ResolvedRule | Status | tuple)
        if isinstance(resolved, ResolvedRule):
            assert target_named(target).compile(resolved, {}).rule.id == rule.id
        pysigma.meant_for_others(found, target)
