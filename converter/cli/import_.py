"""``converter import``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from converter.cli.show import Exit, say, tell

if TYPE_CHECKING:
    from converter.readers.elastic_docs import Imported


@click.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice(["elastic-docs"]))
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path())
@click.option("-o", "--output", required=True, metavar="DIR", help="Where the canonical rules go.")
@click.option("--report", metavar="FILE", help="Write a JSON report.")
@click.option("--force", is_flag=True, help="Replace files that were edited since.")
def command(format_: str, sources: tuple[str, ...], output: str, report: str | None, force: bool) -> None:
    """Turn rules of other formats into canonical rules below DIR.

    FORMAT elastic-docs: pages of Elastic's documentation of prebuilt rules (Markdown files or folders of them). What a page cannot show is
    told, never invented.
    """
    from converter.pack import OutputError, place
    from converter.readers.elastic_docs import import_file

    results = [import_file(path) for path in _pages(sources)]
    try:
        written, left = place(Path(output), _named(results), force=force)
        if report:
            from converter.cli.report import write_report

            write_report(report, [_row(result, output) for result in results])
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    tell([*(one for result in results for one in result.diagnostics), *left])
    for path in written:
        say(path)
    counts = {status: sum(result.status.value == status for result in results) for status in ("canonical", "opaque", "refused")}
    say(", ".join(f"{count} {status}" for status, count in counts.items()) + (f", {len(left)} left alone" if left else ""))
    sys.exit(_code(results, bool(left)))


def _code(results: Sequence[Imported], left: bool) -> Exit:
    """0 when every page became a detection that means its query, 3 when none could be read, else 1."""
    if not results or all(result.status.value == "refused" for result in results):
        return Exit.INPUT
    whole = all(
        result.status.value == "canonical" and not any(loss.direction.value != "exact" for loss in result.losses) for result in results
    )
    return Exit.FINE if whole and not left else Exit.FINDINGS


def _pages(sources: Sequence[str]) -> list[Path]:
    """Return the pages of files and folders; in folders those that end in .md."""
    found: list[Path] = []
    for source in sources:
        path = Path(source)
        found += sorted(one for one in path.rglob("*.md") if one.is_file()) if path.is_dir() else [path]
    return found


def _named(results: Sequence[Imported]) -> dict[str, bytes]:
    """Return the rules' texts by file name; a name that is taken gets a number."""
    files: dict[str, bytes] = {}
    for result in results:
        if not result.text:
            continue
        stem, number = result.file.removesuffix(".yml"), 1
        name = f"{stem}.yml"
        while name in files:
            number += 1
            name = f"{stem}_{number}.yml"
        files[name] = result.text.encode("utf-8", "replace")
    return files


def _row(result: Imported, output: str) -> dict[str, Any]:
    from converter.cli.report import diagnostic_json, loss_json

    return {
        "source": result.source,
        "name": result.name,
        "kind": result.kind,
        "language": result.language,
        "status": result.status.value,
        "exact": result.exact,
        "rule": f"{output}/{result.file}" if result.file else None,
        "losses": [loss_json(one) for one in result.losses],
        "diagnostics": [diagnostic_json(one) for one in result.diagnostics],
    }
