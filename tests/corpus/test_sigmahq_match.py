"""SigmaHQ's rules over real logs: what must fire, and that no rule is asked of another source's events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from converter.cli.events import read_events
from converter.ir import evaluate, unevaluable
from converter.match import Asked, Matcher, Seen, admissions, see
from converter.pack import load_pack

pytestmark = pytest.mark.corpus

SHAPES = {
    "events/windows_sample_3736.jsonl": {"windows_flat"},
    "events/cloudtrail.jsonl": {"cloudtrail"},
    "events/k8s_audit/captured": {"kubernetes_audit", "kubernetes_audit_version"},
    "events/k8s_audit/templates_179.jsonl": {"kubernetes_audit", "kubernetes_audit_cut"},
    **{
        f"events/elastic_pipeline/{stream}/input": {shape}
        for stream, shape in {
            "atlassian_bitbucket__audit": "bitbucket_audit",
            "aws__cloudtrail": "cloudtrail",
            "azure__activitylogs": "azure",
            "azure__signinlogs": "azure",
            "cisco_duo__auth": "cisco_duo",
            "gcp__audit": "gcp_audit",
            "github__audit": "github_audit",
            "google_workspace__login": "google_workspace",
            "okta__system": "okta",
            "opencanary__events": "opencanary",
            "sysmon_linux__log": "winlogbeat",
            "windows__forwarded": "winlogbeat",
            "windows__sysmon_operational": "winlogbeat",
            "winlogbeat__powershell": "winlogbeat",
            "winlogbeat__security": "winlogbeat",
            "winlogbeat__sysmon": "winlogbeat",
            "zeek__dce_rpc": "zeek_dce_rpc",
            "zeek__dns": "zeek_dns",
            "zeek__http": "zeek_http",
            "zeek__kerberos": "zeek_kerberos",
            "zeek__rdp": "zeek_rdp",
            "zeek__smb_files": "zeek_smb_files",
            "zeek__x509": "zeek_x509",
        }.items()
    },
}
NOTHING = {"kind": 0}
"""A recorded call of Falco's plugin that is no audit event: it shows no source."""
PRODUCTS = {
    "events/windows_sample_3736.jsonl": {"windows"},
    "events/cloudtrail.jsonl": {"aws"},
    "events/k8s_audit/captured": {"kubernetes"},
    "events/elastic_pipeline/winlogbeat__sysmon/input": {"windows"},
    "events/elastic_pipeline/sysmon_linux__log/input": {"linux"},
    "events/elastic_pipeline/zeek__dns/input": {"zeek"},
    "events/elastic_pipeline/okta__system/input": {"okta"},
    "events/elastic_pipeline/azure__signinlogs/input": {"azure"},
}
"""Of some logs, the only products whose rules may be asked."""


@pytest.fixture(scope="module")
def rules(corpora: Path) -> tuple[Asked, ...]:
    """All rules of SigmaHQ that have a meaning."""
    loaded = load_pack([corpora / "corpora" / "sigmahq"]).rules
    return tuple(Asked(one.rule, one.tree) for one in loaded if one.tree is not None and not unevaluable(one.tree, one.rule.source))


def _events(path: Path) -> Iterator[Seen]:
    for found in read_events([str(path)]):
        if found.event is not None:
            yield from (seen for seen in see(found.event) if seen.raw != NOTHING)


def test_every_log_source_of_the_rules_has_rows(rules: tuple[Asked, ...]) -> None:
    """No rule names a log source of which nothing is said."""
    assert {str(one.rule.logsource) for one in rules if not admissions(one.rule.logsource)} == set()


def test_regression_events_fire(corpora: Path, rules: tuple[Asked, ...]) -> None:
    """Each rule with regression events fires on them, as they lie, and so says the oracle; none needs --any-source."""
    matcher = Matcher(rules)
    by_id = {one.rule.id: one for one in rules}
    fired, silent = 0, []
    for info in sorted((corpora / "events" / "sigmahq_regression").rglob("info.yml")):
        for wanted in yaml.safe_load(info.read_text(encoding="utf-8"))["rule_metadata"]:
            rule = by_id[wanted["id"]]
            seen = [event for file in sorted(info.parent.glob("*.json")) for event in _events(file)]
            if any(rule in matcher.matching(event) for event in seen) and any(evaluate(rule.tree, event.event) for event in seen):
                fired += 1
            else:
                silent.append(rule.rule.title)
    assert silent == []
    assert fired == 134


@pytest.mark.parametrize("path", SHAPES)
def test_every_event_is_recognised(corpora: Path, path: str) -> None:
    """Every event of a recorded log has the form of its log."""
    found = Counter(seen.shape.name if seen.shape else "" for seen in _events(corpora / path))
    assert found
    assert set(found) <= SHAPES[path]


@pytest.mark.parametrize("path", PRODUCTS)
def test_no_rule_of_another_source_is_asked(corpora: Path, rules: tuple[Asked, ...], path: str) -> None:
    """Events of one source meet rules of no other product, and not all of its own."""
    matcher = Matcher(rules)
    for seen in list(_events(corpora / path))[:400]:
        asked = matcher.asked(seen)
        assert {one.rule.logsource.product for one in asked} <= PRODUCTS[path]
        assert len(asked) < 1600


def test_the_index_answers_as_the_oracle(corpora: Path, rules: tuple[Asked, ...]) -> None:
    """On real events the rules found are those that the oracle finds among the admitted."""
    matcher = Matcher(rules)
    events = list(_events(corpora / "events" / "windows_sample_3736.jsonl"))[::400]
    for seen in events:
        assert matcher.matching(seen) == [one for one in matcher.asked(seen) if evaluate(one.tree, seen.event)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "product", "alerts"),
    [("process_creation_2021.jsonl.xz", "windows", 591), ("k8s_synthetic_50k.jsonl.xz", "kubernetes", 15_873)],
)
def test_as_many_alerts_as_another_engine(corpora: Path, rules: tuple[Asked, ...], file: str, product: str, alerts: int) -> None:
    """On recorded process creations and synthetic audit events, rsigma 0.26, routed by log source, gives as many alerts."""
    matcher = Matcher(one for one in rules if one.rule.logsource.product == product)
    assert sum(len(matcher.matching(seen)) for seen in _events(corpora / "events" / "bench" / file)) == alerts
