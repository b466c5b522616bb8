"""In the first week or the last

A case of the tests.

Made from the Sigma rule 0a4c2d0e-6a0b-5d0f-8a39-5f0c5b1d7c12; change the rule, not this file.
"""

from __future__ import annotations

import datetime
import re

RULE = {
    'id': '0a4c2d0e-6a0b-5d0f-8a39-5f0c5b1d7c12',
    'title': 'In the first week or the last',
    'level': 'low',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'logsource': 'product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        part_of_time(event, "stageTimestamp", "week", 1, 1)
        or part_of_time(event, "stageTimestamp", "week", 53, 53)
    )


TIME = (
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::(?:[0-5][0-9]|60)(?:[.,][0-9]{1,12})?)?"
    r"(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
PLACES = ("year", "month", "day", "hour", "minute")


def part_of_time(event: dict[str, object], field: str, unit: str, least: int, most: int) -> bool:
    """Return whether a part of any time of the field, as it is written, lies between two numbers."""
    for value in values(event, field):
        part = written_part(value, unit) if isinstance(value, str) else -1
        if part >= 0 and least <= part <= most:
            return True
    return False


def written_part(text: str, unit: str) -> int:
    """Return a part of the time that the text is, -1 when it is none or has no such part; weeks are those of ISO 8601."""
    found = re.fullmatch(TIME, text) if len(text) <= 60 else None
    if not found:
        return -1
    try:
        day = datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return -1
    if unit == "week":
        return day.isocalendar()[1]
    part = found[1 + PLACES.index(unit)]
    return int(part) if part else -1


def values(event: dict[str, object], field: str) -> list[object]:
    """Return what stands at a dotted field: the longest key first, lists taken apart."""
    found: list[object] = []
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif not rest:
            found.append(value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return found
