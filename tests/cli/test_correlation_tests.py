"""``converter test`` on correlations: events in their times, expected alerts, and tests that are not complete."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inprocess import run

RULE = """\
title: Many failed logons
id: a8418a5a-5fc4-46b5-b23b-6c73beb19d41
correlation: {{type: event_count, rules: [failed], group-by: [User], timespan: 10m, condition: {{gte: 3}}}}
x-converter:
  tests:
    - {test}
---
title: Failed logon
id: 53ba33fd-3a50-4468-a5ef-c583635cfa92
name: failed
logsource: {{product: windows, service: security}}
detection: {{selection: {{EventID: 4625}}, condition: selection}}
"""
THREE = "events: [{at: 0s, event: &f {EventID: 4625, User: a}}, {at: 1m, event: *f}, {at: 10m, event: *f}]"
TIMES = (
    "events: [{at: 2026-03-01T12:00:00Z, event: &f {EventID: 4625, User: a}}, {at: '2026-03-01 12:00:01', event: *f}, "
    "{at: 2026-03-01T14:00:02+02:00, event: *f}]"
)
LOW = "events: [{at: 0s, event: &f {EventID: 4625, User: a}}, {at: 1m, event: *f}, {at: 10m1s, event: *f}]"
OWN = "events: [{event: &f {EventID: 4625, User: a, '@timestamp': 10}}, {event: *f}, {event: {EventID: 4625, User: a, UtcTime: 9}}]"
CASES = {
    "an alert": (f"{{name: x, match: true, {THREE}}}", 0, "1 passed"),
    "times with zones": (f"{{name: x, match: true, {TIMES}}}", 0, "1 passed"),
    "the events' own times": (f"{{name: x, match: true, {OWN}}}", 0, "1 passed"),
    "a number of alerts": (f"{{name: x, match_count: 1, {THREE}}}", 0, "1 passed"),
    "no alert": (f"{{name: x, match: false, {LOW}}}", 0, "1 passed"),
    "an alert that is missing": (f"{{name: x, match: true, {LOW}}}", 1, "the events give no alert"),
    "an alert too many": (f"{{name: x, match: false, {THREE}}}", 1, "1 alert (at event 2 for User 'a'), expected 0"),
    "a file": ("{name: x, events_file: logons.jsonl, match_count: 2}", 0, "1 passed"),
    "a file with fewer": ("{name: x, events_file: logons.jsonl, match_count: 3}", 1, "2 alerts (at event 0 for User 'a', at event 4"),
    "no file": ("{name: x, events_file: ../x.jsonl, match_count: 3}", 1, "leads out of the rule's folder"),
    "no time": ("{name: x, match: true, events: [{event: {EventID: 4625}}]}", 1, "an event, number 0, that has no time"),
    "what is no time": ("{name: x, match: true, events: [{at: noon, event: {EventID: 1}}]}", 1, "has the time 'noon', which is none"),
    "no expectation": (f"{{name: x, {THREE}}}", 1, "does not say what is expected"),
    "no events": ("{name: x, match: true}", 1, "has no events"),
    "an event as of another rule": ("{name: x, match: true, event: {EventID: 4625}}", 1, "has no events"),
}


@pytest.mark.parametrize(("test", "code", "told"), CASES.values(), ids=CASES)
def test_correlation_test(tmp_path: Path, test: str, code: int, told: str) -> None:
    """A test holds when the events give the expected alerts; a test that cannot be run fails and says what it needs."""
    (tmp_path / "rule.yml").write_text(RULE.format(test=test))
    lines = [
        {
            "Event": {
                "System": {"EventID": 4625, "TimeCreated": {"@SystemTime": f"2026-03-01T{hour}:00:0{second}Z"}},
                "EventData": {"User": "a"},
            }
        }
        for hour in (12, 13)
        for second in (3, 1, 2, 4)
    ]
    (tmp_path / "logons.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    result = run(tmp_path, "test", "rule.yml")
    assert (result.returncode, told in result.stderr) == (code, True), result.stderr


def test_a_part_needs_no_test_of_its_own(tmp_path: Path) -> None:
    """A rule that only a correlation uses is not counted as one without tests."""
    (tmp_path / "rule.yml").write_text(RULE.format(test=f"{{name: x, match: true, {THREE}}}"))
    assert "1 passed, 0 failed in 2 rules\n" in run(tmp_path, "test", "rule.yml").stderr + "\n"
