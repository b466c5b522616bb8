"""ES|QL of a rule: its indices, its version, columns that an index may lack, and what our reading is worth."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.languages import esql
from converter.model import Diagnostic, Evidence, Fidelity, Status
from converter.pack import Loaded, compile_rule, load_pack
from converter.targets import target
from converter.verify.compare import compare, questions
from converter.verify.readings import Artifact

ELASTIC = target("elastic")
ALL = frozenset({Fidelity.NARROWER, Fidelity.MIXED, Fidelity.UNKNOWN})
HEAD = """title: A rule
id: 6e0f2a61-8f0b-4b57-9a0c-0d8c2f5b7a11
logsource: {{{logsource}}}
detection:
{detection}
x-converter:
  targets: {{elastic: {{language: esql}}}}
  tests:
    - {{name: one, match: true, event: {event}}}
"""


def rule(folder: Path, detection: str, logsource: str, event: str = "{a: b}") -> Loaded:
    path = folder / "rule.yml"
    path.write_text(HEAD.format(logsource=logsource, detection=detection, event=event), encoding="utf-8")
    return load_pack([path]).rules[0]


KUBERNETES = "product: kubernetes, service: audit"
BITS = "product: windows, service: bits-client"


@pytest.mark.parametrize(
    ("detection", "lost"),
    [
        ("  a: {EventID: 1, RemoteName: x}\n  condition: a", False),
        ("  a: {EventID: 1}\n  b: {RemoteName: x}\n  condition: a and not b", True),
        ("  a: {EventID: 1}\n  b: {RemoteName: x}\n  condition: a or b", True),
        ("  a: {RemoteName: x}\n  b: {RemoteName: y}\n  condition: a and not b", False),
        ("  a: {RemoteName: null, EventID: 1}\n  condition: a", True),
    ],
)
def test_columns_that_come_with_an_event(tmp_path: Path, detection: str, lost: bool) -> None:
    """A field without a column yet loses something where an event that lacks it could match."""
    outcome = compile_rule(rule(tmp_path, detection, BITS), ELASTIC, {}, ALL)
    assert outcome.compilation is not None
    assert ("T117" in {one.code for one in outcome.losses}) is lost, outcome.compilation.parts
    if lost:
        assert next(one for one in outcome.losses if one.code == "T117").direction is Fidelity.NARROWER


def test_indices(tmp_path: Path) -> None:
    """FROM has the log source's indices, or those that an option names; TOML has no key for them."""
    loaded = rule(tmp_path, "  a: {verb: get}\n  condition: a", KUBERNETES)
    own = compile_rule(loaded, ELASTIC, {}, ALL).compilation
    named = compile_rule(loaded, ELASTIC, {"index": ["logs-a-*", "remote:b", "c d"]}, ALL).compilation
    assert own is not None
    assert named is not None
    assert own.parts["query"].startswith("FROM logs-kubernetes.audit_logs-* METADATA _id, _index, _version\n| WHERE ")
    assert named.parts["query"].startswith('FROM logs-a-*, remote:b, "c d" METADATA')
    assert b"\nindex = " not in ELASTIC.package([named], ["rule"], {})[0].data


def test_functions_of_a_newer_stack(tmp_path: Path) -> None:
    """A test among several values needs 9.2, and says so where the stack is older."""
    loaded = rule(tmp_path, "  a: {user.groups: ops}\n  condition: a", KUBERNETES)
    assert compile_rule(loaded, ELASTIC, {}, ALL).status is Status.EXACT
    older = compile_rule(loaded, ELASTIC, {"stack": "8.19"}, ALL)
    assert older.status is Status.UNSUPPORTED
    assert any(one.code == "T110" and "before Elastic 9.2" in one.message for one in older.diagnostics)
    assert compile_rule(loaded, ELASTIC, {"stack": "9.2"}, ALL).status is Status.EXACT


def test_depth(tmp_path: Path) -> None:
    """A condition deeper than the engine reads is refused, and a long list is one IN."""
    names = "".join(f"  s{at}: {{verb: v{at}}}\n" for at in range(80))
    deep = "s0" + "".join(f" {'or' if at % 2 else 'and'} (s{at}" for at in range(1, 80)) + ")" * 79
    outcome = compile_rule(rule(tmp_path, f"{names}  condition: {deep}", KUBERNETES), ELASTIC, {}, ALL)
    assert outcome.status is Status.UNSUPPORTED
    assert any("groups in groups" in one.message for one in outcome.diagnostics)
    names = "".join(f"  s{at}: {{verb: v{at}}}\n  t{at}: {{userAgent: u{at}}}\n" for at in range(11))
    near = "s0" + "".join(f" {'or' if at % 2 else 'and'} not (s{at} and t{at}" for at in range(1, 11)) + ")" * 10
    made = compile_rule(rule(tmp_path, f"{names}  condition: {near}", KUBERNETES), ELASTIC, {}, ALL).compilation
    assert made is not None
    assert not isinstance(esql.read(made.parts["query"]), Diagnostic), made.diagnostics
    values = ", ".join(f"v{at}" for at in range(3000))
    long = compile_rule(rule(tmp_path, f"  a: {{objectRef.name: [{values}]}}\n  condition: a", KUBERNETES), ELASTIC, {}, ALL)
    assert long.compilation is not None
    assert long.compilation.parts["query"].count(" IN (") == 1


def test_reading_refutes_and_does_not_prove(tmp_path: Path) -> None:
    """An output that our reading agrees with stays declared; one that it refutes fails."""
    loaded = rule(tmp_path, "  a: {verb: get}\n  condition: a", KUBERNETES, event="{verb: get}")
    made = compile_rule(loaded, ELASTIC, {}, ALL).compilation
    assert made is not None
    assert loaded.tree is not None
    data = ELASTIC.package([made], ["rule"], {})[0].data
    asked = questions(loaded, loaded.tree)
    agreed = compare(loaded, loaded.tree, Artifact("rule.toml", data, loaded.rule.id, "kubernetes_audit"), "elastic", Status.EXACT, asked)
    assert (agreed.evidence, agreed.failed) == (Evidence.DECLARED, False)
    broken = Artifact("rule.toml", data.replace(b'== "get"', b'== "put"'), loaded.rule.id, "kubernetes_audit")
    refuted = compare(loaded, loaded.tree, broken, "elastic", Status.EXACT, asked)
    assert refuted.failed
    assert {one.code for one in refuted.diagnostics} == {"V003"}
    unread = Artifact("rule.toml", data.replace(b'== "get"', b'= "get"'), loaded.rule.id, "kubernetes_audit")
    assert {one.code for one in compare(loaded, loaded.tree, unread, "elastic", Status.EXACT, asked).diagnostics} == {"R300"}
