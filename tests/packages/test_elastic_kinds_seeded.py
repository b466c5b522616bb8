"""Bugs seeded into what makes a rule of a query: each is noticed by a check that reads both files with readers that are not ours.

That an output differs from a golden file, or that the program falls over,
shows nothing of its meaning; the bytes are asked about layout alone.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from converter.model import Fidelity
from converter.pack import Loaded, compile_rule, load_pack
from converter.targets import target
from converter.targets.envelope import toml_long
from tests.noticed import forget, refutes, survives
from tests.packages import test_elastic_kinds as held
from tests.packages import test_elastic_said as said

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "converter.targets.elastic."
MODULES = ("__init__", "envelope", "finished", "keys", "kinds", "ndjson", "nested", "opaque", "related", "stack")
CASES = [
    (one, path.read_bytes())
    for path in sorted((ROOT / "tests" / "cases").glob("kind_*/expected/elastic.toml"))
    for one in load_pack([path.parent.parent / "rule.yml"]).rules
]
"""The cases of kinds, and the file that each becomes."""


def _result(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda sound: lambda *given, **named: change(sound(*given, **named))


def _always(value: object) -> Callable[[Any], Any]:
    return lambda _sound: lambda *_given, **_named: value


def _without(*names: str) -> Callable[[Any], Any]:
    return _result(lambda found: {key: value for key, value in found.items() if key not in names})


BUGS: tuple[tuple[str, str, str, Callable[[Any], Any]], ...] = (
    ("keys", "_header", "lose the version", _without("version")),
    ("keys", "_header", "lose the threat", _without("threat")),
    ("keys", "_data", "lose the filters", _without("filters")),
    ("keys", "_data", "lose the index", _without("index")),
    ("keys", "_given", "the tactic only", _without("technique")),
    ("keys", "_with_subs", "no sub-techniques", lambda _sound: lambda technique, _subs: technique),
    ("keys", "plain", "lose the last of a list", _result(lambda found: found[:-1] if isinstance(found, list) else found)),
    ("keys", "clash", "nothing clashes", _always(None)),
    ("keys", "carries", "nothing is carried", _always(False)),
    ("kinds", "kind_of", "all are queries", lambda sound: lambda _options, _language: sound({}, "")),
    ("kinds", "allowed", "whatever the kind", lambda sound: lambda _options: sound({})),
    ("kinds", "unfit", "all fit", _always(None)),
    ("kinds", "_suppression", "any suppression", _always(None)),
    ("kinds", "_counted", "lists of any length", _always(None)),
    (
        "nested",
        "laid_out",
        "drop the last line",
        _result(lambda found: (type(found[0])("".join(found[0].splitlines(True)[:-1])), found[1])),
    ),
    ("nested", "laid_out", "drop the last table", _result(lambda found: (found[0], found[1][:-1]))),
    ("nested", "_parted", "drop the last line", _result(lambda found: (found[0][:-1], found[1]))),
    ("nested", "_parted", "drop the last table", _result(lambda found: (found[0], found[1][:-1]))),
    ("nested", "_below", "drop the first", _result(lambda found: found[1:])),
    ("nested", "_line", "a list is its first", lambda sound: lambda value: sound(value[:1] if isinstance(value, list) else value)),
    ("nested", "block", "lose an end", lambda sound: lambda text: sound(text.rstrip("\n"))),
    ("nested", "present", "keep all", lambda _sound: lambda value: value),
    ("envelope", "_nested_terms", "as the API has them", lambda _sound: lambda keys: keys),
    ("envelope", "_metadata", "the rule's own word is lost", _without("min_stack_version", "maturity")),
    ("envelope", "_transform", "lost", _always([])),
    ("finished", "_narrowed", "exact", _result(lambda found: type(found)(found.code, found.feature, Fidelity.EXACT, found.message))),
    ("ndjson", "_transformed", "as it is", lambda _sound: lambda note, _options: note),
    ("ndjson", "_related", "nothing", _always({})),
    ("ndjson", "_line", "as it is", lambda _sound: lambda text: text),
    ("related", "related_integrations", "any version", _result(lambda found: [one | {"version": "*"} for one in found])),
    ("related", "_types", "drop the last", _result(lambda found: list(found)[:-1])),
    ("related", "_asked", "nothing", _always(())),
    ("stack", "lacks", "nothing", _always(())),
    ("stack", "fitted", "leave all in", lambda _sound: lambda keys, _version: dict(keys)),
    ("stack", "refused", "no kind", _always(None)),
    ("stack", "told", "in silence", _always(((), ()))),
    ("stack", "_asked_for", "not the least stack", _always(())),
    ("stack", "_later", "or equal", lambda sound: lambda since, version: sound(since, (version[0], version[1] - 1))),
    ("stack", "fields_say_ecs", "never", _always(False)),
)
LAYOUT: tuple[tuple[str, str, str, Callable[[Any], Any]], ...] = (
    ("nested", "block", "the quotes beside the text", lambda _sound: lambda text: toml_long(text)),
)
"""Bugs that change how a file looks and not what it says: TOML gives the same rule back, the files that people read are others."""


@pytest.fixture(autouse=True)
def _afresh() -> Iterator[None]:
    """Nothing that the program remembers goes from one bug to the next."""
    forget()
    yield
    forget()


def _held() -> Iterator[Callable[[], object]]:
    """Yield what is asked of rules, the quickest first."""
    for name in said.RULES:
        yield lambda name=name: said.test_what_a_rule_says_stands_in_its_files(name)
    for kind in held.KINDS:
        yield lambda kind=kind: held.test_the_least_of_a_kind_can_be_imported(kind)
    for stack in held.STACKS:
        yield lambda stack=stack: held.test_what_a_stack_lacks_is_told(*stack)
    yield held.test_an_import_says_what_the_rule_relies_on
    yield held.test_a_guide_holds_its_queries
    yield held.test_filters_of_the_rules_own_stand_beside_those_of_the_detection
    yield held.test_what_is_carried_is_carried_verbatim
    yield held.test_the_least_stack_of_a_rule_is_told
    yield held.test_an_older_kibana_is_told_of_ecs
    for own, code in held.UNFIT:
        yield lambda own=own, code=code: held.test_what_does_not_fit_is_refused(own, code)


def _broken(module: str, function: str, broken: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    sound = getattr(importlib.import_module(f"{PACKAGE}{module}"), function)
    made = broken(sound)
    for user in (importlib.import_module(f"{PACKAGE}{name}".removesuffix(".__init__")) for name in MODULES):
        if getattr(user, function, None) is sound:
            monkeypatch.setattr(user, function, made)


def _written(loaded: Loaded) -> bytes:
    outcome = compile_rule(loaded, target("elastic"), {}, held.ALL)
    assert outcome.compilation
    return target("elastic").package([outcome.compilation], ["r"], {})[0].data


def test_without_a_bug_all_holds() -> None:
    """What the bugs are measured by holds of the sound program."""
    assert len(CASES) >= 9
    assert [one for one in _held() if refutes(one) is not False] == []


@pytest.mark.parametrize(("module", "function", "what", "broken"), BUGS, ids=[f"{one[0]}-{one[1]}-{one[2]}" for one in BUGS])
def test_seeded_bug_is_noticed(
    module: str, function: str, what: str, broken: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the bug a file says something else than its rule, or no reader takes it, or what must be told is not."""
    _broken(module, function, broken, monkeypatch)
    reason = survives(_held())
    assert not reason, f"{function}: {what} survives: {reason}"


@pytest.mark.parametrize(("module", "function", "what", "broken"), LAYOUT, ids=[f"{one[0]}-{one[1]}-{one[2]}" for one in LAYOUT])
def test_another_layout_is_noticed(
    module: str, function: str, what: str, broken: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the bug a golden file changes in its layout alone: all that is asked of its meaning holds."""
    _broken(module, function, broken, monkeypatch)
    files = [(_written(loaded), expected) for loaded, expected in CASES]
    assert any(found != expected for found, expected in files), f"{function}: {what} survives"
    assert [tomllib.loads(found.decode()) for found, _ in files] == [tomllib.loads(expected.decode()) for _, expected in files]
