"""ATT&CK names from tags."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import converter.data
from converter.data import attack_version, tactic, tactic_named, technique, threats

DATA = json.loads((Path(converter.data.__file__).parent / "attack.json").read_text(encoding="utf-8"))


def test_a_technique_of_a_tag() -> None:
    """Id, name, page and tactics; the tag's case does not matter."""
    found = technique("attack.t1609")
    assert found is not None
    assert (found.id, found.name, found.url) == ("T1609", "Container Administration Command", "https://attack.mitre.org/techniques/T1609/")
    assert found.tactics == ("execution",)
    assert technique("attack.T1609") == found


def test_a_sub_technique_has_its_technique_s_page() -> None:
    """The address of a sub-technique is below its technique's."""
    found = technique("attack.t1552.007")
    assert found is not None
    assert found.url == "https://attack.mitre.org/techniques/T1552/007/"


@pytest.mark.parametrize("tag", ["attack.credential-access", "attack.credential_access"])
def test_a_tactic_of_a_tag(tag: str) -> None:
    """Both spellings of Sigma's tags name the tactic."""
    found = tactic(tag)
    assert found is not None
    assert (found.id, found.name, found.url) == ("TA0006", "Credential Access", "https://attack.mitre.org/tactics/TA0006/")
    assert tactic_named("TA0006") == tactic_named("Credential Access") == found


@pytest.mark.parametrize("tag", ["attack.nothing", "attack.t9999", "attack.", "", "cve.2024-1", "attack.g0016", "attack.s0002"])
def test_other_tags_name_nothing(tag: str) -> None:
    """Groups, software, and what does not exist are no threat."""
    assert tactic(tag) is None
    assert technique(tag) is None
    assert threats((tag,)) == ()
    assert tactic_named(tag) is None


def shown(*tags: str) -> list[tuple[str, list[str], dict[str, list[str]]]]:
    """Return the threats of tags as ids."""
    return [
        (
            one.tactic.id,
            [top.id for top in one.techniques],
            {key: [sub.id for sub in subs] for key, subs in (one.subtechniques or {}).items()},
        )
        for one in threats(tags)
    ]


def test_a_technique_stands_under_its_tactic() -> None:
    """The order of the tactics is that of the tags, wherever the techniques stand."""
    assert shown("attack.execution", "attack.t1609") == [("TA0002", ["T1609"], {})]
    assert shown("attack.t1609", "attack.execution") == [("TA0002", ["T1609"], {})]


def test_a_sub_technique_brings_its_technique() -> None:
    """Once, also when the technique has a tag of its own."""
    expected = [("TA0006", ["T1552"], {"T1552": ["T1552.007"]})]
    assert shown("attack.credential-access", "attack.t1552.007") == expected
    assert shown("attack.credential-access", "attack.t1552", "attack.t1552.007") == expected


def test_a_technique_without_its_tactic_stands_under_its_first() -> None:
    """No technique is dropped."""
    assert shown("attack.t1609") == [("TA0002", ["T1609"], {})]
    assert shown("attack.impact", "attack.t1609") == [("TA0040", [], {}), ("TA0002", ["T1609"], {})]


def test_a_technique_of_several_tactics_stands_under_each_that_is_named() -> None:
    """A technique with two tactics among the tags is shown twice, under one of them alone once."""
    both = next((number for number, one in DATA["techniques"].items() if "." not in number and len(one["tactics"]) > 1))
    first, second = DATA["techniques"][both]["tactics"][:2]
    found = threats((f"attack.{first}", f"attack.{second}", f"attack.{both.lower()}"))
    assert [(one.tactic.shortname, [top.id for top in one.techniques]) for one in found] == [(first, [both]), (second, [both])]
    alone = threats((f"attack.{second}", f"attack.{both.lower()}"))
    assert [one.tactic.shortname for one in alone] == [second]


def test_the_data_hold_together() -> None:
    """Every technique's tactics exist, every sub-technique has its technique, and no name is empty."""
    assert attack_version() == DATA["version"]
    assert len(DATA["tactics"]) >= 14
    assert len(DATA["techniques"]) > 600
    for number, one in DATA["techniques"].items():
        assert one["name"]
        assert set(one["tactics"]) <= set(DATA["tactics"]), number
        assert number.partition(".")[0] in DATA["techniques"], number
