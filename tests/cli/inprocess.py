"""The command line without a process for each call: the same arguments, streams and exit code, at a tenth of the time."""

from __future__ import annotations

import contextlib
import gc
import subprocess
from pathlib import Path

from click.testing import CliRunner

from converter.cli import cli


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``converter`` in a folder; an exception is a failed test, as a traceback would be."""
    with contextlib.chdir(folder):
        try:
            result = CliRunner().invoke(cli, list(words), prog_name="converter", catch_exceptions=False)
        finally:
            gc.enable()
    return subprocess.CompletedProcess(list(words), result.exit_code, result.stdout, result.stderr)
