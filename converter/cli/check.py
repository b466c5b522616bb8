"""``converter check``."""

from __future__ import annotations

import json
import sys

import click

from converter.cli.options import format_option, pack_paths
from converter.cli.show import Exit, put, say, tell


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--select", multiple=True, metavar="CODES", help="Only these codes (comma-separated prefixes).")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these codes (comma-separated prefixes).")
@click.option("--statistics", is_flag=True, help="Print how often each code occurs.")
@format_option("text", "json", "github")
def command(paths: tuple[str, ...], select: tuple[str, ...], ignore: tuple[str, ...], statistics: bool, output_format: str) -> None:
    """Look for mistakes in rules: what has no meaning, and what can never match."""
    from collections import Counter

    from converter.checks import codes, run_checks
    from converter.cli.report import diagnostic_json, envelope
    from converter.model import has_errors
    from converter.pack import load_pack

    chosen, left = _prefixes(select, codes()), _prefixes(ignore, codes())
    pack = load_pack(pack_paths(paths))
    found = [one for one in run_checks(pack) if (not chosen or one.code.startswith(chosen)) and not (left and one.code.startswith(left))]
    if output_format == "json":
        put(json.dumps(envelope([diagnostic_json(one) for one in found]), indent=1, ensure_ascii=False))
    elif output_format == "github":
        for one in found:
            place = f"file={_escape(one.span.path)},line={one.span.line},col={one.span.column}," if one.span else ""
            put(f"::{'error' if one.severity >= 3 else 'warning'} {place}title={one.code}::{_escape(one.message)}")
    else:
        tell(found)
    if statistics:
        for code, count in sorted(Counter(one.code for one in found).items()):
            put(f"{count:6} {code}")
    say(f"{len(pack.rules)} rules, {len(found)} findings")
    sys.exit(Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if found else Exit.FINE)


def _prefixes(values: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return the code prefixes of an option; one that no code can have is wrong usage."""
    words = tuple(word for value in values for word in value.split(",") if word)
    for word in words:
        if word[0] not in "RMS" or (not word[1:].isdecimal() and word[1:]):
            raise click.UsageError(f"'{word}' is no code; the checks are {', '.join(known)}, and R and M codes of reading.")
    return words


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A").replace(":", "%3A").replace(",", "%2C")
