"""``converter verify``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from converter.cli.options import pack_paths, target_option, targets_of
from converter.cli.show import Exit, say, table, tell


@click.command("verify")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
@click.option("-o", "--output", default="output", show_default=True, metavar="DIR", help="Where the outputs are.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "reader", "osmem"]),
    default="auto",
    show_default=True,
    help="Who answers beside our own readers.",
)
@click.option("--record", "recorded", is_flag=True, help="Write what was found beside the outputs.")
@click.option("--report", metavar="FILE", help="Write a JSON report.")
def command(paths: tuple[str, ...], targets: tuple[str, ...], output: str, engine: str, recorded: bool, report: str | None) -> None:
    """Read every artifact file and run it on the target's view of the rules' events and their variants.

    An artifact that answers otherwise than its rule is refuted: the event and both answers are shown. One that no event could refute is
    unknown; the cure is a test event.
    """
    from converter.model import has_errors
    from converter.pack import OutputError, load_pack
    from converter.verify import EngineMissingError, record, verify

    pack = load_pack(pack_paths(paths))
    names = [target.name for target in targets_of(targets)]
    try:
        try:
            done = verify(pack, names, Path(output), "reader" if engine == "reader" else "osmem")
        except EngineMissingError as error:
            if engine == "osmem":
                say(f"error: {error}")
                sys.exit(Exit.ENVIRONMENT)
            say(f"note: no engine was asked: {error}")
            done = verify(pack, names, Path(output), "reader")
        if recorded:
            record(done, Path(output))
        if report:
            from converter.cli.report import write_report

            write_report(report, [_json(one) for one in done.verdicts])
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    tell([*pack.diagnostics, *(one for verdict in done.verdicts for one in verdict.diagnostics)])
    for verdict in done.verdicts:
        _show(verdict)
    for note in done.notes:
        say(f"note: {note}")
    say(table(["rule", "target", "status", "evidence", "atoms", "events"], [_row(verdict) for verdict in done.verdicts]))
    failed = sum(verdict.failed for verdict in done.verdicts)
    say(
        f"\n{len(done.verdicts) - failed} of {len(done.verdicts)} outputs mean their rules on every event"
        if done.verdicts
        else "no outputs to verify; run 'converter build' first"
    )
    sys.exit(Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if failed or not done.verdicts else Exit.FINE)


def _show(verdict: Any) -> None:  # noqa: ANN401 - a Verdict, imported lazily
    for one in verdict.measured.disagreements if verdict.measured else ():
        say(f"{verdict.artifact}: {one.label}")
        say(f"  the rule {_answer(one.expected)}, the output {_answer(one.got)}")
        say("  event: " + json.dumps(one.event, ensure_ascii=False))


def _answer(value: bool) -> str:
    return "matches" if value else "does not match"


def _row(verdict: Any) -> list[str]:  # noqa: ANN401 - a Verdict, imported lazily
    measured = verdict.measured
    status = "refuted" if measured and measured.disagreements else verdict.status.value
    if measured is None:
        return [verdict.loaded.output, verdict.target, "unread", verdict.evidence.value, "-", "-"]
    return [
        verdict.loaded.output,
        verdict.target,
        status,
        verdict.evidence.value,
        f"{measured.atoms_covered}/{measured.atoms}",
        str(measured.events),
    ]


def _json(verdict: Any) -> dict[str, Any]:  # noqa: ANN401 - a Verdict, imported lazily
    from converter.cli.report import diagnostic_json

    measured = verdict.measured
    return {
        "rule": verdict.loaded.rule.id,
        "path": verdict.loaded.file.name,
        "target": verdict.target,
        "status": verdict.status.value,
        "evidence": verdict.evidence.value,
        "language": "",
        "artifact": verdict.artifact,
        "stale": False,
        "losses": [],
        "diagnostics": [diagnostic_json(one) for one in verdict.diagnostics],
        "measured": measured
        and {
            "engine": measured.engine,
            "version": measured.version,
            "events": measured.events,
            "atoms": measured.atoms,
            "atoms_covered": measured.atoms_covered,
            "disagreements": [{"event": one.event, "expected": one.expected, "got": one.got} for one in measured.disagreements],
        },
    }
