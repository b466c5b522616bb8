"""``converter match`` with correlations: alerts, what is silent, order of arrival, and what is told of events that do not count."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from inprocess import run

CONVERTER = str(Path(sys.executable).with_name("converter"))
RULES = """\
title: Failed logons and then one that succeeds
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
correlation: {type: temporal_ordered, rules: [many_failed, success], group-by: [User], timespan: 10m}
level: high
license: MIT
---
title: Many failed logons
id: a8418a5a-5fc4-46b5-b23b-6c73beb19d41
name: many_failed
correlation: {type: event_count, rules: [failed], group-by: [User], timespan: 10m, condition: {gte: 3}, generate: GENERATE}
---
title: Failed logon
id: 53ba33fd-3a50-4468-a5ef-c583635cfa92
name: failed
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4625}, condition: selection}
---
title: Successful logon
id: 4d0a2c83-c62c-4ed4-b475-c7e23a9269b8
name: success
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624}, condition: selection}
"""


def _logon(number: int, user: str, second: int, channel: str = "Security") -> dict[str, Any]:
    system = {"EventID": number, "Channel": channel, "TimeCreated": {"#attributes": {"SystemTime": f"2026-03-01T12:00:{second:02}Z"}}}
    return {"Event": {"System": system, "EventData": {"User": user}}}


EVENTS = [
    _logon(4625, "ann", 1),
    _logon(4625, "bob", 2),
    _logon(4625, "ann", 3),
    _logon(4625, "ann", 4, "Application"),
    _logon(4625, "ann", 5),
    _logon(4624, "bob", 6),
    _logon(4624, "ann", 7),
    _logon(4624, "ann", 8),
]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack of the specification's example with a lower count, and its events."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "logons.yml").write_text(RULES.replace("GENERATE", "false"))
    (tmp_path / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in EVENTS))
    return tmp_path


def test_an_alert_says_whom_when_and_which_events(pack: Path) -> None:
    """One alert for the burst, at the event that completes it; the parts give none, another channel's event does not count."""
    result = run(pack, "match", "rules", "events.jsonl", "--fail-on-match")
    assert result.returncode == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "rule": "b180ead8-d58f-40b2-ae54-c8940995b9b6",
            "title": "Failed logons and then one that succeeds",
            "level": "high",
            "file": "events.jsonl",
            "index": 6,
            "author": "",
            "license": "MIT",
            "time": "2026-03-01T12:00:07Z",
            "group": {"User": "ann"},
            "figure": 2,
            "events": [{"file": "events.jsonl", "index": 4}, {"file": "events.jsonl", "index": 6}],
        }
    ]
    assert "8 events read, 0 broken, 1 alerts" in result.stderr
    text = run(pack, "match", "rules", "events.jsonl", "--format", "text")
    place = "events.jsonl:6: high: Failed logons and then one that succeeds"
    assert text.stdout == f"{place} (User ann: 2 within 10m, 2026-03-01T12:00:07Z)\n"


def test_any_source_counts_other_channels_too(pack: Path) -> None:
    """Without regard to the log source the third failed logon is the other channel's."""
    result = run(pack, "match", "rules", "events.jsonl", "--any-source")
    assert json.loads(result.stdout)["events"][0]["index"] == 3


def test_generate_makes_the_parts_rules_of_their_own(pack: Path) -> None:
    """Only the rules of the correlation that says so: failed logons alert, its own alerts stay silent for the outer one."""
    path = pack / "rules" / "logons.yml"
    path.write_text(RULES.replace("GENERATE", "true"))
    result = run(pack, "match", "rules", "events.jsonl", "--count")
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert rows == [["1", "Failed logons and then one that succeeds"], ["4", "Failed logon"], ["8", "events read"]]


def test_files_may_come_in_any_order(pack: Path) -> None:
    """Two files, the later one first: the alert is the same, with its events' own files."""
    lines = (pack / "events.jsonl").read_text().splitlines(keepends=True)
    (pack / "b.jsonl").write_text("".join(lines[:4]))
    (pack / "a.jsonl").write_text("".join(reversed(lines[4:])))
    alert = json.loads(run(pack, "match", "rules", "a.jsonl", "b.jsonl").stdout)
    assert (alert["file"], alert["index"], alert["group"], alert["time"]) == ("a.jsonl", 1, {"User": "ann"}, "2026-03-01T12:00:07Z")


def test_what_does_not_count_is_told(pack: Path) -> None:
    """On a stream: an event that is too late, and one without a time; a named field gives the time."""
    late, timeless = _logon(4625, "ann", 1), _logon(4625, "ann", 2)
    del timeless["Event"]["System"]["TimeCreated"]
    lines = [*EVENTS[1:], late, timeless]
    command = [CONVERTER, "match", "rules", "-"]
    given = "".join(f"{json.dumps(one)}\n" for one in lines).encode()
    for words, told in (
        (("--lateness", "1.5s"), "1 event more than 1.5s late"),
        ((), "1 event without a time"),
        (("--time-field", "Event.System.When"), "8 events without a time in 'Event.System.When'"),
    ):
        done = subprocess.run([*command, *words], cwd=pack, input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert told in done.stderr.decode(), (words, done.stderr)


def test_a_stream_alerts_while_it_runs(pack: Path) -> None:
    """With a lateness, an alert is printed as soon as an event's time settles it, although that event matches nothing."""
    given = [*EVENTS, {"@timestamp": "2026-03-01T12:00:30Z"}, {"@timestamp": "2026-03-01T12:10:30Z"}]
    command = [CONVERTER, "match", "rules", "-", "--lateness", "20s"]
    with subprocess.Popen(command, cwd=pack, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{json.dumps(one)}\n" for one in given).encode())
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["index"] == 6
        process.stdin.close()
        process.wait(timeout=30)


@pytest.mark.parametrize("text", ["5", "m", "-5m", "1h 5m", "5M"])
def test_a_lateness_that_is_none_is_refused(pack: Path, text: str) -> None:
    """A duration is numbers with units of seconds to weeks."""
    result = run(pack, "match", "rules", "events.jsonl", f"--lateness={text}")
    assert result.returncode == 2
    assert "is no duration" in result.stderr


def test_a_groups_value_cannot_write_on_the_terminal(pack: Path) -> None:
    """In text a value with control characters is written as their names."""
    lines = [_logon(number, "\x1b[2Jann", second) for number, second in ((4625, 1), (4625, 2), (4625, 3), (4624, 4))]
    (pack / "events.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    assert r"User '\x1b[2Jann'" in run(pack, "match", "rules", "events.jsonl", "--format", "text").stdout


def test_explain_says_what_is_asked_for(pack: Path) -> None:
    """In words: kind, timespan, group, parts, and each criterion."""
    text = run(pack, "explain", "rules/logons.yml").stdout
    for line in (
        "  these rules in this order within 10m, each User apart",
        "    1. correlation many_failed: Many failed logons",
        "    2. rule success: Successful logon",
        "  number of events: at least 3 within 10m, each User apart",
    ):
        assert f"{line}\n" in text


COUNTED = """\
title: Many logons
id: 00000000-0000-4000-8000-00000000000a
correlation: {type: %s, rules: [logon], group-by: [TargetUserName], timespan: 5m, condition: {gte: 3%s}}
---
title: Logon
id: 00000000-0000-4000-8000-00000000000b
name: logon
logsource: {product: windows, service: security}
detection: {selection: {EventID: 4624, LogonProcessName: NtLmSsp}, condition: selection}
"""


def test_explain_shows_what_a_correlation_becomes(pack: Path) -> None:
    """Its kind and language on Elastic, the query that build writes, what a run sees and counts, and each loss; without events."""
    (pack / "many.yml").write_text(COUNTED % ("event_count", ""), encoding="utf-8")
    text = run(pack, "explain", "many.yml").stdout
    for line in (
        "  on elastic: wider, a rule of the kind threshold in kuery+filters",
        '      and event.code:"4624"',
        '    and {"term": {"winlog.event_data.LogonProcessName": {"case_insensitive": true, "value": "NtLmSsp"}}}',
        "    from: now-10m",
        '    threshold: {"field": ["winlog.event_data.TargetUserName"], "value": 3}',
    ):
        assert f"{line}\n" in text, text
    assert "    T131 wider: each run, every 5m" in text
    built = run(pack, "convert", "many.yml", "-t", "elastic").stdout
    query = [line.strip() for line in text.partition("kuery+filters\n")[2].partition("    and {")[0].splitlines()]
    assert len(query) == 3
    assert all(line in built for line in query)
    assert "on elastic" not in run(pack, "explain", "many.yml", "--event", "events.jsonl").stdout


def test_explain_says_why_a_correlation_becomes_nothing(pack: Path) -> None:
    """What is refused has no query but the reason, as build tells it."""
    (pack / "many.yml").write_text(COUNTED % ("value_avg", ", field: KeyLength"), encoding="utf-8")
    text = run(pack, "explain", "many.yml").stdout
    assert "  on elastic: mixed, nothing is written\n    T13" in text
    assert "FROM" not in text


def test_explain_escapes_what_a_terminal_obeys(pack: Path) -> None:
    """A rule's value with control characters stands in the shown query as their names."""
    (pack / "many.yml").write_text(COUNTED.replace("NtLmSsp", '"\\x9b2J"') % ("event_count", ""), encoding="utf-8")
    text = run(pack, "explain", "many.yml").stdout
    assert "\x9b" not in text.partition("on elastic")[2].partition("\nLogon\n")[0]
    assert r"\x9b2J" in text


def test_explain_says_how_near_events_come(pack: Path) -> None:
    """Per part the events that match, per group the alert or the figure nearest to it, and what cannot count."""
    rest = [_logon(4625, "", 30), _logon(4625, "eve", 31)]
    del rest[0]["Event"]["EventData"]["User"], rest[1]["Event"]["System"]["TimeCreated"]
    with (pack / "events.jsonl").open("a") as file:
        file.writelines(f"{json.dumps(one)}\n" for one in rest)
    text = run(pack, "explain", "rules/logons.yml", "--event", "events.jsonl").stdout
    for line in (
        "  failed (Failed logon): 6 events match; 1 event of log sources that it is not about would",
        "  success (Successful logon): 3 events match",
        "  1 event of these without a time: not counted",
        "  1 event of failed without a value of User: in no group",
        "  User ann: alerts at event 4 (3 in the window, figure 3)",
        "  User bob: no alert; nearest at event 1, 2026-03-01T12:00:02Z: number of events 1",
        "  User ann: alerts at event 6 (2 in the window, figure 2)",
        "  User bob: no alert; nearest at event 5, 2026-03-01T12:00:06Z: 0 of 2 rules in order",
    ):
        assert f"{line}\n" in text, (line, text)
