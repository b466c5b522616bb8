"""Oracle 1 and 2: a document goes the whole way without an exception, a warning or a word, in bounded time, and is told of with places.

The way: read, link, lower, every check, compile for each target, package,
and ``verify``'s own reading of the file on events.
"""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from converter.checks import find_all
from converter.data import fields, load, source_of
from converter.ir import evaluate, unevaluable
from converter.languages import python
from converter.model import Diagnostic, Fidelity, Status, has_errors, joined, printable
from converter.pack import Loaded, Outcome, Pack, compile_rule, load_pack
from converter.targets import NAMES, target
from converter.verify import examples
from converter.verify.compare import seen
from converter.verify.readings import Artifact, read_artifact
from converter.verify.variants import variants
from tests.fuzz import meaning
from tests.fuzz.documents import own_seeds

TODAY: Final = "2026-11-24"
HANG_S: Final = 2.0
"""CPU seconds that one command may take with one document: ``check``, ``convert`` for a target, ``verify`` of its output."""
VERIFY_S: Final = 15.0
"""CPU seconds for the variants of a rule's examples, of which a rule as large as a file may be has millions."""
STOP_S: Final = 20.0
"""CPU seconds after which a document is given up, so that a run that finds a hang goes on."""
MESSAGE: Final = 600
"""Characters of a diagnostic's message or help."""
EVERYTHING: Final = frozenset(Fidelity)
EVENTS: Final = 8
"""Events of a rule's own tests, and their variants, that outputs are asked about."""


class GivenUpError(BaseException):
    """Raised by the timer in the middle of a document."""


@dataclass
class Seen:
    """What became of one document: what is wrong with us, what the document was found to be, and where the time went."""

    problems: list[str] = field(default_factory=list)
    facts: Counter[str] = field(default_factory=Counter)
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the longest command: reading, and behind it the checks, one target's output, or the reading of that."""
        commands = [took for name, took in self.stages.items() if name == "checks" or name.startswith(("compile ", "verify "))]
        return self.stages.get("read", 0.0) + max(commands, default=0.0)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note the time of a stage; an exception is a problem of its own, and the next stage goes on."""
        began = time.process_time()
        try:
            yield
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)
            last = next((one for one in reversed(place) if "/converter/" in one.filename), place[-1])
            text = str(error).splitlines()[0][:200] if str(error) else ""
            self.problems.append(
                f"exception in {name}: {type(error).__name__}: {text} at {Path(last.filename).name}:{last.lineno} {last.name}"
            )
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.process_time() - began


def examine(data: bytes, folder: Path, name: str = "rule.yml") -> Seen:
    """Take a document the whole way; ``folder`` holds it for the time."""
    path = folder / name
    path.write_bytes(data)
    seen_here, said = Seen(), io.StringIO()
    with _bounded(seen_here), warnings.catch_warnings(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        warnings.simplefilter("error")
        _way(data, path, seen_here)
    if said.getvalue():
        seen_here.problems.append(f"something was printed: {said.getvalue()[:200]!r}")
    if seen_here.cpu_s > HANG_S:
        slowest = max(seen_here.stages, key=lambda one: seen_here.stages[one])
        seen_here.problems.append(f"slow: {seen_here.cpu_s:.1f} s, most of it in {slowest}")
    if seen_here.stages.get("events", 0.0) > VERIFY_S:
        seen_here.problems.append(f"slow: {seen_here.stages['events']:.1f} s for the variants of its examples")
    return seen_here


@contextlib.contextmanager
def _bounded(found: Seen) -> Iterator[None]:
    def stop(_number: int, _frame: object) -> None:
        raise GivenUpError

    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, STOP_S)
    try:
        yield
    except GivenUpError as given_up:
        place = next((one for one in reversed(traceback.extract_tb(given_up.__traceback__)) if "/converter/" in one.filename), None)
        found.problems.append(
            f"hang: given up after {STOP_S} s at {Path(place.filename).name if place else '?'}:{place.name if place else ''}"
        )
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _way(data: bytes, path: Path, found: Seen) -> None:
    pack = Pack((), ())
    with found.stage("read"):
        pack = load_pack([path])
    with found.stage("checks"):
        findings = find_all(pack, TODAY, "Apache-2.0")
        _told(found, [one.diagnostic for one in findings], data)
    _told(found, pack.diagnostics, data)
    found.facts["read" if pack.rules else "refused"] += 1
    if not pack.rules and not has_errors(pack.diagnostics):
        found.problems.append("silence: neither a rule nor an error")
    found.facts.update(f"code {one.code}" for one in set(pack.diagnostics))
    for loaded in pack.rules:
        found.facts["meant" if loaded.tree is not None else "without a tree"] += 1
        if loaded.tree is None and loaded.rule.is_detection and not loaded.is_opaque and not has_errors(loaded.diagnostics):
            found.problems.append("silence: a rule without meaning and without an error")
    with found.stage("meaning"):
        found.problems += meaning.differences(data, pack, found.facts)
    for loaded in pack.rules[:3]:
        _outputs(loaded, data, found)


def _outputs(loaded: Loaded, data: bytes, found: Seen) -> None:
    """Compile a rule for every target, and read what was made."""
    events: list[Mapping[str, Any]] = []
    tree = loaded.tree
    evaluable = tree is not None and not unevaluable(tree, loaded.rule.source)
    if tree is not None and evaluable:
        with found.stage("events"):
            known = recorded()
            source = source_of(loaded.rule.logsource)
            for example in examples(loaded)[0]:
                if repr(example.event) in known:
                    made = [one.event for one in variants(tree, example, fields(source.id) if source else {})]
                    events += made[:: max(1, len(made) // EVENTS)]
        events = events[: EVENTS * 3]
    for name in NAMES:
        files: dict[str, bytes] = {}
        with found.stage(f"compile {name}"):
            outcome = compile_rule(loaded, target(name), {}, EVERYTHING)
            _told(found, outcome.diagnostics, data)
            found.facts[f"{name} {outcome.status.value}"] += 1
            if outcome.compilation is None or outcome.compilation.status is Status.UNSUPPORTED:
                continue
            files = {one.path: one.data for one in target(name).package([outcome.compilation], ["rule"], {})}
        if files and evaluable and tree is not None:
            # What runs a module here is this file, so its time is not the converter's.
            with found.stage("meaning" if name == "python" else f"verify {name}"):
                _read_back(loaded, outcome, files, events, found)


@cache
def recorded() -> frozenset[str]:
    """Return the events of the tests in the project's own rules, which are as producers write them.

    A mutated event is no producer's any more, and on what no producer writes an output may depart from its rule (DECISIONS 8).
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.yml"
        found = []
        for seed in (one for one in own_seeds() if one.name.startswith("rules/")):
            path.write_bytes(seed.data)
            found += [repr(one.event) for loaded in load_pack([path]).rules for one in examples(loaded)[0]]
    return frozenset(found)


def _read_back(loaded: Loaded, outcome: Outcome, files: Mapping[str, bytes], events: Sequence[Mapping[str, Any]], found: Seen) -> None:
    """Read an output as ``verify`` does: it can be read, and departs from the rule in the declared direction only."""
    name, tree = outcome.target, loaded.tree
    source = seen(loaded.rule, name)
    path = next(one for one in files if one.startswith("rule."))
    if (source is None and name != "python") or outcome.language == "query" or tree is None:
        return
    if name == "python":
        synthesised = [*events, *meaning.events_for(loaded.rule.detection)]
        answers: list[bool] | Diagnostic = _run_module(files[path], synthesised)
        events = synthesised
    else:
        answers = read_artifact(name, Artifact(path, files[path], loaded.rule.id, source.id if source else "", files), events)
    if isinstance(answers, Diagnostic) and "more than" in answers.message:
        found.facts[f"{name}: beyond the reader's bound, which verify tells"] += 1
        return
    if isinstance(answers, Diagnostic):
        found.problems.append(f"unreadable output of {name}: {answers.code} {answers.message[:120]}")
        return
    direction = joined(outcome.losses)
    for event, fires in zip(events, answers, strict=True):
        means = evaluate(tree, event)
        allowed = direction in (Fidelity.MIXED, Fidelity.UNKNOWN) or direction is (Fidelity.WIDER if fires else Fidelity.NARROWER)
        found.facts[f"{name} asked"] += 1
        if fires != means and not allowed:
            found.problems.append(
                f"another meaning on {name}: {fires} where the rule says {means}, declared {direction.value}: {str(event)[:300]}"
            )
            return


def _run_module(data: bytes, events: Sequence[Mapping[str, Any]]) -> list[bool] | Diagnostic:
    """Run a module that was admitted, in this process: a child for each would take most of the time."""
    module = python.read(data, "rule.py")
    if isinstance(module, Diagnostic):
        return module
    space: dict[str, Any] = {"__name__": "rule"}
    exec(compile(module.source.text, "rule", "exec", dont_inherit=True), space)
    return [space["match"](dict(event)) for event in events]


def _told(
    found: Seen, diagnostics: Iterable[Diagnostic], data: bytes, registered: Callable[[], Mapping[str, Any]] = lambda: load("codes.yml")
) -> None:
    """Hold every diagnostic to what a reader of it needs."""
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
    for one in diagnostics:
        what = f"diagnostic {one.code}"
        if one.code not in registered():
            found.problems.append(f"{what} has no line in codes.yml")
        span = one.span
        if span is None or not span.path:
            found.problems.append(f"{what} has no place: {one.message[:80]!r}")
        elif not (1 <= span.line <= len(lines) and 1 <= span.column <= len(lines[span.line - 1]) + 1):
            found.problems.append(f"{what} stands outside the file, at {span.line}:{span.column}")
        for text, kind in ((one.message, "message"), (one.help, "help")):
            if kind == "message" and (not text.strip() or len(printable(text).splitlines()) != 1):
                found.problems.append(f"{what} is not one line: {text[:80]!r}")
            if len(text) > MESSAGE:
                found.problems.append(f"{what} has a {kind} of {len(text)} characters: {text[:80]!r}")
            if not all(sign.isprintable() or sign == "\n" for sign in printable(text)):
                found.problems.append(f"{what} would move a cursor: {text[:80]!r}")
