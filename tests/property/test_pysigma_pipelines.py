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
RENAMED = {
    kind: [one.name for one in dataclasses.fields(made) if one.init and not one.name.startswith("_")]
    for kind, made in transformations.items()
}
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
