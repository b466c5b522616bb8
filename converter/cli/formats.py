"""What a command found, in the format that is asked for: JSON, GitHub's workflow commands, JUnit XML, SARIF.

Texts of rules are untrusted: each format gets its own escaping, so that a
title can neither end an annotation nor break the XML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from converter.cli.show import Exit, put
from converter.model import Diagnostic, Severity, ordered

FORMATS: Final = ("text", "json", "github", "junit")


@dataclass(frozen=True, slots=True)
class Case:
    """One question with its answer, a test case to JUnit: ``failure`` is ``""`` when all is well; ``text`` says more."""

    group: str
    name: str
    file: str
    line: int = 1
    failure: str = ""
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a command did: its exit code, one line of summary, what it found, and its rows for the report."""

    name: str
    code: Exit
    summary: str
    diagnostics: Sequence[Diagnostic] = ()
    cases: Sequence[Case] = ()
    results: Sequence[dict[str, Any]] = field(default_factory=list)


def emit(steps: Sequence[Step], output_format: str) -> None:
    """Print the steps' product to standard output; the text format has none."""
    found = ordered(one for step in steps for one in step.diagnostics)
    match output_format:
        case "json":
            from converter.cli.report import envelope

            put(json.dumps(envelope([row for step in steps for row in step.results]), indent=1, ensure_ascii=False))
        case "github":
            for line in github(found):
                put(line)
        case "junit":
            put(junit(steps))
        case "sarif":
            put(json.dumps(sarif(found), indent=1, ensure_ascii=False))
        case _:
            pass


def cases_of(diagnostics: Iterable[Diagnostic], files: Iterable[str]) -> tuple[Case, ...]:
    """Return a case for each finding, and one that passes for each file without any.

    Notes fail nothing: they are the text of a case that passes.
    """
    from converter.checks import name_of

    cases: list[Case] = []
    told = set()
    for one in ordered(diagnostics):
        path, line = (one.span.path, one.span.line) if one.span else ("", 1)
        told.add(path)
        name = f"{one.code} {name_of(one.code)} at line {line}, column {one.span.column if one.span else 1}"
        failure = "" if one.severity is Severity.NOTE else one.message
        cases.append(Case(path or "pack", name, path, line, failure, one.severity.label, one.render()))
    cases += [Case(path, "no findings", path) for path in sorted(set(files) - told)]
    return tuple(cases)


_LEVELS = {Severity.NOTE: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def github(diagnostics: Iterable[Diagnostic]) -> list[str]:
    """Return a workflow command for each finding.

    Source: GitHub's documentation, "Workflow commands for GitHub Actions", and the escaping of its toolkit (``@actions/core``, command.ts).
    """
    lines = []
    for one in diagnostics:
        span = one.span
        properties = {"title": one.code}
        if span:
            # A path that leaves the checkout makes no annotation; GitHub shows it in the log.
            properties = {"file": span.path, "line": str(span.line), "col": str(span.column), **properties}
            if span.end_line == span.line and span.end_column > span.column:
                properties["endColumn"] = str(span.end_column)
            elif span.end_line > span.line:
                properties["endLine"] = str(span.end_line)
        text = one.message + (f"\nhelp: {one.help}" if one.help else "")
        written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        lines.append(f"::{_LEVELS[one.severity]} {written}::{_data(text)}")
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even as a reference."""


def junit(steps: Sequence[Step]) -> str:
    """Return JUnit XML: a suite for each step, a case for each question; without times, so that equal runs give equal files."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    every = [one for step in steps for one in step.cases]
    lines.append(f"<testsuites{_attributes(name='converter', **_counts(every))}>")
    for step in steps:
        lines.append(f"  <testsuite{_attributes(name=step.name, **_counts(step.cases))}>")
        lines += [line for one in step.cases for line in _case(one)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"])


def _counts(cases: Sequence[Case]) -> dict[str, object]:
    failures = sum(bool(one.failure) for one in cases)
    return {"tests": len(cases), "failures": failures, "errors": 0, "skipped": 0, "time": "0"}


def _case(one: Case) -> list[str]:
    place = {"file": one.file, "line": one.line} if one.file else {}
    head = f"    <testcase{_attributes(classname=one.group, name=one.name, **place, time='0')}"
    if one.failure:
        failure = f"      <failure{_attributes(message=one.failure, type=one.kind or 'failure')}>{_text(one.text)}</failure>"
        return [f"{head}>", failure, "    </testcase>"]
    if one.text:
        return [f"{head}>", f"      <system-out>{_text(one.text)}</system-out>", "    </testcase>"]
    return [f"{head}/>"]


def _attributes(**values: object) -> str:
    return "".join(f' {name}="{_quoted(str(value))}"' for name, value in values.items())


def _text(text: str) -> str:
    """Return ``text`` as XML's, control characters spelled out."""
    clean = _NOT_XML.sub(lambda one: one.group().encode("unicode_escape").decode(), text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _quoted(text: str) -> str:
    return _text(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


_SARIF_LEVELS = {Severity.NOTE: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}


def sarif(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """Return a SARIF 2.1.0 log: every result has a location, every rule stands in the driver.

    Source: OASIS, Static Analysis Results Interchange Format 2.1.0.
    """
    from converter.checks import name_of, page
    from converter.cli.report import version

    codes = sorted({one.code for one in diagnostics})
    rules = [{"id": code, "name": name_of(code), "fullDescription": {"text": (page(code) or code).strip()}} for code in codes]
    driver = {"name": "converter", "version": version(), "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_sarif_result(one, codes) for one in diagnostics]}
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def _sarif_result(one: Diagnostic, codes: Sequence[str]) -> dict[str, Any]:
    span = one.span
    region = {"startLine": 1}
    if span:
        region = {"startLine": span.line, "startColumn": span.column}
        if (span.end_line, span.end_column) > (span.line, span.column):
            region |= {"endLine": span.end_line, "endColumn": span.end_column}
    text = one.message + (f"\nhelp: {one.help}" if one.help else "")
    return {
        "ruleId": one.code,
        "ruleIndex": codes.index(one.code),
        "level": _SARIF_LEVELS[one.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(span.path if span else "rules")}, "region": region}}],
    }


def _uri(path: str) -> str:
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path, errors="replace")
