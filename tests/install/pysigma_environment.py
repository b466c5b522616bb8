"""An environment of its own with pinned packages, and then the converter's wheel: as its user has it.

Commands run in one process of that environment, because every start of
pySigma's command line imports every plugin; ``alone`` starts one as a user does.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
SERVER = """\
import contextlib, importlib, importlib.util, io, json, sys
from click.testing import CliRunner
if importlib.util.find_spec("sigma.cli"):
    sys.argv = ["sigma", "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
        importlib.import_module("sigma.cli.main").main()  # adds the commands
for line in sys.stdin:
    module, *words = json.loads(line)
    done = CliRunner().invoke(importlib.import_module(module).cli, words)
    wrong = done.exception is not None and not isinstance(done.exception, SystemExit)
    print(json.dumps([done.exit_code, done.stdout, done.stderr, repr(done.exception) if wrong else ""]), flush=True)
"""
MODULES = {"sigma": "sigma.cli.main", "converter": "converter.cli"}


@dataclass(frozen=True)
class Done:
    """What a command printed."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Environment:
    """Its Python, the digests of the files below ``sigma/`` before the wheel came, a folder to work in, and the process."""

    python: Path
    site: Path
    before: dict[str, str]
    work: Path
    server: subprocess.Popen[str]

    def run(self, *words: object, fails: bool = False) -> Done:
        """Run a command; an exception that reaches the user, or a failure that nobody expects, is an error."""
        assert self.server.stdin
        assert self.server.stdout
        self.server.stdin.write(json.dumps([MODULES[str(words[0])], *map(str, words[1:])]) + "\n")
        self.server.stdin.flush()
        code, out, err, exception = json.loads(self.server.stdout.readline())
        assert not exception, (words, exception, err)
        assert (code != 0) == fails, (words, code, out, err)
        return Done(out, err)

    def alone(self, *words: object) -> Done:
        """Run a command, or Python code, in a process of its own; it must succeed."""
        command = [str(self.python.with_name(str(words[0]))), *map(str, words[1:])]
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.work, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        return Done(done.stdout, done.stderr)


@contextmanager
def environment(folder: Path, requirements: str) -> Iterator[Environment]:
    """Give an environment with the packages of ``requirements/<requirements>.txt`` and this checkout's wheel."""
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    install = [*PIP, "--python", str(python), "install", "--no-compile"]
    subprocess.run([*install, "--require-hashes", "-r", str(ROOT / "requirements" / f"{requirements}.txt")], check=True)
    site = next((folder / "env" / "lib").glob("python*/site-packages"))
    before = digests(site / "sigma")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    subprocess.run([*install, "--no-deps", str(next(folder.glob("*.whl")))], check=True)
    work = folder / "work"
    work.mkdir()
    with subprocess.Popen([str(python), "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=work) as server:
        yield Environment(python, site, before, work, server)
        assert server.stdin
        server.stdin.close()


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder, by its path there."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
