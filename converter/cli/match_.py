"""``converter match``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import click

from converter.cli.show import Exit, put, say, tell


@click.command("match")
@click.argument("rules", type=click.Path())
@click.argument("events", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--format", "format_", type=click.Choice(["json", "text"]), default="json", show_default=True)
@click.option("--count", is_flag=True, help="Print one total per rule and the events read.")
@click.option("--any-source", is_flag=True, help="Ask every rule of every event, whatever its log source.")
@click.option("--fail-on-match", is_flag=True, help="Exit 1 when anything matches.")
def command(rules: str, events: tuple[str, ...], format_: str, count: bool, any_source: bool, fail_on_match: bool) -> None:
    """Run RULES over EVENTS: .json, .jsonl, .ndjson, .log, each also .gz or .xz, folders, or - for standard input."""
    from converter.cli.events import read_events
    from converter.ir import evaluate, unevaluable
    from converter.model import has_errors
    from converter.pack import load_pack

    pack = load_pack([Path(rules)])
    closed = [one for loaded in pack.rules if loaded.tree is not None for one in unevaluable(loaded.tree, loaded.rule.source)]
    tell([*pack.diagnostics, *closed])
    usable = [loaded for loaded in pack.rules if loaded.tree is not None and not unevaluable(loaded.tree, loaded.rule.source)]
    totals: Counter[str] = Counter()
    read = broken = 0
    failed = has_errors([*pack.diagnostics, *closed])
    for found in read_events(events):
        if found.event is None:
            if found.problem:
                tell([found.problem])
                failed = failed or found.problem.code == "R020"
            broken += found.index >= 0
            continue
        read += 1
        for loaded in sorted(usable, key=lambda one: one.rule.id):
            assert loaded.tree is not None, "only rules with a meaning are usable"
            if evaluate(loaded.tree, found.event):
                totals[loaded.rule.id] += 1
                if not count:
                    put(_alert(loaded.rule, found.file, found.index, format_))
    if count:
        for loaded in usable:
            put(f"{totals[loaded.rule.id]:8}  {loaded.rule.title}")
        put(f"{read:8}  events read")
    say(f"{read} events read, {broken} broken, {sum(totals.values())} alerts")
    sys.exit(Exit.INPUT if failed else Exit.FINDINGS if fail_on_match and totals else Exit.FINE)


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
