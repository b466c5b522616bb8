"""The pages of the targets: each command is run where its tool is installed, and what they say holds."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from converter.ir import FEATURES
from converter.targets import NAMES, target

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs" / "targets"
BIN = Path(sys.executable).parent
SLOW = ("pip", "python", "splunk-appinspect")


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def commands(name: str) -> list[str]:
    """Return the commands of a page in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def parameters() -> list[Any]:
    found = []
    for name in NAMES:
        for command in commands(name):
            marks = [pytest.mark.slow] if command.split()[0] in SLOW else []
            found.append(pytest.param(name, command, marks=marks, id=f"{name}: {command[:60]}"))
    return found


class _Kibana(BaseHTTPRequestHandler):
    """Takes one upload and keeps it: that curl sends the file as Kibana's API wants it, not that Kibana takes it."""

    seen: list[tuple[str, dict[str, str], bytes]] = []  # noqa: RUF012 - one server at a time

    def do_POST(self) -> None:
        """Keep path, headers and body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def kibana() -> Iterator[HTTPServer]:
    """A server on the loopback that stands where Kibana would."""
    server = HTTPServer(("127.0.0.1", 0), _Kibana)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _Kibana.seen.clear()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pack's packages, built in a folder of their own, and an environment to install them in."""
    work = tmp_path_factory.mktemp("work")
    shutil.copytree(ROOT / "rules", work / "rules")
    for name in ("elastic-ndjson", "splunk-app", "falco-rules", "python-package"):
        done = subprocess.run([BIN / "converter", "build", "-t", name], cwd=work, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for folder in ("splunk/etc/apps", "rules.d"):
        (work / folder).mkdir(parents=True)
    return {
        "BUILT": str(work),
        "KIBANA_API_KEY": "key",
        "PATH": os.pathsep.join([str(BIN), str(ROOT / ".venv" / "appinspect" / "bin"), os.environ["PATH"]]),
        # pip builds with the hatchling of this environment, into a folder of the test's: nothing is fetched.
        "PIP_NO_BUILD_ISOLATION": "false",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_DEPS": "1",
    }


@pytest.mark.parametrize(("name", "command"), parameters())
def test_a_command_of_the_page_runs(name: str, command: str, environment: dict[str, str], kibana: HTTPServer, tmp_path: Path) -> None:
    """As written, in a checkout of the pack after a build; a tool that is not there is named in the skip."""
    tool = command.split()[0]
    if shutil.which(tool, path=environment["PATH"]) is None:
        pytest.skip(f"{tool} is not installed: '{command}' was not run")
    work = tmp_path / "work"
    shutil.copytree(environment["BUILT"], work)
    variables = {
        **environment, "KIBANA_URL": f"http://127.0.0.1:{kibana.server_port}",
        "SPLUNK_HOME": str(work / "splunk"), "FALCO_RULES_D": str(work / "rules.d"), "HOME": str(work),
        "PIP_TARGET": str(work / "installed"), "PYTHONPATH": str(work / "installed"),
    }  # fmt: skip
    for one in [*BEFORE.get(tool, ()), command]:
        done = subprocess.run(["sh", "-c", one], cwd=work, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    CHECKS.get(tool, lambda _: None)(work)


BEFORE = {"python": ("pip install output/python-package",)}
"""Commands of the page that another one needs besides the build."""


def _uploaded(work: Path) -> None:
    """The import got the file, whole, under the name that Kibana reads."""
    ((path, headers, body),) = _Kibana.seen
    assert path == "/api/detection_engine/rules/_import?overwrite=true"
    assert headers["kbn-xsrf"] == "true"
    assert headers["Authorization"] == "ApiKey key"
    assert b'name="file"; filename="rules.ndjson"' in body
    assert Path(work, "output/elastic-ndjson/rules.ndjson").read_bytes() in body


def _unpacked(work: Path) -> None:
    assert Path(work, "splunk/etc/apps/detection_rules/default/savedsearches.conf").is_file()


def _copied(work: Path) -> None:
    assert Path(work, "rules.d/sigma_rules.yaml").is_file()


CHECKS = {"curl": _uploaded, "tar": _unpacked, "cp": _copied}


def _features(name: str, **options: str) -> tuple[set[str], set[str]]:
    """Return what a target cannot express in any language, and what it expresses, but never exactly."""
    languages = target(name).capabilities(options).values()
    refused, lossy = set(), set()
    for feature in FEATURES:
        said = {
            value
            for table in languages
            for kind, value in table.features.get(feature, {}).items()
            if kind not in ("case", "source", "since") and not kind.startswith("why")
        }
        if said <= {"unsupported"}:
            refused.add(feature)
        elif "exact" not in said:
            lossy.add(feature)
    return refused, lossy


def _listed(name: str, opening: str) -> set[str]:
    """Return the features of the sentence of a page that begins so."""
    found = re.search(rf"^{re.escape(opening)}([^.;]*(?:\.[a-z][^.;]*)*)[.;]", page(name), re.MULTILINE)
    assert found, f"docs/targets/{name}.md has no sentence '{opening} …'"
    return set(re.findall(r"`([a-z_.]+)`", found[1]))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_supported_is_said(name: str) -> None:
    """The page's lists are those of capabilities.yml."""
    refused, lossy = _features(name)
    newer = refused - _features(name, engine="0.44")[0] if name == "falco" else set()
    assert _listed(name, "Cannot be expressed, so the rule is refused:") == refused - newer
    assert _listed(name, "Never exact:") == lossy
    if name == "falco":
        assert _listed(name, "Needs `-O engine=0.44`:") - {"engine"} == newer


@pytest.mark.parametrize("name", NAMES)
def test_the_evidence_is_said(name: str) -> None:
    """What the page says of the shipped rules is what verify recorded for them."""
    recorded = json.loads((ROOT / "output" / name / ".evidence.json").read_text(encoding="utf-8"))
    said = re.search(r"^Evidence of the shipped rules: ([^.]*)\.", page(name), re.MULTILINE)
    assert said
    kinds = set(re.findall("`([a-z]+)`", said[1]))
    assert {one["evidence"] for one in recorded.values()} <= kinds
    assert min(kinds) in {one["evidence"] for one in recorded.values()}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_parts(name: str) -> None:
    """How to install, what was verified, what is not supported; and it fits the screen."""
    assert re.findall(r"^## (.*)$", page(name), re.MULTILINE) == ["Install", "What was verified, and by what", "Not supported"]
    prose = re.sub(r"^```.*?^```", "", page(name), flags=re.MULTILINE | re.DOTALL)
    assert max(map(len, prose.splitlines())) <= 140
    assert len(commands(name)) >= 2
