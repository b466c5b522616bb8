"""``converter verify``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.formats import FORMATS, Case, Step, cases_of, emit
from converter.cli.options import format_option, output_of, pack_paths, policy_of, target_option, targets_of
from converter.cli.show import Exit, say, table, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.data import Tables
    from converter.pack import Pack
    from converter.verify import Verdict, Verification


@click.command("verify")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
@click.option("-o", "--output", metavar="DIR", help="Where the outputs are. Default: the pack's output/.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "reader", "osmem"]),
    default="auto",
    show_default=True,
    help="Who answers beside our own readers.",
)
@click.option("--record", "recorded", is_flag=True, help="Write what was found beside the outputs.")
@click.option("--report", metavar="FILE", help="Write a JSON report.")
@format_option(*FORMATS)
def command(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    output: str | None,
    engine: str,
    recorded: bool,
    report: str | None,
    output_format: str,
) -> None:
    """Read every artifact file and run it on the target's view of the rules' events and their variants.

    An artifact that answers otherwise than its rule is refuted: the event and both answers are shown. One that no event could refute is
    unknown; the cure is a test event.
    """
    from converter.pack import OutputError, load_pack
    from converter.verify import EngineMissingError, record

    policy = policy_of(paths)
    pack = load_pack(pack_paths(paths, policy), policy.config.rules, policy.config.placeholders)
    folder = output_of(output, policy)
    try:
        done = verified(pack, [target.name for target in targets_of(targets or policy.config.targets)], folder, engine, policy.tables)
        if recorded:
            record(done, folder)
        step = verify_step(pack, done)
        if report:
            from converter.cli.report import write_report

            write_report(report, list(step.results))
    except (OutputError, EngineMissingError) as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    emit([step], output_format)
    if output_format != "github":
        tell(step.diagnostics)
    tell_verdicts(done)
    say("\n" + step.summary)
    sys.exit(step.code)


def verified(pack: Pack, targets: Sequence[str], output: Path, engine: str, tables: Tables) -> Verification:
    """Return what verify says; without ``osmem`` being asked for by name, a missing engine is only a note.

    Raises:
        OutputError: if a manifest is damaged.
        EngineMissingError: if the engine was asked for by name and is not installed.
    """
    from converter.verify import EngineMissingError, verify

    try:
        return verify(pack, targets, output, "reader" if engine == "reader" else "osmem", tables)
    except EngineMissingError as error:
        if engine == "osmem":
            raise
        say(f"note: no engine was asked: {error}")
        return verify(pack, targets, output, "reader", tables)


def verify_step(pack: Pack, done: Verification) -> Step:
    """Return the verdicts on a pack's outputs as a step."""
    from converter.model import has_errors

    failed = sum(verdict.failed for verdict in done.verdicts)
    code = Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if failed or not done.verdicts else Exit.FINE
    unread = sum(verdict.measured is None and not verdict.failed for verdict in done.verdicts)
    summary = f"{len(done.verdicts) - failed - unread} of {len(done.verdicts)} outputs mean their rules on every event"
    summary += f"; {unread} were not read" if unread else ""
    summary = summary if done.verdicts else "no outputs to verify; run 'converter build' first"
    diagnostics = [*pack.diagnostics, *(one for verdict in done.verdicts for one in verdict.diagnostics)]
    cases = [*map(_case, done.verdicts), *cases_of(pack.diagnostics, ())]
    return Step("verify", code, summary, diagnostics, cases, [_json(one) for one in done.verdicts])


def tell_verdicts(done: Verification) -> None:
    """Print the counter-examples, the notes and the table."""
    tell_counter_examples(done)
    for note in done.notes:
        say(f"note: {note}")
    say(table(["rule", "target", "status", "evidence", "atoms", "events"], [_row(verdict) for verdict in done.verdicts]))


def tell_counter_examples(done: Verification) -> None:
    """Print each event on which an output answers otherwise than its rule."""
    for verdict in done.verdicts:
        for one in verdict.measured.disagreements if verdict.measured else ():
            say(f"{verdict.artifact}: {one.label}")
            say(f"  the rule {_answer(one.expected)}, the output {_answer(one.got)}")
            say("  event: " + json.dumps(one.event, ensure_ascii=False))


def _case(verdict: Verdict) -> Case:
    told = [one.render() for one in verdict.diagnostics]
    for one in verdict.measured.disagreements if verdict.measured else ():
        told.append(f"the rule {_answer(one.expected)}, the output {_answer(one.got)}: {json.dumps(one.event, ensure_ascii=False)}")
    failure = ""
    if verdict.failed:
        failure = verdict.diagnostics[0].message if verdict.diagnostics else "the output was not verified"
    span = verdict.loaded.rule.span("title")
    text = "\n\n".join(told)
    return Case(
        verdict.loaded.file.name, f"{verdict.loaded.rule.title} on {verdict.target}", span.path, span.line, failure, "failure", text
    )


def _answer(value: bool) -> str:
    return "matches" if value else "does not match"


def _row(verdict: Verdict) -> list[str]:
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


def _json(verdict: Verdict) -> dict[str, Any]:
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
