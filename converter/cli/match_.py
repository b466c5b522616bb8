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


@click.command("match")
@click.argument("rules", type=click.Path())
@click.argument("events", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--format", "format_", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.option("--count", is_flag=True, help="Print one total per rule and the events read.")
@click.option("--any-source", is_flag=True, help="Ask every rule of every event, whatever its log source.")
@click.option("--fail-on-match", is_flag=True, help="Exit 1 when anything matches.")
def command(rules: str, events: tuple[str, ...], format_: str, count: bool, any_source: bool, fail_on_match: bool) -> None:
    """Run RULES over EVENTS: .json, .jsonl, .ndjson, .log, each also .gz, .xz or .zst, folders, or - for standard input.

    Events are read as their producers write them: Windows events as JSON of their XML, of Winlogbeat, NXLog or Splunk, Kubernetes
    audit, CloudTrail and others.  A rule is asked of the events of its log source, and of those that show none.
    """
    from converter.ir import unevaluable
    from converter.match import Asked, Matcher
    from converter.model import has_errors
    from converter.pack import load_pack

    config = policy_of([rules]).config
    pack = load_pack([Path(rules)], config.rules, config.placeholders)
    closed = {id(one): unevaluable(one.tree, one.rule.source) for one in pack.rules if one.tree is not None}
    problems = [*pack.diagnostics, *(problem for found in closed.values() for problem in found)]
    tell(problems)
    usable = [Asked(one.rule, one.tree) for one in pack.rules if one.tree is not None and not closed[id(one)]]
    matcher = Matcher(usable, any_source=any_source)
    totals: Counter[str] = Counter()
    tally = _Tally()
    exit_ = Exit.INPUT if has_errors(problems) else Exit.FINE
    for seen, file, index in _events(events, tally):
        for one in matcher.matching(seen):
            totals[one.rule.id] += 1
            if not count:
                put(_alert(one.rule, file, index, format_))
    if count:
        for one in usable:
            put(f"{totals[one.rule.id]:8}  {one.rule.title}")
        put(f"{tally.read:8}  events read")
    _tell_taxonomies(matcher)
    say(f"{tally.read} events read, {tally.broken} broken, {sum(totals.values())} alerts")
    sys.exit(max(exit_, tally.exit, Exit.FINDINGS if fail_on_match and totals else Exit.FINE))


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


def _alert(rule: Any, file: str, index: int, format_: str) -> str:  # noqa: ANN401 - a Rule, imported lazily
    if format_ == "text":
        return f"{file}:{index}: {rule.level or 'no level'}: {rule.title}"
    alert = {
        "rule": rule.id,
        "title": rule.title,
        "level": rule.level,
        "file": file,
        "index": index,
        "author": rule.author,
        "license": rule.license,
    }
    return json.dumps(alert, ensure_ascii=False)
