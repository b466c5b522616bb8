"""``converter test`` and ``converter verify`` tell machines what they tell people."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from inprocess import run


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new pack with a test that fails, and an output that was changed."""
    folder = tmp_path_factory.mktemp("results")
    assert run(folder, "init", "pack").returncode == 0
    rule = folder / "pack/rules/kubernetes/audit/ephemeral_container_added.yml"
    text = rule.read_text(encoding="utf-8").replace("name: somebody reads the list", "name: '::error::<b>\"&' # read")
    rule.write_text(text.replace("event: {<<: *added, verb: get}", "event: {<<: *added, verb: patch}"), encoding="utf-8")
    output = folder / "pack/output/falco/kubernetes/audit/ephemeral_container_added.yaml"
    output.write_text(output.read_text(encoding="utf-8").replace('"patch"', '"post"').replace("patch", "post"), encoding="utf-8")
    return folder / "pack"


def test_test_tells_each_test(pack: Path) -> None:
    """JSON has a row for each test, JUnit a case, GitHub an annotation for the one that fails, at its place."""
    rows = json.loads(run(pack, "test", "--output-format", "json").stdout)
    assert set(rows) == {"schema_version", "tool", "results"}
    assert [one["passed"] for one in rows["results"]].count(False) == 1
    done = run(pack, "test", "--output-format", "junit")
    (suite,) = ElementTree.fromstring(done.stdout)
    assert (done.returncode, suite.get("tests"), suite.get("failures")) == (1, str(len(rows["results"])), "1")
    (failed,) = [case for case in suite if case.find("failure") is not None]
    assert failed.get("name") == '::error::<b>"&'
    (line,) = run(pack, "test", "--output-format", "github").stdout.splitlines()
    found = re.match(r"::error file=rules/kubernetes/audit/ephemeral_container_added\.yml,line=(\d+),", line)
    assert found
    text = (pack / "rules/kubernetes/audit/ephemeral_container_added.yml").read_text(encoding="utf-8").splitlines()
    assert "::error::" in text[int(found[1]) - 1]


def test_verify_tells_each_output(pack: Path) -> None:
    """JSON has a row for each output, JUnit a case that holds the counter-example, GitHub an annotation for the one that was changed."""
    rows = json.loads(run(pack, "verify", "--engine", "reader", "--output-format", "json").stdout)["results"]
    assert sorted(one["target"] for one in rows) == ["elastic", "falco", "python", "splunk"]
    done = run(pack, "verify", "--engine", "reader", "--output-format", "junit")
    (suite,) = ElementTree.fromstring(done.stdout)
    (failed,) = [case for case in suite if case.find("failure") is not None]
    assert (done.returncode, str(failed.get("name")).endswith(" on falco")) == (1, True)
    assert "the rule matches, the output does not match" in (failed[0].text or "")
    lines = run(pack, "verify", "--engine", "reader", "--output-format", "github").stdout.splitlines()
    assert lines
    assert all(line.startswith("::error ") for line in lines)


@pytest.mark.parametrize("command", ["check", "test", "verify", "ci"])
def test_wrong_words_and_paths_have_their_codes(command: str, tmp_path: Path) -> None:
    """A format that there is not is 2, a path that there is not is 3, in every format."""
    assert run(tmp_path, command, "--output-format", "toml").returncode == 2
    for name in ("text", "json", "github", "junit"):
        done = run(tmp_path, command, "nothing", "--output-format", name)
        assert done.returncode == 3, done.stderr
        assert "Traceback" not in done.stderr
    json.loads(run(tmp_path, command, "nothing", "--output-format", "json").stdout)
    (line, *_) = run(tmp_path, command, "nothing", "--output-format", "github").stdout.splitlines()
    assert line.startswith("::error file=nothing,line=1,col=1,title=R020::")
