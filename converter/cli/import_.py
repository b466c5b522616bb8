"""``converter import``."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from converter.cli.show import Exit, say, tell

if TYPE_CHECKING:
    from converter.model import Diagnostic
    from converter.pack import Placed
    from converter.readers.elastic_rules import Imported

_ENDINGS: Final = {"elastic-docs": ".md", "elastic-toml": ".toml", "elastic-ndjson": ".ndjson"}
"""What the files of a format end in, where a folder is given."""
_QUERIES: Final = ("kuery", "eql", "lucene")
"""The languages of single queries."""


@click.command("import")
@click.argument("format_", metavar="FORMAT", type=click.Choice([*_ENDINGS, *_QUERIES]))
@click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("-o", "--output", required=True, metavar="DIR", help="Where the canonical rules go.")
@click.option("--report", metavar="FILE", help="Write a JSON report.")
@click.option("--logsource", metavar="P/C/S", help="kuery, eql, lucene: product/category/service that the query is for.")
@click.option("--fields", metavar="FILE", help="kuery, eql, lucene: the index's mappings as JSON. Default: the log source's fields.")
@click.option("--force", is_flag=True, help="Replace files that were edited since.")
@click.option("--keep-edits", is_flag=True, help="Where an edit and its source changed the same key, let the edit stand.")
def command(
    format_: str,
    sources: tuple[str, ...],
    output: str,
    report: str | None,
    logsource: str | None,
    fields: str | None,
    force: bool,
    keep_edits: bool,
) -> None:
    """Turn rules of other formats into canonical rules below DIR.

    FORMAT elastic-toml: rule files as in Elastic's repository. elastic-ndjson: exports of Kibana. elastic-docs: pages of Elastic's
    documentation of prebuilt rules. SRC are files, or folders of them. kuery, eql, lucene: one query in a file, or - for standard input.
    What cannot be said is kept as it is, with the reason; what a page
    cannot show is told, never invented.
    """
    from converter.pack import OutputError, reimport, settled

    results: list[Imported]
    notes: list[Diagnostic] = []
    if format_ in _QUERIES:
        from converter.cli.import_queries import imported

        results = list(imported(format_, sources, logsource, fields))
    elif logsource or fields:
        raise click.UsageError(f"--logsource and --fields are for {', '.join(_QUERIES)}; {format_} says its own")
    else:
        results, notes = _apart(_import(format_, _files(sources, _ENDINGS[format_])))
    results = list(settled(results))
    names = _names(results)
    try:
        files = {name: result.text.encode("utf-8", "replace") for name, result in zip(names, results, strict=True) if name}
        placed = reimport(Path(output), files, force=force, keep=keep_edits)
        if report:
            from converter.cli.report import write_report

            places = [f"{output}/{placed.moved.get(name, name)}" if name else None for name in names]
            write_report(report, [_row(result, place) for place, result in zip(places, results, strict=True)])
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    tell([*(one for result in results for one in result.diagnostics), *notes, *placed.told])
    for path in placed.written:
        say(path)
    for line in _summary(results, notes, placed):
        say(line)
    sys.exit(_code(results, bool(placed.left)))


def _import(format_: str, paths: Iterable[Path]) -> Iterator[Imported | Diagnostic]:
    """Yield what becomes of each rule, and what is told of parts of files that are none."""
    if format_ == "elastic-ndjson":
        from converter.readers.elastic_rules import import_ndjson_file

        for path in paths:
            yield from import_ndjson_file(path)
    elif format_ == "elastic-toml":
        from converter.readers.elastic_rules import import_toml_file

        yield from map(import_toml_file, paths)
    else:
        from converter.readers.elastic_docs import import_file

        yield from map(import_file, paths)


def _apart(found: Iterable[Imported | Diagnostic]) -> tuple[list[Imported], list[Diagnostic]]:
    from converter.model import Diagnostic

    results: list[Imported] = []
    notes: list[Diagnostic] = []
    for one in found:
        if isinstance(one, Diagnostic):
            notes.append(one)
        else:
            results.append(one)
    return results, notes


def _summary(results: Sequence[Imported], notes: Sequence[Diagnostic], placed: Placed) -> Iterator[str]:
    """Yield the counts: by status, by the reason of opaque rules, by what was left out."""
    counts = {status: sum(result.status.value == status for result in results) for status in ("canonical", "opaque", "refused")}
    lossy = sum(result.status.value == "canonical" and not result.exact for result in results)
    parts = [f"{count} {status}{f' ({lossy} not exact)' if lossy and status == 'canonical' else ''}" for status, count in counts.items()]
    counts = {"joined with edits": len(placed.joined), "edited and kept": len(placed.kept), "left alone": len(placed.left)}
    parts += [f"{count} {what}" for what, count in counts.items() if count]
    parts += [f"{len(notes)} left out, which are no rules"] if notes else []
    yield ", ".join(parts)
    if reasons := Counter(result.reason for result in results if result.reason):
        yield "opaque: " + ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0])))


def _code(results: Sequence[Imported], left: bool) -> Exit:
    """0 when every rule became a detection that means it, 3 when none could be read, else 1."""
    if not results or all(result.status.value == "refused" for result in results):
        return Exit.INPUT
    whole = all(
        result.status.value == "canonical" and not any(loss.direction.value != "exact" for loss in result.losses) for result in results
    )
    return Exit.FINE if whole and not left else Exit.FINDINGS


def _files(sources: Sequence[str], ending: str) -> list[Path]:
    """Return the files of files and folders; in folders those that end as the format's do."""
    found: list[Path] = []
    for source in sources:
        path = Path(source)
        found += sorted(one for one in path.rglob(f"*{ending}") if one.is_file()) if path.is_dir() else [path]
    return found


def _names(results: Sequence[Imported]) -> list[str]:
    """Return where each rule goes below the folder, empty for none; a name that is taken gets a number."""
    taken: set[str] = set()
    names: list[str] = []
    for result in results:
        stem, number = result.file.removesuffix(".yml"), 1
        name = f"{stem}.yml" if result.text else ""
        while name in taken:
            number += 1
            name = f"{stem}_{number}.yml"
        taken |= {name} if name else set()
        names.append(name)
    return names


def _row(result: Imported, rule: str | None) -> dict[str, Any]:
    from converter.cli.report import diagnostic_json, loss_json

    return {
        "source": result.source,
        "line": result.line or None,
        "name": result.name,
        "kind": result.kind,
        "language": result.language,
        "status": result.status.value,
        "reason": result.reason or None,
        "exact": result.exact,
        "rule": rule,
        "losses": [loss_json(one) for one in result.losses],
        "diagnostics": [diagnostic_json(one) for one in result.diagnostics],
    }
