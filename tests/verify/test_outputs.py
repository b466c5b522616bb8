"""The committed outputs: what the compiler makes of rules/, and what they select of real events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converter.model import Diagnostic, Fidelity, Status
from converter.pack import Request, build, load_pack
from converter.synthesis import SolverMissingError
from converter.targets import NAMES, target
from converter.verify import examples, verify
from converter.verify.coverage import decided
from converter.verify.readings import Artifact, read_artifact

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = sorted(path.relative_to(ROOT / "rules").with_suffix("").as_posix() for path in (ROOT / "rules").rglob("*.yml"))
AUDIT = [rule for rule in RULES if rule.startswith("kubernetes/audit/")]
NOT_EXACT = {
    ("kubernetes/audit/anonymous_access", "elastic"): Status.MIXED,
    ("kubernetes/audit/kube_system_config_map_changed", "elastic"): Status.NARROWER,
    ("kubernetes/audit/kube_system_config_map_changed", "splunk"): Status.NARROWER,
    ("kubernetes/audit/kube_system_config_map_changed", "falco"): Status.WIDER,
    ("kubernetes/audit/service_account_token_made", "elastic"): Status.NARROWER,
    ("kubernetes/audit/service_account_token_made", "splunk"): Status.NARROWER,
    ("kubernetes/audit/sensitive_host_path_mounted", "falco"): Status.WIDER,
    ("aws/cloudtrail/trail_stopped", "splunk"): Status.WIDER,
}
"""Outputs that lose something, on purpose: each has its reason beside the rule, or matches more only."""
ABSENT = (Status.DISABLED, Status.NO_SOURCE)
ENDINGS = {"elastic": "toml", "splunk": "conf", "falco": "yaml", "python": "py"}


def _artifact(name: str, rule: str) -> Artifact:
    folder = ROOT / "output" / name
    context = {"macros.conf": (folder / "macros.conf").read_bytes()} if name == "splunk" else {}
    path = f"{rule}.{ENDINGS[name]}"
    return Artifact(path, (folder / path).read_bytes(), rule, "kubernetes_audit", context)


def _captured(corpora: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the captured audit events with their file's name; a file holds one event or a line for each."""
    found = []
    for path in sorted((corpora / "events" / "k8s_audit" / "captured").glob("*.json")):
        text = path.read_text(encoding="utf-8")
        try:
            found.append((path.name, json.loads(text)))
        except ValueError:
            found += [(path.name, json.loads(line)) for line in text.splitlines() if line.strip()]
    return found


def test_outputs_are_what_the_compiler_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte: a change of the compiler shows as a change of output/, which a person reads."""
    monkeypatch.chdir(ROOT)
    report = build(Request([Path("rules")], [target(name) for name in NAMES], Path("output"), {}, frozenset(), check=True))
    assert (report.changed, report.removed, report.diagnostics) == ((), (), ())
    statuses = {(row.outcome.loaded.output, row.outcome.target): row.outcome.status for row in report.rows}
    assert set(statuses) == {(rule, name) for rule in RULES for name in NAMES}
    assert {key: status for key, status in statuses.items() if status is not Status.EXACT and status not in ABSENT} == NOT_EXACT


@pytest.mark.parametrize("rule", RULES)
def test_every_part_has_its_events(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The written tests alone decide every atom: one matches through it alone, one it alone keeps out."""
    monkeypatch.chdir(ROOT)
    loaded = load_pack([Path(f"rules/{rule}.yml")]).rules[0]
    assert loaded.tree is not None
    assert all(decided(loaded.tree, [one.event for one in examples(loaded)[0]]))


def test_every_output_means_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each artifact answers as its rule on all events and variants, and every atom is decided."""
    monkeypatch.chdir(ROOT)
    done = verify(load_pack([Path("rules")]), NAMES, Path("output"), "reader")
    assert len({verdict.artifact for verdict in done.verdicts}) == len(done.verdicts) > 3 * len(RULES)
    for verdict in done.verdicts:
        assert not verdict.failed, (verdict.artifact, [one.render() for one in verdict.diagnostics])
        assert verdict.measured is not None
        assert verdict.measured.events > 40, verdict.artifact
        assert verdict.measured.atoms_covered == verdict.measured.atoms


@pytest.mark.corpus
@pytest.mark.parametrize("name", NAMES)
def test_seed_selects_the_recorded_exec_only(name: str, corpora: Path) -> None:
    """Of the captured audit events the first rule selects one, on every target."""
    captured = _captured(corpora)
    events = [event for _, event in captured]
    answers = read_artifact(name, _artifact(name, "kubernetes/audit/user_exec_into_pod"), events)
    assert not isinstance(answers, Diagnostic), answers.render()
    assert [file for (file, _), answer in zip(captured, answers, strict=True) if answer] == ["exec_pod.json"]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule in AUDIT for name in NAMES if (ROOT / "output" / name / f"{rule}.{ENDINGS[name]}").exists()]
)
def test_outputs_agree_on_recorded_events(rule: str, name: str, corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On captured events and templates that the target admits, each output answers as its rule."""
    from converter.data import falco_events
    from converter.ir import evaluate

    monkeypatch.chdir(ROOT)
    loaded = load_pack([Path(f"rules/{rule}.yml")]).rules[0]
    assert loaded.tree is not None
    folder = corpora / "events" / "k8s_audit"
    events = [event for _, event in _captured(corpora)]
    events += [json.loads(line) for line in (folder / "templates_179.jsonl").read_text(encoding="utf-8").splitlines()]
    if name == "falco":  # the plugin drops events without a time stamp, and without an id sees nothing of them
        events = [one for one in events if falco_events(one) and one.get("auditID")]
    answers = read_artifact(name, _artifact(name, rule), events)
    assert not isinstance(answers, Diagnostic), answers.render()
    expected = [evaluate(loaded.tree, one) for one in events]
    assert len(events) > 50
    assert answers == expected


def test_a_refuted_artifact_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An output that lost a part of its rule fails, with an event and both answers."""
    monkeypatch.chdir(ROOT)
    request = Request([Path("rules/kubernetes/audit/user_exec_into_pod.yml")], [target("falco")], tmp_path, {}, frozenset())
    build(request)
    path = tmp_path / "falco" / "kubernetes/audit/user_exec_into_pod.yaml"
    text = path.read_text(encoding="utf-8")
    assert "exec" in text
    path.write_text(text.replace(' = \\"exec\\"', ' != \\"nothing\\"').replace(" = 'exec'", " != 'nothing'"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != text
    verdict = verify(load_pack(request.paths), ["falco"], tmp_path, "reader").verdicts[0]
    assert verdict.failed
    assert verdict.measured is not None
    first = verdict.measured.disagreements[0]
    assert (first.expected, first.got) == (False, True)


def test_an_exact_claim_without_events_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule without tests is not verified by them; without python-sat there are no other events."""

    def missing(*_given: object) -> None:
        raise SolverMissingError

    monkeypatch.setattr("converter.verify.synthesized.synthesize", missing)
    monkeypatch.chdir(tmp_path)
    source = (ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml").read_text(encoding="utf-8")
    Path("rules").mkdir()
    Path("rules/one.yml").write_text(source[: source.index("  tests:")], encoding="utf-8")
    build(Request([Path("rules")], [target("python")], Path("output"), {}, frozenset({Fidelity.UNKNOWN})))
    verdict = verify(load_pack([Path("rules")]), ["python"], Path("output"), "reader").verdicts[0]
    assert verdict.status is Status.UNKNOWN
    assert verdict.failed
    assert {one.code for one in verdict.diagnostics} == {"V004"}
