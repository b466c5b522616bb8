"""Which events a log source admits."""

from __future__ import annotations

import pytest

from converter.data import load
from converter.match import admissions, admits, see
from converter.model import LogSource


def _sysmon(number: int, **more: object) -> dict[str, object]:
    return {"EventID": number, "Channel": "Microsoft-Windows-Sysmon/Operational", **more}


ROWS: list[tuple[str, LogSource, dict[str, object], bool]] = [
    ("a category's event", LogSource("process_creation", "windows"), _sysmon(1), True),
    ("another event of its channel", LogSource("process_creation", "windows"), _sysmon(3), False),
    ("the same number of another channel", LogSource("process_creation", "windows"), {"EventID": 1, "Channel": "System"}, False),
    ("a number written as text", LogSource("process_creation", "windows"), _sysmon(1) | {"EventID": "1"}, True),
    ("a channel's case", LogSource("", "windows", "security"), {"EventID": 4624, "Channel": "security"}, True),
    ("one of several numbers", LogSource("pipe_created", "windows"), _sysmon(18), True),
    ("the product alone", LogSource("", "windows"), _sysmon(200), True),
    ("the product alone, Sysmon for Linux", LogSource("", "windows"), {"EventID": 1, "Channel": "Linux-Sysmon/Operational"}, False),
    ("the category alone", LogSource("process_creation"), {"EventID": 1, "Channel": "Linux-Sysmon/Operational"}, True),
    ("category and service at once", LogSource("process_creation", "windows", "sysmon"), _sysmon(1), True),
    ("category and service at once, another", LogSource("process_creation", "windows", "security"), _sysmon(1), False),
    ("the provider says the channel", LogSource("", "windows", "sysmon"), {"EventID": 1, "SourceName": "Microsoft-Windows-Sysmon"}, True),
    (
        "the provider says another channel",
        LogSource("", "windows", "security"),
        {"EventID": 1, "SourceName": "Microsoft-Windows-Sysmon"},
        False,
    ),
    ("only the number is known", LogSource("process_creation", "windows"), {"EventID": 1, "Image": "a"}, True),
    ("only the number is known, another", LogSource("process_creation", "windows"), {"EventID": 3, "Image": "a"}, False),
    ("a log source nobody knows", LogSource("", "acme", "door"), _sysmon(1), False),
    ("a log source nobody knows, no source shown", LogSource("", "acme", "door"), {"door": "open"}, True),
    ("ETW's provider", LogSource("file_access", "windows"), {"EventID": 12, "Provider_Name": "Microsoft-Windows-Kernel-File"}, True),
    ("a program of syslog", LogSource("", "linux", "sshd"), {"message": "x", "program": "cron"}, False),
    ("Azure's category", LogSource("", "azure", "signinlogs"), {"category": "SignInLogs", "operationName": "x", "properties": {}}, True),
    (
        "Azure's other category",
        LogSource("", "azure", "auditlogs"),
        {"category": "SignInLogs", "operationName": "x", "properties": {}},
        False,
    ),
]


@pytest.mark.parametrize(("name", "logsource", "event", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_admission(name: str, logsource: LogSource, event: dict[str, object], wanted: bool) -> None:
    """An event is admitted when no condition speaks against it."""
    (seen,) = see(event)
    assert admits(logsource, seen) is wanted, name


def test_rows_keep_to_their_vocabulary() -> None:
    """Each row names a source of the list, a kind that some shape gives, and only the keys that the head of the file explains."""
    table = load("admission.yml")
    kinds = {row["kind"] for row in load("shapes.yml")["shapes"] if "kind" in row} | {"none"}
    named: set[str] = set()
    for row in table["rows"]:
        assert set(row) <= {"product", "category", "service", "kind", "is", "not", "starts", "source"}, row
        assert row["source"] in table["sources"], row
        given = set(row["kind"]) if isinstance(row["kind"], list) else {row["kind"]}
        assert given <= kinds, row
        named |= given
        assert admissions(LogSource(row.get("category", ""), row.get("product", ""), row.get("service", "")))
    assert named == kinds, "a kind that no log source admits"
    assert {row["source"] for row in table["rows"]} == set(table["sources"])
