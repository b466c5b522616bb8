"""What to write instead of an aggregation in a condition: a correlation rule.

Source: Sigma correlation rules specification 2.1; the old form: Sigma
specification 1, "Condition" (``| count(a) by b > 5``, ``timeframe``).
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

_FORM: Final = re.compile(
    r"\|\s*(?P<function>count|sum|avg)\s*\(\s*(?P<field>[^\s()|,]*)\s*\)"
    r"(?:\s+by\s+(?P<by>[^\s()|,<>=]+(?:\s*,\s*[^\s()|,<>=]+)*))?\s*(?P<operator>>=|<=|==|>|<|=)\s*(?P<number>\d{1,15})\s*",
    re.ASCII,
)
_OPERATORS: Final = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq"}
_TYPES: Final = {"count": "value_count", "sum": "value_sum", "avg": "value_avg"}
_TIMESPAN: Final = re.compile(r"0*[1-9]\d{0,8}[smhdwMy]", re.ASCII)
_LENGTH: Final = 500
"""Characters of an aggregation that is translated."""


def instead(text: str, timeframe: object, rule_id: str) -> str:
    """Return one line of help: the correlation rule, in YAML's flow style, for the aggregation at the end of a condition."""
    found = _FORM.fullmatch(text.strip()) if len(text) <= _LENGTH else None
    if found is None or (found["function"] != "count" and not found["field"]):
        return "write a correlation rule instead: 'type: event_count' counts, 'type: temporal' says that several rules match together"
    condition: dict[str, Any] = {_OPERATORS[found["operator"]]: int(found["number"])}
    if found["field"]:
        condition["field"] = found["field"]
    known = isinstance(timeframe, str) and _TIMESPAN.fullmatch(timeframe) is not None
    correlation: dict[str, Any] = {
        "type": _TYPES[found["function"]] if found["field"] else "event_count",
        "rules": [rule_id],
        **({"group-by": re.split(r"\s*,\s*", found["by"])} if found["by"] else {}),
        "timespan": timeframe if known else "1h",
        "condition": condition,
    }
    remark = "" if known else " (choose the timespan: no valid 'timeframe' is given)"
    written = json.dumps({"title": "Too many of them", "correlation": correlation}, ensure_ascii=False)
    return f"end the condition before '|' and add this document{remark}: {written}"


def is_window(name: object, value: object) -> bool:
    """Whether an entry of a detection section is Sigma 1's window of an aggregation, which is no detection: ``timeframe`` and one value."""
    return name == "timeframe" and isinstance(value, str | int | float)


def is_detection(name: str, value: object) -> bool:
    """Whether an entry of a detection section is one that a condition can name."""
    return name != "condition" and not is_window(name, value)


def without_aggregation(timeframe: object) -> tuple[str, str]:
    """Return what to tell of a window that nothing is counted in, and help."""
    known = isinstance(timeframe, str) and _TIMESPAN.fullmatch(timeframe) is not None
    timespan = timeframe if known else "1h"
    return (
        "'timeframe' is the window of an aggregation, and the condition has none",
        f"delete it, or count in it with a correlation rule: 'type: event_count', 'timespan: {timespan}'",
    )
