"""splunk-app: the searches of the files in one app, and what would make two of them one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from converter.data import source_of
from converter.ir import evaluate
from converter.languages import spl
from converter.model import Fidelity
from converter.pack import Loaded, Outcome, RuleFile, compile_rule, load_bytes, load_pack
from converter.targets import UnpackableError, target
from converter.verify.readings import Artifact, read_artifact

ROOT = Path(__file__).resolve().parent.parent.parent


def compiled(*rules: dict[str, Any]) -> list[Outcome]:
    found = []
    for rule in rules:
        base = {
            "logsource": {"product": "kubernetes", "service": "audit"},
            "detection": {"selection": {"verb": "create"}, "condition": "selection"},
        }
        loaded, problems = load_bytes(yaml.safe_dump({**base, **rule}).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
        assert not problems, problems
        found += [compile_rule(one, target("splunk"), {}, frozenset(Fidelity)) for one in loaded]
    return found


def app(outcomes: list[Outcome], **options: str) -> dict[str, bytes]:
    """Return the app's files by path below its folder."""
    done = [one.compilation for one in outcomes if one.allowed and one.compilation]
    files = target("splunk-app").package(done, [one.loaded.output for one in outcomes], {"form": "folder", **options})
    assert len({file.path.partition("/")[0] for file in files}) == 1
    return {file.path.partition("/")[2]: file.data for file in files}


@pytest.fixture(scope="module")
def shipped() -> list[tuple[Loaded, Outcome]]:
    """The shipped rules that Splunk takes."""
    found = [(one, compile_rule(one, target("splunk"), {}, frozenset())) for one in load_pack([ROOT / "rules"]).rules]
    return [(loaded, outcome) for loaded, outcome in found if outcome.allowed]


def test_the_searches_are_those_of_the_files(shipped: list[tuple[Loaded, Outcome]]) -> None:
    """Stanza for stanza and macro for macro what the target splunk writes, which verify reads."""
    files = app([outcome for _, outcome in shipped])
    done = [outcome.compilation for _, outcome in shipped if outcome.compilation]
    alone = {one.path: one.data for one in target("splunk").package(done, [str(number) for number in range(len(done))], {})}
    assert files["default/macros.conf"] == alone.pop("macros.conf")
    assert files["default/savedsearches.conf"] == b"\n".join(alone.values())
    conf = spl.read_conf(files["default/savedsearches.conf"].decode(), "savedsearches.conf")
    assert isinstance(conf, spl.Conf)
    assert len(conf.stanzas) == len(alone) >= 6
    assert {one.get("disabled") for one in conf.stanzas} == {"1"}


def test_each_search_of_the_app_answers_as_its_rule(shipped: list[tuple[Loaded, Outcome]]) -> None:
    """Read back from the app's two files and run on the rule's own events, each exact search says what the rule says."""
    files = app([outcome for _, outcome in shipped])
    stanzas = ["[" + text for text in files["default/savedsearches.conf"].decode().removeprefix("[").split("\n\n[")]
    asked = 0
    for (loaded, outcome), stanza in zip(shipped, stanzas, strict=True):
        source = source_of(loaded.rule.logsource)
        events = [one["event"] for one in loaded.rule.converter.get("tests", ()) if "event" in one]
        if source is None or loaded.tree is None or outcome.status.value != "exact":
            continue
        artifact = Artifact("savedsearches.conf", stanza.encode(), loaded.rule.id, source.id, {"macros.conf": files["default/macros.conf"]})
        assert read_artifact("splunk", artifact, events) == [evaluate(loaded.tree, event) for event in events], loaded.rule.title
        asked += len(events)
    assert asked >= 20


def test_two_searches_of_one_name_are_refused() -> None:
    """Equal titles and starts of ids would be one stanza: the finding stands at the second rule's title."""
    with pytest.raises(UnpackableError) as refused:
        app(
            compiled(
                {"title": "A", "id": "00000001-0000-4000-8000-00000000000a"}, {"title": "A", "id": "00000001-0000-4000-8000-00000000000b"}
            )
        )
    (told,) = refused.value.diagnostics
    assert (told.code, told.span is not None) == ("B012", True)
    assert told.message == "its search would have the name of that of rule 00000001-0000-4000-8000-00000000000a: 'A - 00000001'"


def test_two_filter_macros_of_one_name_are_refused() -> None:
    """Titles that differ in signs alone would share their exceptions."""
    rules = ({"title": "A-B", "id": "00000001-0000-4000-8000-00000000000a"}, {"title": "A B", "id": "00000001-0000-4000-8000-00000000000b"})
    with pytest.raises(UnpackableError, match="its filter macro would have the name of that of rule"):
        app(compiled(*rules))


def test_a_macro_with_two_meanings_is_refused() -> None:
    """A macro's name that another log source has, with its own definition, is told at the rule's setting."""
    other = {
        "title": "B", "id": "00000002-0000-4000-8000-00000000000b",
        "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": {"selection": {"eventName": "a"}, "condition": "selection"},
        "x-converter": {"targets": {"splunk": {"macro": "kube_audit"}}},
    }  # fmt: skip
    with pytest.raises(UnpackableError) as refused:
        app(compiled({"title": "A", "id": "00000001-0000-4000-8000-00000000000a"}, other))
    (told,) = refused.value.diagnostics
    assert told.code == "B013"
    assert told.message.startswith("the macro 'kube_audit' stands for ")


NAMES = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_-]{0,63}\Z")


@settings(max_examples=100, deadline=None)
@given(name=NAMES)
@example(name="search")
@example(name="a")
@example(name="Splunk-rules")
@example(name="con")
@example(name="import")
@example(name="a-")
@example(name="A" * 64)
def test_any_name_of_a_pack_names_its_packages(name: str) -> None:
    """Whatever converter.toml may call a pack is an app and a Python package, whose names their formats take."""
    outcomes = ONE
    files = app(outcomes, pack_name=name)
    conf = spl.read_conf(files["default/app.conf"].decode(), "app.conf")
    assert isinstance(conf, spl.Conf)
    package, ui, about = (conf.stanza(one) for one in ("package", "ui", "id"))
    assert package is not None
    assert ui is not None
    assert about is not None
    assert package.get("id") == about.get("name")
    assert re.fullmatch("[a-z][a-z0-9_]{1,79}", package.get("id"))
    assert package.get("id") not in ("search", "con")
    assert 5 <= len(ui.get("label")) <= 80
    done = [one.compilation for one in PYTHON if one.compilation]
    folder = target("python-package").package(done, ["r"], {"pack_name": name})[0].path.partition("/")[0]
    assert folder.isidentifier()
    assert folder != "import"


ONE = compiled({"title": "A", "id": "00000001-0000-4000-8000-00000000000a"})
PYTHON = [compile_rule(one.loaded, target("python"), {}, frozenset(Fidelity)) for one in ONE]
