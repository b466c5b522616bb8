"""A rules file is read as the oldest engine that it lets load it would read it."""

from __future__ import annotations

import pytest

from converter.languages.falco import profile_of
from converter.model import Diagnostic
from converter.verify.readings import Artifact, read_artifact

EVENT = {"kind": "Event", "auditID": "1", "stageTimestamp": "2026-01-01T00:00:00Z", "verb": "get", "user": {"groups": ["a", "b"]}}


def _file(engine: str, condition: str) -> Artifact:
    text = (
        f"- required_engine_version: {engine}\n- rule: A rule\n  desc: A rule\n  condition: {condition}\n"
        "  output: A rule\n  priority: WARNING\n  source: k8s_audit\n"
    )
    return Artifact("rule.yaml", text.encode(), "1", "kubernetes_audit", {})


@pytest.mark.parametrize(
    ("engine", "profile"),
    [("0.38.0", "0.38"), ("0.42.9", "0.38"), ("0.43.0", "0.39"), ("0.62.0", "0.39"), ("0.63.0", "0.44"), ("1.0.0", "0.44")],
)
def test_profile_of_an_engine(engine: str, profile: str) -> None:
    """Between two known versions the older one's language counts."""
    assert profile_of(engine) == profile


@pytest.mark.parametrize(
    ("engine", "condition", "reads"),
    [
        ("0.38.0", 'ka.verb regex "g.*"', False),
        ("0.43.0", 'ka.verb regex "g.*"', True),
        ("0.43.0", 'join(",", ka.user.groups) contains "a,b"', False),
        ("0.63.0", 'join(",", ka.user.groups) contains "a,b"', True),
    ],
)
def test_what_an_older_engine_does_not_read_is_refused(engine: str, condition: str, reads: bool) -> None:
    """A file that asks for an engine without its operators cannot be read."""
    answer = read_artifact("falco", _file(engine, condition), [EVENT])
    assert isinstance(answer, Diagnostic) is not reads
    assert isinstance(answer, Diagnostic) or answer == [True]
