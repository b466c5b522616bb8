"""``converter match`` and ``converter explain`` on event files: what is read, counted, told and answered."""

from __future__ import annotations

import gzip
import json
import lzma
import sys
from pathlib import Path

import pytest
from inprocess import run

WINDOWS = """\
title: Whoami started
id: 3b1c0a52-0000-4000-8000-00000000000{number}
status: test
logsource: {{product: windows, category: {category}}}
{more}detection:
  selection:
    Image|endswith: '\\whoami.exe'
  condition: selection
level: high
"""
IMAGE = r"C:\Windows\whoami.exe"
SYSMON = "Microsoft-Windows-Sysmon/Operational"


def _event(number: int = 1, image: str = IMAGE) -> dict[str, object]:
    return {"Event": {"System": {"EventID": number, "Channel": SYSMON}, "EventData": {"Image": image}}}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder with two rules that differ in their log source only."""
    (tmp_path / "rules").mkdir()
    for number, category in ((1, "process_creation"), (2, "network_connection")):
        (tmp_path / "rules" / f"{category}.yml").write_text(WINDOWS.format(number=number, category=category, more=""))
    return tmp_path


def _alerts(folder: Path, *words: str) -> list[tuple[str, int, str]]:
    result = run(folder, "match", "rules", *words)
    assert result.returncode in (0, 1), result.stderr
    return [(one["file"], one["index"], one["rule"][-1]) for one in map(json.loads, result.stdout.splitlines())]


def test_a_rule_meets_the_events_of_its_source(pack: Path) -> None:
    """Of equal values in three sources only the rule's own fires; with --any-source, and where no source is shown, all do."""
    lines = [_event(1), _event(3), {"Image": IMAGE}, {"auditID": "1", "verb": "get", "Image": IMAGE}]
    (pack / "events.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert _alerts(pack, "events.jsonl") == [
        ("events.jsonl", 0, "1"),
        ("events.jsonl", 1, "2"),
        ("events.jsonl", 2, "1"),
        ("events.jsonl", 2, "2"),
    ]
    assert len(_alerts(pack, "events.jsonl", "--any-source")) == 8


def test_index_is_the_lines_and_broken_lines_are_told(pack: Path) -> None:
    """In line formats the index is the line's number less one, broken and blank ones included; of two equal keys the last wins."""
    twice = '{"Image": "no", "Image": "C:\\\\whoami.exe", "EventID": 1}'
    (pack / "events.jsonl").write_text(f"\n{{broken\n[1]\n{json.dumps(_event())}\n{twice}\n")
    result = run(pack, "match", "rules", "events.jsonl", "--count")
    assert "events.jsonl:2:1" in result.stderr
    assert "events.jsonl:3:1" in result.stderr
    assert "2 events read, 2 broken, 2 alerts" in result.stderr
    assert result.stdout.split("\n")[0].split() == ["0", "Whoami", "started"]
    assert "       2  events read" in result.stdout
    assert [index for _, index, _ in _alerts(pack, "events.jsonl")] == [3, 4]


def test_index_of_documents(pack: Path) -> None:
    """In a document the index is the event's: of a list, of what it wraps, of documents one after the other."""
    (pack / "list.json").write_text(json.dumps([_event(), {"a": 1}, _event()]))
    (pack / "wrapped.json").write_text(json.dumps({"Records": [_event(9), _event(), _event()]}))
    (pack / "several.json").write_text(f"{json.dumps(_event(9), indent=1)}\n{{\n broken\n}}\n{json.dumps(_event(), indent=1)}\n")
    (pack / "lines.json").write_text(f"{json.dumps(_event(9))}\n\n{json.dumps(_event())}\n")
    found = _alerts(pack, "list.json", "wrapped.json", "several.json", "lines.json")
    assert found == [
        ("list.json", 0, "1"),
        ("list.json", 2, "1"),
        *(("wrapped.json", one, "1") for one in (1, 2)),
        ("several.json", 2, "1"),
        ("lines.json", 2, "1"),
    ]


def test_files_folders_and_streams(pack: Path) -> None:
    """Compressed files read like others, folders are walked in order, other files in them are left alone."""
    data = (json.dumps(_event()) + "\n").encode()
    (pack / "in" / "deep").mkdir(parents=True)
    (pack / "in" / "b.jsonl.gz").write_bytes(gzip.compress(data))
    (pack / "in" / "a.ndjson.xz").write_bytes(lzma.compress(data))
    (pack / "in" / "deep" / "c.log").write_bytes(data)
    (pack / "in" / "readme.txt").write_bytes(b"no events")
    assert [Path(file).name for file, _, _ in _alerts(pack, "in")] == ["a.ndjson.xz", "b.jsonl.gz", "c.log"]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("cut.jsonl.gz", gzip.compress(b"{}" * 9000, mtime=0)[:20], 3),
        ("wrong.jsonl.gz", b"no gzip", 3),
        ("damaged.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 9000, mtime=0)[:10] + b"\xff" * 40, 3),
        ("cut.jsonl.xz", lzma.compress(b"{}" * 9000)[:30], 3),
        ("log.evtx", b"ElfFile\0", 4),
        ("missing.jsonl", None, 3),
    ],
)
def test_unreadable_files_are_told(pack: Path, name: str, data: bytes | None, code: int) -> None:
    """A file that cannot be read costs only itself: the others are read, and the exit code says so."""
    if data is not None:
        (pack / name).write_bytes(data)
    (pack / "good.jsonl").write_text(json.dumps(_event()))
    result = run(pack, "match", "rules", name, "good.jsonl")
    assert result.returncode == code
    assert name in result.stderr
    assert len(result.stdout.splitlines()) == 1


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this Python unpacks zstd")
def test_zstd_says_what_it_needs(pack: Path) -> None:
    """Without zstd in the standard library the message says what to do."""
    (pack / "events.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    result = run(pack, "match", "rules", "events.jsonl.zst")
    assert result.returncode == 4
    assert "Python 3.14" in result.stderr


def test_other_names_are_reported_not_matched(pack: Path) -> None:
    """A rule in the names of ECS is not asked of raw Windows events, and that is said; of Winlogbeat's it is."""
    (pack / "rules" / "ecs.yml").write_text(WINDOWS.format(number=3, category="process_creation", more="taxonomy: ecs\n"))
    (pack / "raw.jsonl").write_text(json.dumps(_event()))
    result = run(pack, "match", "rules", "raw.jsonl", "--any-source")
    assert "1 rule names fields as taxonomy 'ecs' does" in result.stderr
    assert {json.loads(line)["rule"][-1] for line in result.stdout.splitlines()} == {"1", "2"}
    (pack / "beat.jsonl").write_text(json.dumps({"winlog": {"channel": SYSMON, "event_id": "1", "event_data": {"Image": IMAGE}}}))
    result = run(pack, "match", "rules", "beat.jsonl")
    assert "taxonomy" not in result.stderr
    assert {json.loads(line)["rule"][-1] for line in result.stdout.splitlines()} == {"1", "3"}


def test_exit_codes(pack: Path) -> None:
    """0 whether or not anything matched, 1 with --fail-on-match when something did."""
    (pack / "yes.jsonl").write_text(json.dumps(_event()))
    (pack / "no.jsonl").write_text(json.dumps(_event(9)))
    codes = [
        run(pack, "match", "rules", name, *more).returncode for name in ("yes.jsonl", "no.jsonl") for more in ((), ("--fail-on-match",))
    ]
    assert codes == [0, 1, 0, 0]


def test_explain_says_why(pack: Path) -> None:
    """Each part's answer, the value and its path, what is missing, null, a list's element, and whether match would ask."""
    (pack / "rule.yml").write_text(
        WINDOWS.format(number=4, category="process_creation", more="").replace(
            "  condition: selection",
            "    CommandLine: 'x'\n    User: null\n    tags: 'b'\n    image: 'y'\n    Case|cased: 'Ab'\n  condition: selection",
        )
    )
    event = _event()
    event["Event"]["EventData"].update({"User": None, "tags": ["a", "B"], "Case": "aB"})  # type: ignore[index]
    (pack / "event.json").write_text(json.dumps(event))
    result = run(pack, "explain", "rule.yml", "--event", "event.json")
    assert result.returncode == 0
    said = {line.split(": ")[1].split(" ")[0].split("|")[0]: line.strip() for line in result.stdout.splitlines() if " line " in line}
    assert said["Image"].startswith("yes")
    assert said["Image"].endswith("at Event.EventData.Image")
    assert said["CommandLine"].startswith("no")
    assert said["CommandLine"].endswith("the event has no such field")
    assert said["User"].startswith("yes")
    assert "has null" in said["User"]
    assert "element 1 decides: 'B'" in said["tags"]
    assert "it has Image, and case counts in names" in said["image"]
    assert said["Case"].endswith("only its case differs")
    assert "admits this event (windows_xml)" in result.stdout
    (pack / "event.json").write_text(json.dumps(_event(3)))
    assert "not asked by match" in run(pack, "explain", "rule.yml", "--event", "event.json").stdout


def test_explain_shows_where_a_keyword_stands(pack: Path) -> None:
    """A keyword's answer comes with the value that holds it; of events in wrappers each is answered, with its place."""
    rule = "title: Word\nid: 3b1c0a52-0000-4000-8000-000000000009\nlogsource: {product: linux}\n"
    rule += "detection: {keywords: ['shadow'], condition: keywords}\n"
    (pack / "rule.yml").write_text(rule)
    (pack / "events.json").write_text(json.dumps({"Records": [{"message": "cat /etc/shadow"}, {"message": "ls"}]}))
    result = run(pack, "explain", "rule.yml", "--event", "events.json")
    assert "the event has 'cat /etc/shadow'" in result.stdout
    assert "no value of the event holds it" in result.stdout
    assert "event 1 of events.json, Records[1]" in result.stdout


def test_explain_shows_what_each_kind_of_test_asks(pack: Path) -> None:
    """Every test is shown as a rule writes it, and a part of a time says what its value lacks."""
    rule = "title: Kinds\nid: 3b1c0a52-0000-4000-8000-00000000000a\nlogsource: {product: linux}\ndetection:\n  s:\n"
    rule += "    a|gte: 5\n    b: true\n    c|exists: false\n    d|cidr: 10.0.0.0/8\n    e|re: 'x+'\n    f|fieldref: g\n    n: null\n"
    rule += "    t|hour|lt: 6\n    u|week: 1\n    v|hour: 3\n  condition: s\n"
    (pack / "rule.yml").write_text(rule)
    event = {"a": 7, "b": True, "d": "10.1.1.1", "e": "xx", "f": "x", "g": "X", "t": "2026-03-02T05:00:00Z", "u": "soon", "v": "2026-03-02"}
    (pack / "event.json").write_text(json.dumps(event))
    text = run(pack, "explain", "rule.yml", "--event", "event.json").stdout
    for shown in (
        *("yes  line 6: a|gte >= 5", "yes  line 7: b true", "yes  line 8: c|exists false", "yes  line 9: d|cidr '10.0.0.0/8'"),
        *("yes  line 10: e|re 'x+'", "yes  line 11: f|fieldref the value of g", "yes  line 12: n null", "yes  line 13: t|hour|lt < 6"),
        *("no   line 14: u|week = 1   the event has 'soon'; it is no time as ISO 8601 writes it",),
        *("no   line 15: v|hour = 3   the event has '2026-03-02'; it has no hour",),
    ):
        assert shown in text, (shown, text)
