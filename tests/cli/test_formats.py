"""What commands print for machines is read back by the formats' own rules, whatever a rule's text holds."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.cli.formats import Case, Step, github, junit, sarif
from converter.cli.show import Exit
from converter.model import Diagnostic, Severity, Span

TEXTS = st.text(alphabet=st.characters(codec=None), max_size=40)
SPANS = st.builds(Span, TEXTS, st.integers(1, 99), st.integers(1, 99), st.integers(99, 120), st.integers(1, 99))
DIAGNOSTICS = st.builds(Diagnostic, st.sampled_from(["S001", "R003"]), st.sampled_from(Severity), st.none() | SPANS, TEXTS, TEXTS)


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command as GitHub's runner does: ``::name key=value,key=value::data``, then undo the escapes.

    Source: actions/runner, src/Runner.Common/ActionCommand.cs (``TryParseV2``).
    """
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, listed = line[2:end].partition(" ")
    properties = {}
    for pair in listed.split(","):
        key, _, value = pair.partition("=")
        for code, text in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(code, text)
        properties[key] = value
    data = line[end + 2 :]
    for code, text in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        data = data.replace(code, text)
    return name, properties, data


@given(DIAGNOSTICS)
def test_a_workflow_command_holds_its_texts(one: Diagnostic) -> None:
    """One finding is one line, and the runner reads the path and the message that went in."""
    (line,) = github([one])
    assert "\n" not in line
    assert "\r" not in line
    name, properties, data = read_command(line)
    assert name == {1: "notice", 2: "warning", 3: "error"}[one.severity]
    assert properties["title"] == one.code
    assert properties.get("file") == (one.span.path if one.span else None)
    assert data == one.message + (f"\nhelp: {one.help}" if one.help else "")


CASES = st.builds(Case, TEXTS, TEXTS, TEXTS, st.integers(1, 99), TEXTS, st.sampled_from(["", "warning"]), TEXTS)


def check_junit(text: str) -> ElementTree.Element:
    """Check the structure that JUnit's readers require: required attributes, true counts, failures inside cases."""
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    for suite in root:
        assert suite.tag == "testsuite"
        assert {"name", "tests", "failures", "errors", "skipped", "time"} <= set(suite.attrib)
        assert int(suite.get("tests", "-1")) == len(suite)
        assert int(suite.get("failures", "-1")) == len(suite.findall("testcase/failure"))
        for case in suite:
            assert case.tag == "testcase"
            assert {"classname", "name", "time"} <= set(case.attrib)
            assert [child.tag for child in case] in ([], ["failure"], ["system-out"])
            assert all({"message", "type"} <= set(child.attrib) for child in case if child.tag == "failure")
    for key in ("tests", "failures"):
        assert int(root.get(key, "-1")) == sum(int(suite.get(key, "-1")) for suite in root)
    return root


def _clean(text: str) -> bool:
    return not re.search("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)


@given(st.lists(CASES, max_size=4))
def test_junit_is_xml_with_the_required_structure(cases: list[Case]) -> None:
    """Whatever a text holds, a parser reads the file; what XML can hold comes back as it was, the rest spelled out."""
    root = check_junit(junit([Step("check", Exit.FINE, "", (), cases), Step("test", Exit.FINE, "")]))
    for case, element in zip(cases, root[0], strict=True):
        if _clean(case.group) and _clean(case.name):
            assert (element.get("classname"), element.get("name")) == (case.group, case.name)
        failure = element.find("failure")
        assert (failure is not None) == bool(case.failure)
        if failure is not None and _clean(case.failure + case.text):
            assert (failure.get("message"), failure.text or "") == (case.failure, case.text)


def test_control_characters_are_spelled_out() -> None:
    """An escape that would colour a terminal, or a NUL, is text in the XML."""
    root = check_junit(junit([Step("check", Exit.FINDINGS, "", (), [Case("a\x1b[31m", "b\x00", "", 1, "c\x08", "", "\ud800")])]))
    assert root[0][0].get("classname") == "a\\x1b[31m"
    assert root[0][0].get("name") == "b\\x00"
    assert root[0][0][0].text == "\\ud800"


@settings(deadline=None)  # the first call loads the checks
@given(st.lists(DIAGNOSTICS, max_size=4))
def test_sarif_places_every_result(found: list[Diagnostic]) -> None:
    """Every result has a location, and every rule of a result stands in the driver."""
    log: dict[str, Any] = json.loads(json.dumps(sarif(found)))
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(run["results"]) == len(found)
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["region"]["startLine"] >= 1
        assert not re.search(r"[\s\"<>\\]", place["artifactLocation"]["uri"])


@pytest.mark.parametrize("path", ["rules/a b.yml", "rules/ä,:%.yml"])
def test_paths_keep_their_characters(path: str) -> None:
    """A file with blanks, commas, colons or percent signs in its name is annotated under that name."""
    one = Diagnostic("S001", Severity.WARNING, Span(path, 3, 5, 3, 9), "x")
    assert read_command(github([one])[0])[1]["file"] == path
