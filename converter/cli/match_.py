"""``converter match``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from converter.cli.options import policy_of
from converter.cli.show import Exit, put, say, tell

LATENESS = 300_000_000_000
"""Nanoseconds that events of standard input may be late for correlations."""


class _Duration(click.ParamType[int]):
    """A duration such as 90s or 1h30m, in nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Return nanoseconds."""
        from converter.match import duration_of

        found = value if isinstance(value, int) else duration_of(value)
        if found is None:
            self.fail(f"'{value}' is no duration; write 90s, 5m or 1h30m.", param, ctx)
        return found


@click.command("match")
@click.argument("rules", type=click.Path())
@click.argument("events", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--format", "format_", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.option("--count", is_flag=True, help="Print one total per rule and the events read.")
@click.option("--any-source", is_flag=True, help="Ask every rule of every event, whatever its log source.")
@click.option("--time-field", metavar="NAME", default="", help="Where events have their time, for correlations; by default it is known.")
@click.option(
    "--lateness",
    type=_Duration(),
    metavar="TIME",
    help="How late an event may come and still count in correlations; by default 5m on standard input, and any order in files.",
)
@click.option("--fail-on-match", is_flag=True, help="Exit 1 when anything matches.")
def command(
    rules: str,
    events: tuple[str, ...],
    format_: str,
    count: bool,
    any_source: bool,
    time_field: str,
    lateness: int | None,
    fail_on_match: bool,
) -> None:
    """Run RULES over EVENTS: .json, .jsonl, .ndjson, .log, each also .gz, .xz or .zst, folders, or - for standard input.

    Events are read as their producers write them: Windows events as JSON of their XML, of Winlogbeat, NXLog or Splunk, Kubernetes
    audit, CloudTrail and others.  A rule is asked of the events of its log source, and of those that show none.  A correlation
    counts over the events' own times; it alerts once for a burst, at the event that completes it.
    """
    from converter.cli.correlated import Correlated, usable
    from converter.match import Matcher
    from converter.model import has_errors
    from converter.pack import load_pack

    config = policy_of([rules]).config
    pack = load_pack([Path(rules)], config.rules, config.placeholders)
    found = usable(pack.rules)
    problems = [*pack.diagnostics, *found.problems]
    tell(problems)
    matcher = Matcher(found.asked, any_source=any_source)
    wait = lateness if lateness is not None or "-" not in events else LATENESS
    correlated = Correlated(found, wait, time_field) if found.linked else None
    totals: Counter[str] = Counter()
    tally = _Tally()
    exit_ = Exit.INPUT if has_errors(problems) else Exit.FINE
    for rule, file, index, alert in _alerts(_events(events, tally), matcher, correlated, found.silent):
        totals[rule.id] += 1
        if not count:
            put(_shown(rule, file, index, format_, alert))
            if "-" in events:
                sys.stdout.flush()
    if count:
        for rule in found.reported:
            put(f"{totals[rule.id]:8}  {rule.title}")
        put(f"{tally.read:8}  events read")
    _tell_taxonomies(matcher)
    for line in correlated.left_out() if correlated else ():
        say(line)
    say(f"{tally.read} events read, {tally.broken} broken, {sum(totals.values())} alerts")
    sys.exit(max(exit_, tally.exit, Exit.FINDINGS if fail_on_match and totals else Exit.FINE))


def _alerts(events: Iterator[tuple[Any, str, int]], matcher: Any, correlated: Any, silent: frozenset[str]) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - a Matcher and a Correlated, imported lazily
    """Yield what is to be told, in order: the rule, the event's file and index, and a correlation's alert."""
    for seen, file, index in events:
        matching = matcher.matching(seen)
        for one in matching:
            if one.rule.id not in silent:
                yield one.rule, file, index, None
        for alert in correlated.add(seen, matching, file, index) if correlated else ():
            yield alert.rule, *alert.origin, alert
    for alert in correlated.finish() if correlated else ():
        yield alert.rule, *alert.origin, alert


class _Tally:
    """What was read so far."""

    read = 0
    broken = 0
    exit = Exit.FINE


def _events(names: tuple[str, ...], tally: _Tally) -> Iterator[tuple[Any, str, int]]:
    """Yield each event as rules see it, with its file and index; what is broken is told and counted."""
    from converter.cli.events import seen_events

    for found, seen in seen_events(names):
        if seen is not None:
            tally.read += 1
            yield seen, found.file, found.index
            continue
        if found.problem:
            tell([found.problem])
            tally.exit = max(tally.exit, {"R020": Exit.INPUT, "R053": Exit.ENVIRONMENT}.get(found.problem.code, Exit.FINE))
        tally.broken += found.index >= 0


def _tell_taxonomies(matcher: Any) -> None:  # noqa: ANN401 - a Matcher, imported lazily
    """Say which rules were not asked because their field names are not those of the events."""
    totals = Counter(rule.taxonomy for rule in matcher.not_had())
    for taxonomy, number in sorted(totals.items()):
        rules = "1 rule names" if number == 1 else f"{number} rules name"
        say(f"{rules} fields as taxonomy '{taxonomy}' does, and no event has those names: not matched")


def _shown(rule: Any, file: str, index: int, format_: str, more: Any) -> str:  # noqa: ANN401 - a Rule and an Alert, imported lazily
    from converter.cli.correlated import as_text, as_value

    if format_ == "text":
        return f"{file}:{index}: {rule.level or 'no level'}: {rule.title}{as_text(more) if more else ''}"
    alert = {
        "rule": rule.id,
        "title": rule.title,
        "level": rule.level,
        "file": file,
        "index": index,
        "author": rule.author,
        "license": rule.license,
    }
    return json.dumps(alert | as_value(more) if more else alert, ensure_ascii=False)
