"""A new pack is green as written: its checks, its tests, its workflow line by line, its hooks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml
from inprocess import run

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent
INSTALL = re.compile(r"python -m pip install (--disable-pip-version-check )?-r requirements\.txt")


def _run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run(cwd, *words)


def _pack(folder: Path, host: str) -> Path:
    done = _run("init", "my-rules", "--ci", host, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "my-rules"


def _steps(pack: Path, host: str) -> list[str]:
    """Return the shell lines of a workflow in order."""
    if host == "github":
        (job,) = yaml.safe_load((pack / ".github/workflows/rules.yml").read_text(encoding="utf-8"))["jobs"].values()
        return [step["run"] for step in job["steps"] if "run" in step]
    (job,) = yaml.safe_load((pack / ".gitlab-ci.yml").read_text(encoding="utf-8")).values()
    return list(job["script"])


def _shell(line: str, pack: Path, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line as the hosts do: in the pack's folder, in a shell that stops at the first failure."""
    variables = {**os.environ, "PATH": f"{path}{os.pathsep}{os.environ['PATH']}", **environment}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", line], cwd=pack, env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_a_new_pack_is_green(host: str, tmp_path: Path) -> None:
    """Init ends with a clean check and passing tests; every file it names is there, and verify agrees with all outputs."""
    done = _run("init", "my-rules", "--ci", host, cwd=tmp_path)
    assert (done.returncode, done.stdout != "") == (0, True), done.stderr
    assert "check: 1 rules, 0 findings" in done.stderr
    assert " 0 failed" in done.stderr
    assert all((tmp_path / name).is_file() for name in done.stdout.split("\n") if name)
    pack = tmp_path / "my-rules"
    assert sorted(path.name for path in (pack / "output").iterdir()) == ["elastic", "falco", "python", "splunk"]
    assert _run("ci", "--engine", "reader", cwd=pack).returncode == 0
    assert not [path for path in pack.rglob("*") if path.is_file() and re.search(r"@[A-Z]+@", path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_workflow_runs_as_written(host: str, tmp_path: Path) -> None:
    """Each line but the installation, which a slow test runs, passes in a shell, and leaves the report that the workflow keeps."""
    pack = _pack(tmp_path, host)
    lines = _steps(pack, host)
    assert INSTALL.fullmatch(lines[0])
    assert re.fullmatch(r"(#.*\n)?sigma-converter==[0-9.]+\n", (pack / "requirements.txt").read_text(encoding="utf-8"))
    for line in lines[1:]:
        done = _shell(line, pack, BIN)
        assert done.returncode == 0, done.stderr
    report = json.loads((pack / "converter-report.json").read_text(encoding="utf-8"))
    assert [(one["step"], one["result"]) for one in report["results"]] == [
        (name, "passed") for name in ("check", "test", "build --check", "verify")
    ]
    if host == "gitlab":
        root = ElementTree.fromstring((pack / "converter-junit.xml").read_bytes())
        assert [suite.get("name") for suite in root] == ["check", "test", "build --check", "verify"]


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_workflow_fails_when_the_pack_is_wrong(host: str, tmp_path: Path) -> None:
    """A rule that no longer matches its event, and an output that is not rebuilt, make the job fail where the mistake is."""
    pack = _pack(tmp_path, host)
    rule = pack / "rules/kubernetes/audit/ephemeral_container_added.yml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("verb: [patch, update]", "verb: [patch]"), encoding="utf-8")
    done = [_shell(line, pack, BIN) for line in _steps(pack, host)[1:]]
    assert [one.returncode for one in done] == [1]
    told = done[0].stdout if host == "github" else (pack / "converter-junit.xml").read_text(encoding="utf-8")
    assert "the event does not match" in told
    assert "is not what the build makes of its rule today" in told
    if host == "github":
        assert re.search(r"^::error file=rules/kubernetes/audit/ephemeral_container_added\.yml,line=\d+,", told, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_the_workflow_installs_what_it_runs(host: str, tmp_path: Path) -> None:
    """In a fresh environment every line passes, the installation too: of the wheel of this checkout, without the network."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path / "dist", ROOT], check=True, capture_output=True
    )
    venv.create(tmp_path / "env", with_pip=True)
    packages = next((tmp_path / "env/lib").iterdir()) / "site-packages"
    # What the wheel depends on is the test environment's, so that nothing is fetched.
    (packages / "borrowed.pth").write_text(f"{Path(yaml.__file__).parent.parent}\n", encoding="utf-8")
    options = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "dist"), "PIP_NO_DEPS": "1", "PIP_IGNORE_INSTALLED": "1"}
    pack = _pack(tmp_path, host)
    for line in _steps(pack, host):
        done = _shell(line, pack, tmp_path / "env/bin", **options)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (packages / "converter/_shipped/templates/init/github/.github/workflows/rules.yml").is_file()
    fresh = _shell("converter init again --ci gitlab", tmp_path, tmp_path / "env/bin")
    assert fresh.returncode == 0, fresh.stderr


def test_workflows_ask_for_little(tmp_path: Path) -> None:
    """Actions are pinned to a full version, the token may only read, no secret is named, and no event of strangers is privileged."""
    text = (_pack(tmp_path, "github") / ".github/workflows/rules.yml").read_text(encoding="utf-8")
    flow: dict[Any, Any] = yaml.safe_load(text)
    assert flow["permissions"] == {"contents": "read"}
    assert set(flow[True]) == {"push", "pull_request"}
    (job,) = flow["jobs"].values()
    assert "permissions" not in job
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+\.\d+\.\d+", step["uses"]) for step in job["steps"] if "uses" in step)
    assert "secrets." not in text
    assert "${{" not in text


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """When a file, a link or a folder stands in the way, all of them are listed and nothing at all is written."""
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "rules").symlink_to(tmp_path.parent)
    done = _run("init", cwd=tmp_path)
    assert done.returncode == 2
    assert "README.md" in done.stderr
    assert re.search(r"^  rules$", done.stderr, re.MULTILINE)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["README.md", "rules"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert _run("init", "file", cwd=tmp_path).returncode == 2
    assert _run("init", "x", "--ci", "jenkins", cwd=tmp_path).returncode == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("name", ["2024 rules", "été", "a'b\"c", "---", "x" * 90])
def test_any_folder_can_be_a_pack(name: str, tmp_path: Path) -> None:
    """The folder's name becomes a name that the configuration takes, whatever it holds."""
    done = _run("init", f"./{name}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert _run("config", cwd=tmp_path / name).returncode == 0


def test_two_packs_share_no_id(tmp_path: Path) -> None:
    """The first rules of two packs are two rules."""
    ids = set()
    for name in ("one", "two"):
        _run("init", name, cwd=tmp_path)
        rule = yaml.safe_load((tmp_path / name / "rules/kubernetes/audit/ephemeral_container_added.yml").read_text(encoding="utf-8"))
        ids.add(rule["id"])
    assert len(ids) == 2


def _hooks() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    return loaded


def test_hooks_run_on_a_pack(tmp_path: Path) -> None:
    """Every hook's entry passes on a sound pack and fails on a broken one; the files it waits for are the pack's."""
    pack = _pack(tmp_path, "github")
    rule = pack / "rules/kubernetes/audit/ephemeral_container_added.yml"
    hooks = _hooks()
    assert [hook["id"] for hook in hooks] == ["converter-check", "converter-test", "converter-build"]
    for hook in hooks:
        assert {"id", "name", "entry", "language", "files"} <= set(hook)
        assert re.search(hook["files"], "rules/kubernetes/audit/ephemeral_container_added.yml")
        assert _shell(hook["entry"], pack, BIN).returncode == 0
    text = rule.read_text(encoding="utf-8").replace("verb: [patch, update]", "verb: [patch, patch]")
    rule.write_text(text, encoding="utf-8")
    assert [_shell(hook["entry"], pack, BIN).returncode for hook in hooks] == [1, 1, 1]


def test_hooks_are_what_pre_commit_takes() -> None:
    """pre-commit itself reads the manifest."""
    if shutil.which("pre-commit", path=f"{BIN}{os.pathsep}{os.environ['PATH']}") is None:
        pytest.skip("pre-commit is not installed: its own reading of .pre-commit-hooks.yaml was not shown")
    done = _shell("pre-commit validate-manifest .pre-commit-hooks.yaml", ROOT, BIN)
    assert done.returncode == 0, done.stdout
