"""``converter test``."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from converter.cli.formats import FORMATS, Case, Step, cases_of, emit
from converter.cli.options import format_option, pack_paths, policy_of
from converter.cli.show import Exit, say, tell

if TYPE_CHECKING:
    from converter.pack import Loaded, Pack
    from converter.verify import TestResult


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("-k", "expression", metavar="EXPR", help="Only tests whose rule or name holds this text.")
@click.option("--coverage", is_flag=True, help="Also show which parts of each rule no test decides, with an example event for each.")
@format_option(*FORMATS)
def command(paths: tuple[str, ...], expression: str | None, coverage: bool, output_format: str) -> None:
    """Run the events in the rules against the rules' own meaning."""
    from converter.pack import load_pack

    policy = policy_of(paths)
    pack = load_pack(pack_paths(paths, policy), policy.config.rules, policy.config.placeholders)
    step = test_step(pack, expression)
    if coverage:
        from converter.cli.coverage import coverage_rows, tell_coverage
        from converter.synthesis import SolverMissingError

        try:
            rows = coverage_rows(pack, expression, policy.tables)
        except SolverMissingError as error:
            say(f"error: {error}")
            sys.exit(Exit.ENVIRONMENT)
        step = replace(step, results=[*step.results, *rows])
        if output_format == "text":
            tell_coverage(rows)
    emit([step], output_format)
    if output_format != "github":
        tell(step.diagnostics)
    say(step.summary)
    sys.exit(step.code)


def test_step(pack: Pack, expression: str | None) -> Step:
    """Return what became of the tests in a pack's rules."""
    from converter.model import has_errors
    from converter.verify import run_tests

    results = []
    for loaded in pack.rules:
        for result in run_tests(loaded):
            if not expression or expression.lower() in f"{loaded.file.name} {loaded.rule.title} {result.name}".lower():
                results.append((loaded, result))
    failed = [(loaded, result) for loaded, result in results if not result.passed]
    diagnostics = [*pack.diagnostics, *(result.diagnostic for _, result in failed if result.diagnostic)]
    rows = [
        {"rule": loaded.rule.id, "path": loaded.file.name, "test": one.name, "passed": one.passed, "message": one.message}
        for loaded, one in results
    ]
    untested = sum(not loaded.rule.converter.get("tests") and not loaded.part_of for loaded in pack.rules)
    summary = f"{len(results) - len(failed)} passed, {len(failed)} failed in {len(pack.rules)} rules"
    summary += f" ({untested} without tests)" if untested else ""
    code = Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if failed else Exit.FINE
    cases = [*(_case(loaded, one, number) for number, (loaded, one) in enumerate(results)), *cases_of(pack.diagnostics, ())]
    return Step("test", code, summary, diagnostics, cases, rows)


def _case(loaded: Loaded, one: TestResult, number: int) -> Case:
    place = one.diagnostic.span if one.diagnostic else None
    line = place.line if place else loaded.rule.span("title").line
    text = one.diagnostic.render() if one.diagnostic else ""
    failure = "" if one.passed else one.message or (one.diagnostic.message if one.diagnostic else "the test fails")
    return Case(
        f"{loaded.file.name}: {loaded.rule.title}", one.name or f"test {number + 1}", loaded.file.name, line, failure, "failure", text
    )


# pytest would take the function's name for a test's.
test_step.__test__ = False  # type: ignore[attr-defined]
