"""Parts of times: the oracle against the standard library's reading of dates, and the Python target's function against the oracle."""

from __future__ import annotations

import datetime
import itertools
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Binding, Field
from converter.ir import FieldMatch, TimePart, holds, lookup, time_part, time_sample
from converter.ir.time_part import UNITS
from converter.model import LogSource, Rule, Source
from converter.targets.python.expression import Printer, call_of
from converter.targets.python.snippets.part_of_time import part_of_time
from converter.targets.splunk import times

UNIT = st.sampled_from(UNITS)
ZONES = st.sampled_from(["", "Z", "+02:00", "-0830", " +01", " Z"])
TIMES = st.builds(
    lambda time, blank, digits, zone: time.isoformat(blank, "microseconds")[: 20 + digits].rstrip(".") + zone,
    st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)),
    st.sampled_from("T "),
    st.integers(0, 6),
    ZONES,
)
NEAR = st.text("0123-: TZ+.,x", max_size=30)
CHANGED = st.builds(lambda text, at, with_: text[: at % len(text)] + with_ + text[at % len(text) + 1 :], TIMES, st.integers(0, 40), NEAR)
VALUES: st.SearchStrategy[Any] = st.one_of(TIMES, TIMES, CHANGED, NEAR, st.none(), st.integers(), st.booleans())


@settings(max_examples=500, deadline=None)
@given(TIMES, UNIT)
def test_the_written_part_is_the_calendar_s(text: str, unit: str) -> None:
    """Whatever the zone, the part is the one that the date and time of day in front of it have."""
    time = datetime.datetime.fromisoformat(text[:19])
    assert time_part(text, unit) == (time.isocalendar().week if unit == "week" else getattr(time, unit))


@settings(max_examples=500, deadline=None)
@given(st.one_of(CHANGED, NEAR), UNIT)
def test_what_is_no_date_has_no_part(text: str, unit: str) -> None:
    """A text has a part only if the standard library reads its first ten characters as a date."""
    if time_part(text, unit) is not None:
        assert datetime.date.fromisoformat(text[:10])


@settings(max_examples=500, deadline=None)
@given(st.lists(VALUES, max_size=3), UNIT, st.sampled_from(["eq", "lt", "lte", "gt", "gte"]), st.integers(-1, 61))
def test_the_python_target_says_what_the_oracle_says(values: list[Any], unit: str, operator: str, number: int) -> None:
    """The function that a module gets answers as the oracle, with the bounds that the printer writes."""
    test, event = TimePart(unit, operator, number), {"f": values}
    rule = Rule(Source("rule.yml", ""), "A rule", "1", LogSource(), {})
    printer = Printer(rule, {"f": Binding(Field("f", "keyword"), "f", "keyword", True)})
    name, (field, *arguments) = call_of(printer, FieldMatch("f", test))
    assert (name, field) == ("part_of_time", '"f"')
    least, most = map(int, arguments[1:])
    assert part_of_time(event, "f", unit, least, most) is holds(test, lookup(event, "f"), event)


@settings(max_examples=800, deadline=None)
@given(
    st.one_of(TIMES, TIMES, CHANGED, NEAR),
    UNIT,
    st.sampled_from(["eq", "lt", "lte", "gt", "gte"]),
    st.one_of(st.integers(-1, 61), st.integers(0, 9999)),
)
def test_splunk_says_what_the_oracle_says(text: str, unit: str, operator: str, number: int) -> None:
    """A text is a time by Splunk's expression, and its part in the order, exactly where the oracle says so; weeks have no expression."""
    expression = times.part(unit, operator, number)
    assert (expression is None) == (unit == "week")
    if expression is not None:
        found = re.search(times.TIME.replace(r"\z", r"\Z"), text) and re.search(expression, text)
        event = {"f": text}
        assert bool(found) is holds(TimePart(unit, operator, number), lookup(event, "f"), event)


def test_splunk_knows_the_calendar() -> None:
    """Each day of each year that the calendar has is a time, and no other."""
    time = re.compile(times.TIME.replace(r"\z", r"\Z"))
    for year in (0, 1, 4, 100, 400, 1900, 1904, 2000, 2023, 2024, 2100, 9999):
        for month, day in itertools.product(range(14), range(33)):
            text = f"{year:04}-{month:02}-{day:02}"
            assert (time.search(text) is not None) == (time_part(text, "day") is not None), text


@given(UNIT, st.integers(-1, 10_000))
def test_a_sample_has_its_part(unit: str, number: int) -> None:
    """An example for a part has that part; there is none for a number that no time has."""
    text = time_sample(unit, number)
    assert text is None or time_part(text, unit) == number
    lowest = 0 if unit in ("minute", "hour") else 1
    assert (text is not None) == (lowest <= number <= {"minute": 59, "hour": 23, "day": 31, "week": 53, "month": 12, "year": 9999}[unit])
