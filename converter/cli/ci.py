"""``converter ci``."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from converter.cli.formats import FORMATS, Case, Step, cases_of, emit
from converter.cli.options import format_option, output_of, pack_paths, policy_of, target_option, targets_of, today_option
from converter.cli.show import Exit, say, table, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from converter.pack import Policy, Report, Row
    from converter.targets import Target

WORDS = {Exit.FINE: "passed", Exit.FINDINGS: "failed", Exit.INPUT: "not readable", Exit.ENVIRONMENT: "no answer"}


@click.command("ci")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
@click.option("-o", "--output", metavar="DIR", help="Where the outputs are. Default: the pack's output/.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "reader", "osmem"]),
    default="auto",
    show_default=True,
    help="Who answers in verify beside our own readers.",
)
@click.option("--report", metavar="FILE", help="Write a JSON report of all steps.")
@today_option
@format_option(*FORMATS)
def command(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    output: str | None,
    engine: str,
    report: str | None,
    today: str | None,
    output_format: str,
) -> None:
    """Run check, test, build --check and verify on a pack: one summary, one exit code.

    Nothing is written but the report. Every step runs, whatever the steps before it found; the exit code is the highest of theirs.
    """
    from converter.pack import OutputError

    gc.disable()  # one batch that makes no cycles and ends
    policy = policy_of(paths, today)
    where = pack_paths(paths, policy)
    steps = _steps(where, targets_of(targets or policy.config.targets), output_of(output, policy), policy, engine)
    emit([_named(step) for step in steps], output_format)
    if output_format != "github":
        tell(one for step in steps for one in step.diagnostics)
    say(table(["step", "result", ""], [[step.name, WORDS[step.code], step.summary] for step in steps]))
    code = max(step.code for step in steps)
    try:
        if report:
            from converter.cli.report import write_report

            write_report(report, [row for step in steps for row in _rows(step)])
    except OutputError as error:
        say(f"error: {error}")
        code = Exit.ENVIRONMENT
    sys.exit(code)


def _steps(where: list[Path], targets: Sequence[Target], output: Path, policy: Policy, engine: str) -> list[Step]:
    """Return all steps; check, test and verify share one reading of the pack."""
    from converter.cli.check import check_step, chosen
    from converter.cli.test import test_step
    from converter.cli.verify import tell_counter_examples, verified, verify_step
    from converter.pack import OutputError, load_pack
    from converter.verify import EngineMissingError

    pack = load_pack(where, policy.config.rules, policy.config.placeholders)
    steps = [check_step(pack, policy, chosen(policy.config.select, policy.config.ignore))[0], test_step(pack, None)]
    for name in ("build --check", "verify"):
        try:
            if name == "verify":
                done = verified(pack, [target.name for target in targets], output, engine, policy.tables)
                tell_counter_examples(done)
                steps.append(verify_step(pack, done))
            else:
                steps.append(build_step(where, targets, output, policy))
        except (OutputError, EngineMissingError) as error:
            steps.append(Step(name, Exit.ENVIRONMENT, str(error), (), [Case(name, name, "", 1, str(error), "error")]))
    return steps


def build_step(where: Sequence[Path], targets: Sequence[Target], output: Path, policy: Policy) -> Step:
    """Return what ``build --check`` says as a step; acceptances that no longer hold are findings here.

    Raises:
        OutputError: if the output folder cannot be used.
    """
    from converter.cli.report import build_report
    from converter.model import Diagnostic, Severity, Source, has_errors
    from converter.pack import Request, build

    done = build(Request(where, targets, output, {}, frozenset(), check=True, policy=policy))
    refused = [one for row in done.rows if row.fails for one in row.outcome.diagnostics]
    changes = [(path, "is not what the build makes of its rule today") for path in done.changed]
    changes += [(path, "belongs to no rule of today and would be removed") for path in done.removed]
    help_text = "run 'converter build' and commit what it writes"
    late = [Diagnostic("B003", Severity.ERROR, Source(path, "").start, f"{path} {what}", help=help_text) for path, what in changes]
    found = [*done.reading, *done.diagnostics, *done.findings, *refused, *late]
    failing = any(row.fails or row.stale for row in done.rows) or done.diagnostics or done.findings or late
    code = Exit.INPUT if has_errors(done.reading) else Exit.FINDINGS if failing else Exit.FINE
    cases = [*map(_case, done.rows), *cases_of([*done.diagnostics, *done.findings, *late], ())]
    return Step("build --check", code, _summary(done), found, cases, build_report(done))


def _summary(done: Report) -> str:
    counts = {
        "outputs": sum(bool(row.artifact) and not row.stale for row in done.rows),
        "would change": len(done.changed),
        "would be removed": len(done.removed),
        "refused": sum(row.fails for row in done.rows),
        "stale": sum(row.stale for row in done.rows),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count or what in ("outputs", "would change"))


def _case(row: Row) -> Case:
    outcome = row.outcome
    failure = ""
    if row.fails or row.stale:
        failure = outcome.diagnostics[0].message if outcome.diagnostics else f"{outcome.status.value}, and not allowed"
    span = outcome.loaded.rule.span("title")
    text = "\n\n".join(one.render() for one in outcome.diagnostics)
    return Case(
        outcome.loaded.file.name, f"{outcome.loaded.rule.title} for {outcome.target}", span.path, span.line, failure, "failure", text
    )


def _named(step: Step) -> Step:
    """Return a step whose rows say that they are its."""
    return Step(step.name, step.code, step.summary, step.diagnostics, step.cases, [{"step": step.name, **row} for row in step.results])


def _rows(step: Step) -> list[dict[str, object]]:
    """Return a step for the report: what came of it, then its rows."""
    from converter.cli.report import diagnostic_json

    head = {"step": step.name, "result": WORDS[step.code], "exit_code": int(step.code), "summary": step.summary}
    return [{**head, "results": list(step.results), "diagnostics": [diagnostic_json(one) for one in step.diagnostics]}]
