"""``converter convert``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.bridge import piped
from converter.cli.counter import show_counter_example
from converter.cli.flags import typed
from converter.cli.options import directions_of, flags_of, option_option, pipeline_option, policy_of, targets_of
from converter.cli.show import Exit, say, tell

if TYPE_CHECKING:
    from converter.pack import Outcome
    from converter.targets import Target


@click.command("convert")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("-t", "--target", "target", required=True, metavar="TARGET", help="The target.")
@click.option("--allow", multiple=True, metavar="DIRECTIONS", help="Let losses pass: narrower, mixed, unknown (comma-separated).")
@option_option
@pipeline_option
def command(file: str, target: str, allow: tuple[str, ...], options: tuple[str, ...], pipelines: tuple[str, ...]) -> None:
    """Compile one rule and print its main artifact; FILE may be - for standard input."""
    from converter.model import Severity, has_errors
    from converter.pack import RuleFile, compile_rule, load_bytes, package_options, read_bytes, told, unreadable

    chosen = targets_of([target])[0]
    flags = typed(flags_of(options), [chosen])
    name = "<stdin>" if file == "-" else told(Path(file))
    try:
        data = sys.stdin.buffer.read(17 << 20) if file == "-" else read_bytes(Path(file))
    except OSError as error:
        tell([unreadable(name, error)])
        sys.exit(Exit.INPUT)
    stem = "rule" if file == "-" else Path(file).stem
    pack = policy_of([] if file == "-" else [file])
    loaded, problems = load_bytes(data, RuleFile(Path(file), name, stem), pack.config.rules, pack.config.placeholders)
    tell([*problems, *(one for rule in loaded for one in rule.diagnostics if one.severity is not Severity.ERROR)])
    policy = piped(pack, pipelines, [chosen], flags)
    outcomes = [compile_rule(rule, chosen, flags, directions_of(allow), policy) for rule in loaded]
    code = Exit.INPUT if has_errors(problems) else Exit.FINE
    for outcome in outcomes:
        tell(outcome.diagnostics)
        if not outcome.allowed:
            say(f"{outcome.loaded.rule.title}: {outcome.status.value} on {chosen.name}, nothing is printed{_because(outcome.reason)}")
            show_counter_example(outcome, policy.tables)
            code = max(code, Exit.INPUT if outcome.status.value == "error" else Exit.FINDINGS)
    done = [one for one in outcomes if one.allowed and one.compilation]
    if done:
        code = max(code, _print(chosen, done, package_options(policy, flags)))
    sys.exit(code)


def _print(target: Target, done: Sequence[Outcome], options: Mapping[str, Any]) -> Exit:
    """Print the main artifact of each rule, or of all for a package; an archive does not go to a terminal, a folder nowhere."""
    from converter.targets import UnpackableError

    paths = [one.loaded.output for one in done]
    try:
        artifacts = target.package([one.compilation for one in done if one.compilation], paths, options)
    except UnpackableError as error:
        tell(error.diagnostics)
        return Exit.FINDINGS
    if target.base == target.name:
        artifacts = [artifact for artifact in artifacts if artifact.path.rpartition(".")[0] in paths]
    elif len(artifacts) > 1:
        raise click.UsageError(f"{target.name} makes a folder, which cannot be printed; use 'converter build -t {target.name}'.")
    elif artifacts[0].path.endswith(".tgz") and sys.stdout.isatty():
        raise click.UsageError(f"{artifacts[0].path} is an archive; send it to a file with > {artifacts[0].path}")
    for artifact in artifacts:
        sys.stdout.buffer.write(artifact.data)
    sys.stdout.buffer.flush()
    return Exit.FINE


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
