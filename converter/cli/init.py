"""``converter init``."""

from __future__ import annotations

import datetime
import os
import sys
import uuid
from pathlib import Path

import click

from converter.cli.show import Exit, put, say, tell


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path())
@click.option("--ci", "host", type=click.Choice(["github", "gitlab"]), help="Also write a workflow for this host.")
def command(folder: str, host: str | None) -> None:
    """Start a rule pack in DIR: one rule with its tests, its outputs, a configuration and, with --ci, a workflow.

    Nothing that exists is overwritten: when a file stands in the way, nothing is written at all. The new pack is then checked and tested.
    """
    from converter.cli.report import version
    from converter.pack import OutputError, first_files, pack_name, put_files, standing_in_the_way

    root = Path(folder)
    today = datetime.date.today().isoformat()
    files = first_files({"NAME": pack_name(root), "ID": str(uuid.uuid4()), "DATE": today, "VERSION": version()}, host or "")
    found = standing_in_the_way(root, files)
    if found:
        say("error: nothing was written, because these exist:\n" + "\n".join(f"  {name}" for name in found))
        sys.exit(Exit.USAGE)
    try:
        put_files(root, files)
        code = _finished(root, today)
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    put("\n".join(f"{root / name}" for name in sorted(files)))
    if code == Exit.FINE:
        say(f"{root} is a rule pack; next: {'' if folder == '.' else f'cd {folder} && '}converter ci")
    sys.exit(code)


def _finished(root: Path, today: str) -> Exit:
    """Build the new pack, and return what its checks and tests say."""
    from converter.cli.check import check_step, chosen
    from converter.cli.test import test_step
    from converter.pack import Policy, Request, build, load_config, load_pack
    from converter.targets import target

    config = load_config(root)
    if isinstance(config, tuple):
        tell(config)
        return Exit.INPUT
    policy = Policy(config, today=today)
    done = build(Request([config.rules], [target(name) for name in config.targets], config.output, {}, frozenset(), policy=policy))
    pack = load_pack([config.rules], config.rules)
    steps = [check_step(pack, policy, chosen((), ()))[0], test_step(pack, None)]
    tell([*done.reading, *done.diagnostics, *(one for row in done.rows for one in row.outcome.diagnostics)])
    tell(one for step in steps for one in step.diagnostics)
    for step in steps:
        say(f"{step.name}: {step.summary}")
    say(f"build: {sum(bool(row.artifact) for row in done.rows)} outputs in {os.path.relpath(config.output)}")
    return max(step.code for step in steps)
