"""``converter bundle``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from converter.cli.options import flags_of, option_option, output_of, pack_paths, policy_of, target_option, targets_of, today_option
from converter.cli.show import Exit, put, say, tell

SHOWN = 40
"""Findings that are printed; of a large pack the rest stands in the manifest."""


@click.command("bundle")
@click.argument("paths", nargs=-1, type=click.Path())
@target_option
@click.option("-o", "--output", required=True, metavar="FILE", help="The bundle: a .tar, .tar.gz, .tgz or .zip.")
@click.option("--force", is_flag=True, help="Replace FILE although it is no bundle.")
@today_option
@option_option
def command(
    paths: tuple[str, ...], targets: tuple[str, ...], output: str, force: bool, today: str | None, options: tuple[str, ...]
) -> None:
    """Make one archive of a pack: rules, outputs, licences, manifest, checksums.

    The archive is the same, byte for byte, wherever it is made. A rule without a licence is refused, and nothing is written. A rule that
    cannot be translated within what is allowed is left out on that target, which is said and fails the command.
    """
    from converter.pack import OutputError, sweep, told, write_bytes
    from converter.publish import SUFFIXES, BundleRequest, container_of, is_refused, make_bundle

    kind = container_of(output)
    if kind is None:
        raise click.UsageError(f"-o takes a file that ends in {', '.join(SUFFIXES)}, not '{output}'.")
    from converter.cli.report import version
    from converter.model import has_errors, ordered

    policy = policy_of(paths, today)
    chosen = targets_of(targets or policy.config.targets)
    request = BundleRequest(pack_paths(paths, policy), chosen, output_of(None, policy), flags_of(options), policy, version())
    try:
        bundle = make_bundle(request, kind)
        told_of = ordered([*bundle.reading, *bundle.findings])
        tell(told_of[:SHOWN])
        if len(told_of) > SHOWN:
            rest = "" if bundle.data is None else "; the bundle's manifest lists them by rule and target"
            say(f"and {len(told_of) - SHOWN} more{rest}")
        code = Exit.FINDINGS if is_refused(bundle) else Exit.FINE
        if bundle.data is not None and _may_replace(Path(output), force):
            sweep(Path(output).parent)
            write_bytes(Path(output), bundle.data)
            put(told(Path(output)))
            say(f"{len(bundle.manifest['rules'])} rules, {len(bundle.files)} files, unsigned")
            silent = [one["id"] for one in bundle.manifest["licenses"] if one["text"] is None]
            if silent:
                say(f"without their text, which belongs into LICENSES/<identifier>.txt: {', '.join(silent)}")
        else:
            say("no bundle was written" + ("" if bundle.pack.rules or bundle.pack.unread else ": no rules found"))
            code = Exit.FINDINGS
    except OutputError as error:
        say(f"error: {error}")
        sys.exit(Exit.ENVIRONMENT)
    sys.exit(Exit.INPUT if has_errors(bundle.reading) else code)


def _may_replace(path: Path, force: bool) -> bool:
    """Whether the bundle may be written: over nothing, over a sound bundle, or by force over any file."""
    from converter.model import Diagnostic, Severity, Source
    from converter.pack import told
    from converter.publish import inspect

    if force or not (path.exists() or path.is_symlink()) or (not path.is_symlink() and inspect(path).is_sound):
        return True
    message = f"{told(path)} is no bundle, or a damaged one, and is left alone"
    tell([Diagnostic("B035", Severity.ERROR, Source(told(path), "").start, message, help="name another file, or use --force")])
    return False
