"""The end of a build: a table of rules and targets, or of targets alone for a large pack."""

from __future__ import annotations

from collections import Counter

from converter.cli.show import table
from converter.data import load
from converter.model import Severity, Status
from converter.pack import Report, Row

SMALL = 40
"""Rules up to which every rule has a row, and the first that are refused a counter-example."""


def build_summary(report: Report, *, details: bool, check: bool) -> str:
    """Return the text that ends ``converter build``."""
    if not report.rows:
        return "no rules found" + ("" if report.pack.unread else "; PATHS default to rules/")
    targets = list(dict.fromkeys(row.outcome.target for row in report.rows))
    shown = _per_rule(report, targets) if details or len(report.pack.rules) <= SMALL else _per_target(report, targets)
    return "\n".join([shown, "", _totals(report, check)])


def _per_rule(report: Report, targets: list[str]) -> str:
    rows: dict[str, dict[str, Row]] = {}
    names: dict[str, str] = {}
    for row in report.rows:
        key = f"{row.outcome.loaded.file.name}#{row.outcome.loaded.output}"
        rows.setdefault(key, {})[row.outcome.target] = row
        names[key] = row.outcome.loaded.output
    return table(["rule", *targets], [[names[key], *(_cell(by.get(target)) for target in targets)] for key, by in rows.items()])


def _cell(row: Row | None) -> str:
    if row is None:
        return "-"
    parts = [row.outcome.status.value]
    if row.artifact and not row.stale:
        language = row.outcome.language
        accepted = any(loss.accepted for loss in row.outcome.losses)
        evidence = row.evidence.value if row.record is None else f"{row.evidence.value}, {row.record.events} events"
        return " · ".join(one for one in (f"{parts[0]}{' (accepted)' if accepted else ''}", language, evidence) if one)
    if row.is_refused:
        parts.append("refused" if row.outcome.status not in (Status.ERROR, Status.UNSUPPORTED) else "")
        parts.append("known" if row.known else "")
    if row.stale:
        parts.append("stale")
    return " · ".join(part for part in parts if part)


def _per_target(report: Report, targets: list[str]) -> str:
    heads = ["target", "exact", "wider", "accepted", "refused", "no source", "disabled", "error"]
    rows = []
    for target in targets:
        mine = [row for row in report.rows if row.outcome.target == target]
        built = [row for row in mine if row.artifact and not row.stale]
        counts = Counter(row.outcome.status for row in built)
        others = len(built) - counts[Status.EXACT] - counts[Status.WIDER]
        status = Counter(row.outcome.status for row in mine)
        refused = sum(row.is_refused and row.outcome.status is not Status.ERROR for row in mine)
        cells = (
            counts[Status.EXACT],
            counts[Status.WIDER],
            others,
            refused,
            status[Status.NO_SOURCE],
            status[Status.DISABLED],
            status[Status.ERROR],
        )
        rows.append([target, *map(str, cells)])
    reasons = Counter(
        (row.outcome.target, one.code)
        for row in report.rows
        if row.is_refused
        for one in [one for one in row.outcome.diagnostics if one.severity is Severity.ERROR][:1]
    )
    lines = [table(heads, rows)]
    if reasons:
        lines += [
            "",
            "the commonest reasons (each: converter explain CODE; all rows and counter-examples: --details)",
            *(f"{count:6}  {target:8} {code}: {load('codes.yml')[code]}" for (target, code), count in reasons.most_common(10)),
        ]
    return "\n".join(lines)


def _totals(report: Report, check: bool) -> str:
    verb = "would change" if check else "written"
    refused = sum(row.fails for row in report.rows)
    known = sum(row.is_refused and row.known for row in report.rows)
    parts = [
        f"{len(report.pack.rules)} rules",
        f"{sum(bool(row.artifact) and not row.stale for row in report.rows)} outputs",
        f"{len(report.changed)} {verb}",
    ]
    if report.removed:
        parts.append(f"{len(report.removed)} {'would be removed' if check else 'removed'}")
    if refused:
        parts.append(f"{refused} refused")
    if known:
        parts.append(f"{known} refusals known to the baseline")
    if report.pack.unread:
        parts.append(f"{len(report.pack.unread)} files with errors")
    return ", ".join(parts)
