"""``converter verify-bundle``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from converter.cli.options import format_option
from converter.cli.show import Exit, put, say, tell

SHOWN = 40
"""Findings that are printed."""


@click.command("verify-bundle")
@click.argument("file", type=click.Path())
@format_option("text", "json")
def command(file: str, output_format: str) -> None:
    """Say whether FILE is exactly a bundle as it was made.

    Every byte is held against the manifest, the checksums and the one form that a bundle has. Nothing is unpacked. Who made the bundle
    it cannot say: bundles are not signed yet.

    Exit codes: 0 sound, 1 refused, 3 unreadable.
    """
    from converter.model import printable
    from converter.publish import inspect

    found = inspect(Path(file))
    if output_format == "json":
        put(json.dumps(_report(found), indent=1, ensure_ascii=False))
    if found.unreadable is not None:
        tell([found.unreadable])
        sys.exit(Exit.INPUT)
    tell(found.findings[:SHOWN])
    if len(found.findings) > SHOWN:
        say(f"and {len(found.findings) - SHOWN} more")
    if not found.is_sound:
        say(f"{printable(found.path)}: refused")
        sys.exit(Exit.FINDINGS)
    rules = found.manifest["rules"]
    say(
        f"{printable(found.path)}: sound, unsigned: {len(rules)} rules, {found.files} files, targets {', '.join(found.manifest['targets'])}"
    )
    sys.exit(Exit.FINE)


def _report(found: object) -> dict[str, object]:
    from converter.cli.report import diagnostic_json, envelope
    from converter.publish import Inspection

    assert isinstance(found, Inspection)
    status = "unreadable" if found.unreadable else "sound" if found.is_sound else "refused"
    diagnostics = [diagnostic_json(one) for one in (*found.findings, *([found.unreadable] if found.unreadable else []))]
    result = {"path": found.path, "status": status, "signed": False, "files": found.files, "diagnostics": diagnostics}
    if found.is_sound:
        result["rules"] = len(found.manifest["rules"])
        result["targets"] = list(found.manifest["targets"])
    return envelope([result])
