"""``converter build``."""

from __future__ import annotations

import gc
import sys

import click

from converter.cli.bridge import piped
from converter.cli.flags import typed
from converter.cli.options import (
    directions_of,
    flags_of,
    option_option,
    output_of,
    pack_paths,
    pipeline_option,
    policy_of,
    target_option,
    targets_of,
    today_option,
)
from converter.cli.show import Exit, say, tell

COUNTER_EXAMPLES = 10
"""Refused rows that are shown with an event; each costs a run over the rule's events."""


@click.command("build")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
@click.option("-o", "--output", metavar="DIR", help="Where the outputs go, a folder per target. Default: the pack's output/.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when anything would change.")
@click.option("--report", metavar="FILE", help="Write a JSON report.")
@click.option("--allow", multiple=True, metavar="DIRECTIONS", help="Let losses pass: narrower, mixed, unknown (comma-separated).")
@click.option("--details", is_flag=True, help="A row for every rule and target, and counter-examples, however many there are.")
@click.option("--write-baseline", is_flag=True, help="Record what is refused today, so that only new refusals fail.")
@today_option
@option_option
@pipeline_option
def command(
    paths: tuple[str, ...],
    targets: tuple[str, ...],
    output: str | None,
    check: bool,
    report: str | None,
    allow: tuple[str, ...],
    details: bool,
    write_baseline: bool,
    today: str | None,
    options: tuple[str, ...],
    pipelines: tuple[str, ...],
) -> None:
    """Compile rules for targets into output/.

    PATHS are rule files or folders, by default the pack's rules/. A rule that cannot be translated within what is allowed keeps its
    old output and fails the build; every other output is written.
    """
    from converter.pack import OutputError, Request, build

    gc.disable()  # one batch that makes no cycles and ends
    policy = policy_of(paths, today)
    where = (pack_paths(paths, policy), targets_of(targets or policy.config.targets), output_of(output, policy))
    flags = typed(flags_of(options), where[1])
    request = Request(*where, flags, directions_of(allow), check, piped(policy, pipelines, where[1], flags), write_baseline)
    try:
        done = build(request)
        if report:
            from converter.cli.report import build_report, write_report

            write_report(report, build_report(done))
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    from converter.cli.summary import SMALL, build_summary

    refused = [one for row in done.rows if row.fails for one in row.outcome.diagnostics]
    tell([*done.reading, *done.diagnostics, *done.findings, *refused])
    lossy = [row.outcome for row in done.rows if row.fails and row.outcome.compilation and row.outcome.compilation.parts]
    if lossy and (details or len(done.pack.rules) <= SMALL):
        from converter.cli.counter import show_counter_example

        for outcome in lossy[:COUNTER_EXAMPLES]:
            show_counter_example(outcome, policy.tables)
    say(build_summary(done, details=details, check=check))
    gc.freeze()  # the interpreter's end need not look for cycles either
    sys.exit(_code(done, check))


def _code(done: object, check: bool) -> Exit:
    from converter.pack import Report

    assert isinstance(done, Report)
    code = Exit.FINE
    if any(row.fails or row.stale for row in done.rows) or done.diagnostics or (check and (done.changed or done.removed)):
        code = Exit.FINDINGS
    from converter.model import has_errors

    return Exit.INPUT if has_errors(done.reading) else code
