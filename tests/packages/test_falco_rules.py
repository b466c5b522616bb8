"""falco-rules: one file of all rules; and the files of single rules can be loaded together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.languages import falco
from converter.model import Fidelity
from converter.pack import Outcome, RuleFile, compile_rule, load_bytes, load_pack
from converter.targets import target

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
        found += [compile_rule(one, target("falco"), {}, frozenset(Fidelity)) for one in loaded]
    return found


def packaged(name: str, outcomes: list[Outcome]) -> list[bytes]:
    done = [one.compilation for one in outcomes if one.allowed and one.compilation]
    return [one.data for one in target(name).package(done, [f"r{number}" for number in range(len(done))], {})]


def names(data: bytes) -> list[str]:
    """Return the names of rules, macros and lists of a file."""
    return [str(item[kind]) for item in yaml.safe_load(data) for kind in ("rule", "macro", "list") if kind in item]


@pytest.fixture(scope="module")
def shipped() -> list[Outcome]:
    """The shipped rules for Falco."""
    return [compile_rule(one, target("falco"), {}, frozenset()) for one in load_pack([ROOT / "rules"]).rules]


def test_the_pack_is_one_sound_file(shipped: list[Outcome]) -> None:
    """Our reader of rules files takes it, with every rule as in its own file."""
    (data,) = packaged("falco-rules", shipped)
    file = falco.read_rules(data, "rules.yaml")
    assert isinstance(file, falco.RulesFile), file
    alone = [falco.read_rules(one, "r.yaml") for one in packaged("falco", shipped)]
    assert len(file.rules) == len(alone) >= 6
    items = {item["rule"]: item for item in yaml.safe_load(data) if "rule" in item}
    for one, own in zip(alone, packaged("falco", shipped), strict=True):
        assert isinstance(one, falco.RulesFile)
        (item,) = [item for item in yaml.safe_load(own) if "rule" in item]
        assert items[item["rule"]] == item


def test_the_head_asks_for_what_any_rule_asks_for(shipped: list[Outcome]) -> None:
    """The newest engine and every plugin, once, at the newest version."""
    (data,) = packaged("falco-rules", shipped)
    items = yaml.safe_load(data)
    assert [next(iter(one)) for one in items[:2]] == ["required_engine_version", "required_plugin_versions"]
    assert all("rule" in one for one in items[2:])
    alone = [item for one in packaged("falco", shipped) for item in yaml.safe_load(one)]
    versions = [one["required_engine_version"] for one in alone if "required_engine_version" in one]
    assert items[0]["required_engine_version"] == max(versions, key=lambda text: [int(part) for part in text.split(".")])
    plugins = {plugin["name"] for one in alone for plugin in one.get("required_plugin_versions", ())}
    assert [plugin["name"] for plugin in items[1]["required_plugin_versions"]] == sorted(plugins)


def test_the_newest_version_wins() -> None:
    """Versions are compared as numbers: 0.9 is before 0.10."""
    from converter.targets.falco.pack import _plugins

    assert _plugins([[{"name": "b", "version": "0.9.0"}], [{"name": "b", "version": "0.10.0"}, {"name": "a", "version": "1.0.0"}]]) == [
        {"name": "a", "version": "1.0.0"},
        {"name": "b", "version": "0.10.0"},
    ]


def test_the_shipped_files_can_be_loaded_together(shipped: list[Outcome]) -> None:
    """No rule, macro or list of one file has the name of another's."""
    found = [name for one in packaged("falco", shipped) for name in names(one)]
    assert len(found) == len(set(found)) >= 6


TITLES = st.lists(
    st.sampled_from(["A", "A ", " A\n", "A (00000001)", "A (00000001-0000-4000-8000-000000000000)", "B"]), min_size=2, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(titles=TITLES, same_start=st.booleans())
def test_no_two_rules_have_one_name(titles: list[str], same_start: bool) -> None:
    """Whatever the titles, names differ, in the files together and in the one of all; a title that is alone stays."""
    ids = [f"{1 if same_start else number + 1:08x}-0000-4000-8000-{number:012x}" for number in range(len(titles))]
    outcomes = compiled(*({"title": title, "id": id_} for title, id_ in zip(titles, ids, strict=True)))
    found = [name for one in packaged("falco", outcomes) for name in names(one)]
    assert len(set(found)) == len(titles)
    (data,) = packaged("falco-rules", outcomes)
    assert names(data) == found
    assert isinstance(falco.read_rules(data, "rules.yaml"), falco.RulesFile)
    alone = [title for title in titles if [" ".join(one.split()) for one in titles].count(" ".join(title.split())) == 1]
    assert {"B"} & set(alone) <= set(found)


def test_two_files_of_one_name_are_seen() -> None:
    """The reader that the laws above rest on tells of a name that occurs twice."""
    (one,) = packaged("falco", compiled({"title": "A"}))
    text = one.decode()
    doubled = text + text[text.index("- rule:") :]
    told = falco.read_rules(doubled.encode(), "r.yaml")
    assert not isinstance(told, falco.RulesFile)
    assert [(one.code, one.message) for one in told] == [("R229", "rule A is defined twice")]


def test_system_calls_need_no_plugin() -> None:
    """A pack that reads system calls alone asks for no plugin: an empty list is none to Falco."""
    rule = {
        "title": "A",
        "logsource": {"product": "linux", "category": "process_creation"},
        "detection": {"s": {"Image|endswith": "/nc"}, "condition": "s"},
    }
    outcomes = compiled(rule)
    assert [one.allowed for one in outcomes] == [True], outcomes[0].diagnostics
    (data,) = packaged("falco-rules", outcomes)
    assert [next(iter(one)) for one in yaml.safe_load(data)] == ["required_engine_version", "rule"]
    assert isinstance(falco.read_rules(data, "rules.yaml"), falco.RulesFile)
