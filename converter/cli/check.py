"""``converter check``."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from converter.cli.formats import FORMATS, Step, cases_of, emit
from converter.cli.options import format_option, pack_paths, policy_of, today_option
from converter.cli.show import Exit, bad_input, put, say

if TYPE_CHECKING:
    from converter.checks import Finding, Fixed
    from converter.pack import Pack, Policy

SHOWN = 50
"""Findings of one code that the text shows, unless the code was asked for."""


@click.command("check")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--select", multiple=True, metavar="CODES", help="Only these codes (comma-separated prefixes).")
@click.option("--ignore", multiple=True, metavar="CODES", help="Not these codes (comma-separated prefixes).")
@click.option("--fix", "fixing", is_flag=True, help="Correct what can be corrected without changing what a rule matches.")
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help="Also correct what may change what a rule matches; implies --fix.")
@click.option("--diff", is_flag=True, help="Print the corrections instead of writing them; exit 1 when there are any.")
@click.option("--statistics", is_flag=True, help="Print how often each code occurs.")
@today_option
@format_option(*FORMATS, "sarif")
def command(
    paths: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fixing: bool,
    unsafe: bool,
    diff: bool,
    statistics: bool,
    today: str | None,
    output_format: str,
) -> None:
    """Look for mistakes in rules: what has no meaning, what can never match, and what a reviewer would ask for.

    Notes fail nothing. 'converter explain CODE' tells why a finding matters.
    """
    from converter.pack import OutputError, load_pack

    gc.disable()  # one batch that makes no cycles and ends
    policy = policy_of(paths, today)
    is_chosen = chosen(select or policy.config.select, ignore or policy.config.ignore)
    pack = load_pack(pack_paths(paths, policy), policy.config.rules, policy.config.placeholders)
    try:
        if fixing or unsafe or diff:
            fixed = _corrected(pack, policy, is_chosen, unsafe=unsafe, diff=diff)
            if diff:
                sys.exit(max(bad_input(pack.diagnostics), Exit.FINDINGS if fixed else Exit.FINE))
            pack = load_pack(pack_paths(paths, policy), policy.config.rules, policy.config.placeholders)
    except (OutputError, OSError) as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    step, found = check_step(pack, policy, is_chosen)
    emit([step], output_format)
    if output_format in ("text", "junit"):
        tell_findings(found, whole=bool(select))
    if statistics:
        counts = Counter((one.code, one.diagnostic.severity.label) for one in found)
        for (code, label), count in sorted(counts.items()):
            (put if output_format == "text" else say)(f"{count:6} {code} {label}")
    say(step.summary)
    sys.exit(step.code)


def check_step(pack: Pack, policy: Policy, is_chosen: Callable[[str], bool]) -> tuple[Step, Sequence[Finding]]:
    """Return what the checks found in a pack, as a step and as findings."""
    from converter.model import Severity, has_errors

    found = _findings(pack, policy, is_chosen)
    diagnostics = [one.diagnostic for one in found]
    failing = any(one.severity is not Severity.NOTE for one in diagnostics)
    code = Exit.INPUT if has_errors(pack.diagnostics) else Exit.FINDINGS if failing else Exit.FINE
    files = [loaded.file.name for loaded in pack.rules]
    notes = sum(one.severity is Severity.NOTE for one in diagnostics)
    fixable = sum(one.fix is not None and one.fix.safe for one in found)
    summary = f"{len(pack.rules)} rules, {len(found) - notes} findings"
    summary += f", {notes} notes" if notes else ""
    summary += f"; --fix corrects {fixable}" if fixable else ""
    return Step("check", code, summary, diagnostics, cases_of(diagnostics, files), [_json(one) for one in found]), found


def _findings(pack: Pack, policy: Policy, is_chosen: Callable[[str], bool]) -> list[Finding]:
    from converter.checks import find_all

    return [one for one in find_all(pack, policy.today, policy.config.license, policy.tables) if is_chosen(one.code)]


def tell_findings(found: Sequence[Finding], *, whole: bool) -> None:
    """Print the findings; of a code that occurs everywhere the first ones, unless the ``whole`` is wanted."""
    from converter.checks import name_of

    shown: Counter[str] = Counter()
    for one in found:
        shown[one.code] += 1
        if whole or shown[one.code] <= SHOWN:
            say(one.diagnostic.render() + "\n")
    for code, count in sorted(shown.items()):
        if count > SHOWN and not whole:
            say(f"{count - SHOWN} more of {code} {name_of(code)}; list them with --select {code}\n")


def _corrected(pack: Pack, policy: Policy, is_chosen: Callable[[str], bool], *, unsafe: bool, diff: bool) -> tuple[Fixed, ...]:
    """Write the corrections, or print them; return them."""
    import difflib
    import os

    from converter.checks import fix_pack
    from converter.pack import write_bytes

    fixed = fix_pack(pack, lambda one: _findings(one, policy, is_chosen), unsafe=unsafe)
    for one in fixed:
        if diff:
            before, after = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (one.before, one.after))
            for line in difflib.unified_diff(before, after, one.file.name, one.file.name):
                put(line.rstrip("\n") if line.endswith("\n") else f"{line}\n\\ No newline at end of file")
            continue
        mode = one.file.path.stat().st_mode
        write_bytes(one.file.path, one.after)
        os.chmod(one.file.path, mode & 0o7777)
    count = sum(len(one.cured) for one in fixed)
    say(f"{'would correct' if diff else 'corrected'} {count} findings in {len(fixed)} files")
    return fixed


def chosen(select: Sequence[str], ignore: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a code is asked for; prefixes that no code can have are wrong usage."""
    wanted, left = _prefixes(select), _prefixes(ignore)
    return lambda code: (not wanted or code.startswith(wanted)) and not (left and code.startswith(left))


def _prefixes(values: Sequence[str]) -> tuple[str, ...]:
    from converter.checks import codes
    from converter.data import load

    words = tuple(word for value in values for word in value.split(",") if word)
    known = [code for code in load("codes.yml") if code[0] in "RMS"]
    for word in words:
        if not any(code.startswith(word) for code in known):
            raise click.UsageError(f"'{word}' is no code; the checks are {', '.join(codes())}, and R and M codes of reading.")
    return words


def _json(one: Finding) -> dict[str, Any]:
    from converter.cli.report import diagnostic_json

    return {**diagnostic_json(one.diagnostic), "fix": None if one.fix is None else "safe" if one.fix.safe else "unsafe"}
