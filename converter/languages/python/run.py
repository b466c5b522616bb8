"""Run an admitted module on events: a child process without environment, with bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from converter.languages.python.facts import facts
from converter.languages.python.read import MATCH, read
from converter.model import Diagnostic, Severity, Source

_CHILD: Final = f"""
import json, sys
given = json.load(sys.stdin)
try:
    import resource
    for kind, amount in given["limits"].items():
        try:
            resource.setrlimit(getattr(resource, kind), (amount, amount))
        except (ValueError, OSError, AttributeError):
            pass
except ImportError:
    pass
space = {{"__name__": "rule"}}
exec(compile(given["module"], "rule", "exec", dont_inherit=True), space)
answers = [space["{MATCH}"](event) for event in given["events"]]
sys.stdout.write(json.dumps(answers))
"""


def run(data: bytes, events: Sequence[Mapping[str, Any]], path: str, *, seconds: float | None = None) -> list[bool] | Diagnostic:
    """Return what the module's ``match`` says of each event; a module that ``read`` refuses is never run.

    Args:
        data: the module's file.
        events: the events as JSON reads them.
        path: the file's name, for diagnostics.
        seconds: what the child may take, in place of the bound in ``python.yml``.

    Returns:
        One truth value for each event, or why there is none (R260 to R269).
    """
    module = read(data, path)
    if isinstance(module, Diagnostic):
        return module
    bounds = facts()["run"]
    given_seconds = bounds["seconds"] if seconds is None else seconds
    limits = {
        "RLIMIT_AS": bounds["memory_bytes"],
        "RLIMIT_FSIZE": bounds["file_bytes"],
        "RLIMIT_CPU": int(given_seconds) + 1,
        "RLIMIT_CORE": 0,
    }
    try:
        given = json.dumps({"module": module.source.text, "events": list(events), "limits": limits})
    except (TypeError, ValueError, RecursionError):
        return _wrong(path, "R265", "an event is no JSON, or nests too deeply", "correct the event")
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(  # noqa: S603 - our own interpreter, and a module that was admitted
                [sys.executable, "-I", "-S", "-c", _CHILD],
                input=given.encode("utf-8", "surrogatepass"),
                capture_output=True,
                cwd=folder,
                env={},
                timeout=given_seconds,
                check=False,
            )
    except subprocess.TimeoutExpired:
        return _wrong(path, "R266", f"the module took longer than {given_seconds} seconds", "build it again")
    except OSError as error:
        return _wrong(path, "R269", f"no child process can be started: {error.strerror}", "check the system's limits")
    if done.returncode != 0:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return _wrong(path, "R267", f"the module failed: {last[0][:200] if last else f'exit code {done.returncode}'}", "build it again")
    return _answers(done.stdout, len(events), path)


def _answers(data: bytes, count: int, path: str) -> list[bool] | Diagnostic:
    try:
        answers = json.loads(data)
    except ValueError:
        answers = None
    if not isinstance(answers, list) or len(answers) != count or not all(isinstance(one, bool) for one in answers):
        return _wrong(path, "R268", "the module does not answer with true or false for each event", "build it again")
    return answers


def _wrong(path: str, code: str, message: str, help_text: str) -> Diagnostic:
    return Diagnostic(code, Severity.ERROR, Source(path, "").start, message, help=help_text)
