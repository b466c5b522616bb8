"""Random queries there and back: a rule is built whatever it asks, and is the same rule after another import."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.model import Status
from converter.pack import RuleFile, compile_rule, load_bytes, settled
from converter.readers.elastic_rules import Imported, Outcome, import_toml
from converter.targets import target

FIELDS = st.sampled_from(
    ["process.name", "process.args", "source.ip", "destination.port", "message", "host.os.type", "lamp.state", "process.pid"]
)
WORDS = st.sampled_from(
    ["lamp.exe", "10.0.0.1", "10.0.0.0/8", "445", "true", "*x*", "x*", "-5", "5.5", "ÄB", "not", "x:y", "Off", "C:\\\\*"]
)
INDICES = st.sampled_from(["logs-endpoint.events.*", "logs-kubernetes.audit_logs-*", "logs-windows.sysmon_operational-*"])
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
COMMON = (
    st.builds("{}:{}".format, FIELDS, st.sampled_from(["445", "lamp*", "*x*", "true", "Off"])),
    st.builds('{}:"{}"'.format, FIELDS, WORDS),
    st.builds("{}:*".format, FIELDS),
)
KQL = (
    *COMMON,
    st.builds('{}:("{}" or x*)'.format, FIELDS, WORDS),
    st.builds('{}:("{}" and Off)'.format, FIELDS, WORDS),
    st.builds("{} >= {}".format, FIELDS, st.integers(0, 99)),
)
LUCENE = (
    *COMMON,
    st.builds("{}:/{}/".format, FIELDS, st.sampled_from(["a.c", "[ab]+x", "x|yz", ".*lamp.*", "a{2,3}b"])),
    st.builds("{}:[1 TO {}]".format, FIELDS, st.integers(2, 99)),
    st.builds("_exists_:{}".format, FIELDS),
)
EQL = (
    st.builds('{} {} "{}"'.format, FIELDS, st.sampled_from(["==", "!=", ":", "like", "like~", "regex"]), WORDS),
    st.builds('{} {} ("{}", "off")'.format, FIELDS, st.sampled_from(["in", "in~", "not in"]), WORDS),
    st.builds("{} {} null".format, FIELDS, st.sampled_from(["==", "!="])),
    st.builds("{} {} {}".format, FIELDS, st.sampled_from(["==", "<", ">="]), st.integers(0, 9)),
    st.builds('{}({}, "{}")'.format, st.sampled_from(["startsWith~", "stringContains", "cidrMatch"]), FIELDS, WORDS),
    st.builds("length({}) > 3".format, FIELDS),
)


def tree(atoms: tuple[st.SearchStrategy[str], ...], upper: bool = False) -> st.SearchStrategy[str]:
    """Return conditions of a language."""

    def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda one, word, other: f"({one} {word.upper() if upper else word} {other})",
            inner,
            st.sampled_from(["and", "or", "and not"]),
            inner,
        )

    return st.recursive(st.one_of(*atoms), grouped, max_leaves=5)


@st.composite
def sequence(draw: st.DrawFn) -> str:
    """Return a sequence of EQL."""
    steps = [f"[any where {draw(st.one_of(*EQL))}]{draw(st.sampled_from(['', ' with runs=2', ' with runs=11']))}" for _ in range(2)]
    by = draw(st.sampled_from(["", " by host.id", " by source.ip", " by ?user.id"]))
    return f"sequence{by}{draw(st.sampled_from([' with maxspan=1m', ' with maxspan=1500ms', '']))} {' '.join(steps)}"


QUERIES = {
    "kuery": tree(KQL),
    "lucene": tree(LUCENE, upper=True),
    "eql": st.builds("{} where {}".format, st.sampled_from(["any", "process"]), tree(EQL)),
    "sequence": sequence(),
}


def imported(data: bytes) -> Imported:
    return next(settled([import_toml(data, "lamp.toml")]))


def built(one: Imported) -> tuple[Status, bytes]:
    """Return how exact the build of a rule is, what it accepts aside, and the file."""
    loaded, errors = load_bytes(one.text.encode(), RuleFile(Path("lamp.yml"), "lamp.yml", "lamp"))
    assert not errors, [told.render() for told in errors]
    outcome = compile_rule(loaded[0], target("elastic"), {}, frozenset())
    assert outcome.compilation is not None, [told.render() for told in outcome.diagnostics]
    assert outcome.allowed, [told.render() for told in outcome.diagnostics]
    (artifact,) = target("elastic").package([outcome.compilation], ["lamp"], {})
    lossless = all(loss.accepted for loss in outcome.losses)
    return Status.EXACT if lossless else outcome.status, artifact.data


def plain(one: Imported) -> list[dict[str, Any]]:
    """Return the documents without detections, which may be grouped otherwise."""
    found = []
    for document in yaml.safe_load_all(one.text):
        document.pop("detection", None)
        found.append(document)
    return found


@pytest.mark.parametrize("name", QUERIES)
def test_what_is_imported_comes_back(name: str) -> None:
    """Exact or not: it is built, and imported again it is called the same and has the same keys; exact is built exactly."""
    counts: Counter[str] = Counter()

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(QUERIES[name], INDICES)
    def law(query: str, index: str) -> None:
        language = "eql" if name == "sequence" else name
        kind = "eql" if language == "eql" else "query"
        text = f"{HEAD}type = \"{kind}\"\nlanguage = \"{language}\"\nindex = [\"{index}\"]\nquery = '''\n{query}\n'''\n"
        first = imported(text.encode())
        counts[first.status.value] += 1
        if first.status is not Outcome.CANONICAL:
            return
        status, data = built(first)
        second = imported(data)
        assert (second.status, second.exact) == (first.status, first.exact), (query, second.losses, second.diagnostics)
        assert plain(second) == plain(first), query
        assert not first.exact or status is Status.EXACT, query
        counts["kept" if first.keeps else "written"] += 1
        counts["exact"] += first.exact

    law()
    assert counts["canonical"] > 20, counts
    assert counts["exact"] > 3, counts
    assert counts["kept"] > 0, counts
