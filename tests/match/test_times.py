"""How times are written, and that every form of log says when an event happened."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from converter.cli.events import seen_events
from converter.data import load
from converter.ir import SECOND
from converter.match import event_time, see, time_of


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


NOON = _at("2026-03-01 12:00:00")
WRITTEN: dict[str, tuple[object, int]] = {
    "zulu": ("2026-03-01T12:00:00Z", NOON),
    "without a zone it is UTC": ("2026-03-01T12:00:00", NOON),
    "a blank between": ("2026-03-01 12:00:00", NOON),
    "without seconds": ("2026-03-01 12:00", NOON),
    "named zone": ("2026-03-01 12:00:00.000 UTC", NOON),
    "ahead of UTC": ("2026-03-01T14:30:00+02:30", NOON),
    "behind UTC, no colon": ("2026-03-01T07:00:00-0500", NOON),
    "hours alone": ("2026-03-01T13:00:00+01", NOON),
    "over the year": ("2027-01-01T00:30:00+01:00", _at("2026-12-31 23:30:00")),
    "a day that not every year has": ("2024-02-29T00:00:00Z", _at("2024-02-29 00:00:00")),
    "a leap second is the next": ("2016-12-31T23:59:60Z", _at("2017-01-01 00:00:00")),
    "milliseconds": ("2026-03-01T12:00:00.25Z", NOON + SECOND // 4),
    "a comma": ("2026-03-01T12:00:00,5Z", NOON + SECOND // 2),
    "Windows' seven digits": ("2026-03-01T12:00:00.1234567Z", NOON + 123456700),
    "nanoseconds": ("2026-03-01T12:00:00.123456789Z", NOON + 123456789),
    "before 1970": ("1969-12-31T23:59:59Z", -SECOND),
    "seconds": (NOON // SECOND, NOON),
    "seconds as text": (str(NOON // SECOND), NOON),
    "seconds with a fraction": (1457394529.25, 1457394529 * SECOND + SECOND // 4),
    "seconds with a fraction as text": ("1457394529.000001", 1457394529 * SECOND + 1000),
    "epoch milliseconds": (NOON // 10**6, NOON),
    "epoch microseconds as text": (str(NOON // 10**3), NOON),
    "epoch nanoseconds": (NOON, NOON),
}
NONE: list[object] = [
    None, True, "", "now", "2026-03-01", "2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z", "2026-03-01T24:00:00Z", "Mar  1 12:00:00",
    "-5", -5, 10**21, float("nan"), float("inf"), "1e9", {}, [], "2026-03-01T12:00:00Z" + " " * 60, "٢٠٢٦-٠٣-٠١T12:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_time_is_read(value: object, expected: int) -> None:
    """Dates with any zone and numbers of any unit are the same instant, to the nanosecond that is written."""
    assert time_of(value) == expected


@pytest.mark.parametrize("value", NONE, ids=repr)
def test_what_is_no_time(value: object) -> None:
    """A date without a time of day, a time without a year, what no calendar has, and values of other kinds are none."""
    assert time_of(value) is None


def test_every_form_has_a_time() -> None:
    """Each form of event names where its time stands; wrappers name none."""
    for row in load("shapes.yml")["shapes"]:
        assert bool(row.get("time")) == ("kind" in row), row["name"]


def test_the_first_that_reads_and_a_named_field() -> None:
    """A field that holds no time is passed over; a named field is the only one that is looked at."""
    event: dict[str, Any] = {"auditID": "1", "verb": "get", "stageTimestamp": "-", "requestReceivedTimestamp": "2026-03-01T12:00:00Z"}
    (seen,) = see(event | {"times": [{"mine": "no"}, {"mine": "2026-03-01T12:00:01Z"}]})
    assert event_time(seen) == NOON
    assert event_time(seen, "times.mine") == NOON + SECOND
    assert event_time(seen, "verb") is None
    (unknown,) = see({"time": 1, "@timestamp": "2026-03-01T12:00:00Z"})
    assert event_time(unknown) == NOON


@pytest.mark.corpus
def test_recorded_events_show_their_time(corpora: Path) -> None:
    """Of recorded Windows, CloudTrail and audit events, and of SigmaHQ's own, every one but a few cut ones has a time."""
    folder = corpora / "events"
    for name in ("cloudtrail.jsonl", "windows_sample_3736.jsonl", "k8s_audit/captured", "sigmahq_regression"):
        found = Counter(event_time(seen) is not None for _, seen in seen_events([str(folder / name)]) if seen is not None)
        assert found[False] <= 2, (name, found)
        assert found[True] >= 50, (name, found)
