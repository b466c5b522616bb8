"""``converter test``."""

from __future__ import annotations

import json
import sys

import click

from converter.cli.options import format_option, pack_paths
from converter.cli.show import Exit, put, say, tell


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("-k", "expression", metavar="EXPR", help="Only tests whose rule or name holds this text.")
@format_option("text", "json")
def command(paths: tuple[str, ...], expression: str | None, output_format: str) -> None:
    """Run the events in the rules against the rules' own meaning."""
    from converter.model import has_errors
    from converter.pack import load_pack
    from converter.verify import run_tests

    pack = load_pack(pack_paths(paths))
    results = []
    for loaded in pack.rules:
        for result in run_tests(loaded):
            if not expression or expression.lower() in f"{loaded.file.name} {loaded.rule.title} {result.name}".lower():
                results.append((loaded, result))
    failed = [(loaded, result) for loaded, result in results if not result.passed]
    tell([*pack.diagnostics, *(result.diagnostic for _, result in failed if result.diagnostic)])
    if output_format == "json":
        rows = [
            {"rule": loaded.rule.id, "path": loaded.file.name, "test": one.name, "passed": one.passed, "message": one.message}
            for loaded, one in results
        ]
        put(json.dumps({"schema_version": 1, "results": rows}, indent=1, ensure_ascii=False))
    untested = sum(not loaded.rule.converter.get("tests") for loaded in pack.rules)
    say(
        f"{len(results) - len(failed)} passed, {len(failed)} failed in {len(pack.rules)} rules"
        + (f" ({untested} without tests)" if untested else "")
    )
    code = Exit.FINDINGS if failed else Exit.FINE
    sys.exit(Exit.INPUT if has_errors(pack.diagnostics) else code)
