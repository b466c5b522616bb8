"""The example events of a rule: those in its ``x-converter.tests``, inline and in files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converter.ir import Linked, evaluate, too_deep, unevaluable
from converter.model import Diagnostic, Severity, node
from converter.pack import Loaded, read_bytes, unreadable
from converter.verify.timelines import Timeline, answer, timelines, unanswerable

EVENTS_SIZE = 64 << 20


@node
class Example:
    """An event of a test and what the rule's author expects: ``match`` is ``None`` for a counted file."""

    name: str
    event: Mapping[str, Any]
    match: bool | None


@node
class TestResult:
    """One test of a rule: its name, whether it holds, and what happened otherwise."""

    __test__ = False

    name: str
    passed: bool
    message: str = ""
    diagnostic: Diagnostic | None = None


def examples(loaded: Loaded) -> tuple[tuple[Example, ...], tuple[Diagnostic, ...]]:
    """Return the events of a rule's tests, and what is wrong with the tests themselves (V001)."""
    found: list[Example] = []
    problems: list[Diagnostic] = []
    if loaded.rule.correlation is not None:
        return (), ()  # its tests are timelines
    for number, test in enumerate(loaded.rule.converter.get("tests", ())):
        place = loaded.rule.span(f"x-converter.tests.{number}")

        def tell(message: str, help_text: str, at: Any = place) -> None:  # noqa: ANN401 - a Span
            problems.append(Diagnostic("V001", Severity.ERROR, at, message, help=help_text))

        if "event" in test and "match" in test:
            deep = too_deep(test["event"], loaded.file.name)
            if deep:
                problems.append(deep)
            else:
                found.append(Example(test["name"], plain(test["event"]), test["match"]))
        elif "events_file" in test and "match_count" in test:
            events = _events_of(loaded, test["events_file"])
            if isinstance(events, Diagnostic):
                problems.append(Diagnostic(events.code, events.severity, place, events.message, help=events.help))
            else:
                found += [Example(test["name"], event, None) for event in events]
        else:
            tell(f"the test '{test['name']}' is not complete", "give 'event' and 'match', or 'events_file' and 'match_count'")
    return tuple(found), tuple(problems)


def run_tests(loaded: Loaded) -> tuple[TestResult, ...]:
    """Return what became of a rule's tests; a rule that cannot be evaluated fails each of them."""
    tests = loaded.rule.converter.get("tests", ())
    if loaded.linked is not None:
        return _correlation(loaded, loaded.linked)
    found, problems = examples(loaded)
    if loaded.tree is None:
        return tuple(TestResult(test["name"], False, "the rule has no meaning", (loaded.diagnostics or (None,))[0]) for test in tests)
    closed = unevaluable(loaded.tree, loaded.rule.source)
    if closed:
        return tuple(TestResult(test["name"], False, closed[0].message, closed[0]) for test in tests)
    results = [TestResult("", False, one.message, one) for one in problems]
    by_name: dict[str, list[Example]] = {}
    for example in found:
        by_name.setdefault(example.name, []).append(example)
    for number, test in enumerate(tests):
        group = by_name.get(test["name"], [])
        if not group and "event" in test:
            continue
        results.append(_result(loaded, number, test, group))
    return tuple(results)


def _result(loaded: Loaded, number: int, test: Mapping[str, Any], group: list[Example]) -> TestResult:
    assert loaded.tree is not None
    place = loaded.rule.span(f"x-converter.tests.{number}")
    if "events_file" in test:
        count = sum(evaluate(loaded.tree, one.event) for one in group)
        message = "" if count == test["match_count"] else f"{count} events match, expected {test['match_count']}"
    else:
        wrong = [one for one in group if evaluate(loaded.tree, one.event) != one.match]
        message = f"the event {'does not match' if test['match'] else 'matches'}" if wrong else ""
    told = Diagnostic("V002", Severity.ERROR, place, f"test '{test['name']}': {message}", help="see 'converter explain RULE --event FILE'")
    return TestResult(test["name"], not message, message, told if message else None)


def _correlation(loaded: Loaded, linked: Linked) -> tuple[TestResult, ...]:
    tests = loaded.rule.converter.get("tests", ())
    closed = unanswerable(linked)
    if closed:
        return tuple(TestResult(test["name"], False, closed[0].message, closed[0]) for test in tests)
    found, problems = timelines_of(loaded)
    results = [TestResult("", False, one.message, one) for one in problems]
    for one in found:
        message = answer(linked, one)
        place = loaded.rule.span(f"x-converter.tests.{one.number}")
        told = Diagnostic("V002", Severity.ERROR, place, f"test '{one.name}': {message}", help="see 'converter explain RULE --event FILE'")
        results.append(TestResult(one.name, not message, message, told if message else None))
    return tuple(results)


def timelines_of(loaded: Loaded) -> tuple[tuple[Timeline, ...], tuple[Diagnostic, ...]]:
    """Return the tests of a correlation rule with their events, and what is wrong with the others (V001)."""
    return timelines(loaded, lambda name: _events_of(loaded, name), plain)


def plain(value: Any) -> Any:  # noqa: ANN401 - YAML to JSON
    """Return YAML's values as the JSON that a log holds: dates become text."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _events_of(loaded: Loaded, name: str) -> list[Mapping[str, Any]] | Diagnostic:
    folder = loaded.file.path.absolute().parent
    path = folder / name
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    if not inside or any(one.is_symlink() for one in (path, *path.parents) if folder in one.parents):
        return Diagnostic(
            "V001", Severity.ERROR, None, f"events_file '{name}' leads out of the rule's folder", help="put the file beside the rule"
        )
    try:
        data = read_bytes(path, EVENTS_SIZE)
    except OSError as error:
        return unreadable(name, error)
    if name.endswith(".gz"):
        try:
            with gzip.open(path) as stream:
                data = stream.read(EVENTS_SIZE + 1)
        except (OSError, EOFError) as error:
            return Diagnostic("V001", Severity.ERROR, None, f"events_file '{name}' is not gzip: {error}", help="compress it anew")
    if len(data) > EVENTS_SIZE:
        return Diagnostic("V001", Severity.ERROR, None, f"events_file '{name}' is larger than {EVENTS_SIZE >> 20} MiB", help="cut it")
    events: list[Mapping[str, Any]] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or too_deep(event, name):
            return Diagnostic(
                "V001", Severity.ERROR, None, f"events_file '{name}' line {number} is no JSON object", help="write one event a line"
            )
        events.append(event)
    return events
