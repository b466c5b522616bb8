"""``converter test --coverage``: the parts of each rule that no test decides, with the events that would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from converter.cli.show import put, table

if TYPE_CHECKING:
    from converter.data import Tables
    from converter.pack import Pack
    from converter.verify import Part


def coverage_rows(pack: Pack, expression: str | None, tables: Tables) -> list[dict[str, Any]]:
    """Return a row of the report for each rule with a detection that can be evaluated; ``expression`` picks rules by path and title.

    Raises:
        SolverMissingError: python-sat is not installed.
    """
    from converter.verify import parts_of_rule

    rows: list[dict[str, Any]] = []
    for loaded in pack.rules:
        if expression and expression.lower() not in f"{loaded.file.name} {loaded.rule.title}".lower():
            continue
        parts = parts_of_rule(loaded, tables)
        if parts:
            rows.append(
                {
                    "rule": loaded.rule.id,
                    "path": loaded.file.name,
                    "parts": len(parts),
                    "decided_by_tests": sum(one.by_tests for one in parts),
                    "decided_with_example_events": sum(one.decided for one in parts),
                    "undecided": [_row(one) for one in parts if not one.by_tests],
                }
            )
    return rows


def _row(part: Part) -> dict[str, Any]:
    events = {} if part.example is None else {"example_event": part.example, "counter_example": part.counter}
    return {
        "line": part.span.line,
        "column": part.span.column,
        "part": part.words,
        "found": part.found.found.value,
        "why": why(part),
        **events,
    }


def why(part: Part) -> str:
    """Return in a sentence why no event can decide a part; empty where one can."""
    found = part.found
    if not found.idle:
        return found.reason
    fields = ", by what the log source writes" if found.by_fields else ""
    if found.found.value == "dead":
        return f"it is {'always' if found.constant else 'never'} so{fields}"
    if not part.because:
        return f"the rule means the same when it is left out{fields}"
    return f"the rest of the rule decides before it does{fields}: {'; '.join(part.because[:3])}{' …' if len(part.because) > 3 else ''}"


def tell_coverage(rows: Sequence[dict[str, Any]]) -> None:
    """Print a table of the rules, then what no test decides."""
    if not rows:
        return
    heads = ("rule", "parts", "decided by tests", "and by example events")
    lines = [(row["path"], str(row["parts"]), str(row["decided_by_tests"]), str(row["decided_with_example_events"])) for row in rows]
    put(table(heads, lines))
    for row in rows:
        for part in row["undecided"]:
            put(f"\n{row['path']}:{part['line']}:{part['column']}: no test decides: {part['part']}")
            if part["why"]:
                put(f"  {part['why']}")
            if "example_event" in part:
                put(f"  example event (matches):        {_event(part['example_event'])}")
                put(f"  counter-example (does not):     {_event(part['counter_example'])}")


def _event(event: Any) -> str:  # noqa: ANN401 - a JSON object
    return json.dumps(event, ensure_ascii=False)
