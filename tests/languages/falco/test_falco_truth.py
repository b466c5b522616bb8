"""What the engine itself answered: needs the folder that CONVERTER_CORPORA names."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from converter.data import falco_events, falco_values
from converter.languages.falco import Condition, RulesFile, check, check_rule, fields_of, matches, read, read_rules
from converter.model import Diagnostic

FIELDS = fields_of("k8s_audit")
SEED = 'ka.verb = "create" and ka.target.resource = "pods" and ka.target.subresource = "exec" and ka.auth.decision = "allow"'


def matching(condition: Condition, document: dict[str, Any]) -> bool:
    return any(matches(condition, partial(falco_values, event)) for event in falco_events(document))


@pytest.mark.corpus
def test_recorded_conditions(corpora: Path) -> None:
    """Each recorded condition matches the recorded events, and what the engine refused is refused."""
    recorded = json.loads((corpora / "facts" / "falco_truth_engine_0.63.json").read_text(encoding="utf-8"))
    wrong: list[str] = []
    for case in recorded["cases"]:
        condition = read(case["condition"])
        refused = condition if isinstance(condition, Diagnostic) else check(condition, FIELDS)
        found = None
        if refused is None and isinstance(condition, Condition):
            found = [index for index, event in enumerate(recorded["events"]) if matching(condition, event)]
        if found != case.get("matches"):
            wrong.append(f"{case['condition'][:80]}: {found} instead of {case.get('matches', 'an error')}")
    assert len(recorded["cases"]) >= 148
    assert not wrong


@pytest.mark.corpus
def test_upstream_rules_files_are_read(corpora: Path) -> None:
    """All rules files that Falco publishes are read, and every rule on audit events names known fields."""
    files = sorted((corpora / "corpora" / "falco").rglob("*.yaml"))
    checked = 0
    for path in files:
        found = read_rules(path.read_bytes(), path.name)
        assert isinstance(found, RulesFile), found
        assert found.rules
        for rule in found.rules:
            if rule.source == "k8s_audit":
                checked += 1
                assert not check_rule(rule, FIELDS)
    assert len(files) >= 8
    assert checked >= 48


@pytest.mark.corpus
def test_upstream_rules_on_captured_events(corpora: Path) -> None:
    """Published rules fire on the captured events that were recorded to show them."""
    found = read_rules((corpora / "corpora/falco/plugins/k8saudit/rules/k8s_audit_rules.yaml").read_bytes(), "k8s_audit_rules.yaml")
    assert isinstance(found, RulesFile)
    rules = {rule.name: rule.condition for rule in found.rules}
    expected = {
        "create_nginx_pod_privileged": "Create Privileged Pod",
        "create_nginx_pod_privileged_2nd_container": "Create Privileged Pod",
        "create_nginx_pod_sensitive_mount": "Create Sensitive Mount Pod",
        "create_nginx_pod_hostnetwork": "Create HostNetwork Pod",
        "create_cluster_role_wildcard_verbs": "ClusterRole With Wildcard Created",
        "create_cluster_role_pod_exec": "ClusterRole With Pod Exec Created",
        "create_pod_kube_system_namespace": "Pod Created in Kube Namespace",
        "some-user_creates_namespace_foo": "Disallowed K8s User",
        "exec_pod": "Attach/Exec Pod",
    }
    for name, rule in expected.items():
        event = json.loads((corpora / "events/k8s_audit/captured" / f"{name}.json").read_text(encoding="utf-8"))
        assert matching(rules[rule], event), name
    harmless = json.loads((corpora / "events/k8s_audit/captured/create_nginx_pod_unprivileged.json").read_text(encoding="utf-8"))
    assert not [name for name, condition in rules.items() if matching(condition, harmless)]


@pytest.mark.corpus
def test_seed_selects_the_exec_event_only(corpora: Path) -> None:
    """Of all captured events the condition of the seed selects the exec into a pod."""
    condition = read(SEED)
    assert isinstance(condition, Condition)
    selected: list[str] = []
    for path in sorted((corpora / "events/k8s_audit/captured").glob("*.json")):
        lines = path.read_text(encoding="utf-8").splitlines()
        try:
            documents = [json.loads("\n".join(lines))]
        except json.JSONDecodeError:
            documents = [json.loads(line) for line in lines if line.strip()]
        if any(matching(condition, document) for document in documents):
            selected.append(path.stem)
    assert selected == ["exec_pod"]
