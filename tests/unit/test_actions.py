"""Rule collections: what ``action`` makes of the documents of a file, as pySigma's SigmaCollection does."""

from __future__ import annotations

import time

import pytest
from sigma.collection import SigmaCollection

from converter.ir import link
from converter.readers import read_rules

ONE = "7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11"
TWO = "14de811c-d60f-11ec-9fd7-f661ea17fbce"
GLOBAL = "action: global\ntitle: All\nlevel: high\ntags: [attack.t1059]\ndetection: {condition: sel}\n"


def rule(title: str, field: str, more: str = "") -> str:
    return f"title: {title}\nlogsource: {{product: windows}}\ndetection: {{sel: {{{field}: 1}}, condition: sel}}\n{more}"


CASES = {
    "no action": [rule("A", "a"), rule("B", "b")],
    "global completes each rule": [
        GLOBAL,
        f"id: {ONE}\nlogsource: {{product: windows}}\ndetection: {{sel: {{a: 1}}}}\n",
        f"id: {TWO}\nlogsource: {{product: linux}}\ndetection: {{sel: {{b: 1}}}}\n",
    ],
    "global wins over the rule": [GLOBAL, rule("Own", "a", "level: low\n")],
    "global replaces lists as a whole": [GLOBAL, rule("Own", "a", "tags: [attack.t1003, attack.execution]\n")],
    "maps are merged at every depth": [
        "action: global\ndetection: {sel: {g: 2}, condition: sel and more}\nlogsource: {service: security}\n",
        "title: A\nlogsource: {product: windows}\ndetection: {sel: {a: 1}, more: {b: 2}}\n",
    ],
    "a second global takes the place of the first": [
        GLOBAL,
        rule("A", "a"),
        "action: global\nstatus: test\n",
        rule("B", "b"),
    ],
    "reset ends the global document": [GLOBAL, rule("A", "a"), "action: reset\n", rule("B", "b")],
    "repeat is the rule before with other values": [
        rule("A", "a"),
        "action: repeat\ntitle: B\ndetection: {sel: {b: 1}}\n",
        "action: repeat\ntitle: C\nlogsource: {service: sysmon}\n",
    ],
    "repeat keeps what global gave": [GLOBAL, rule("A", "a"), "action: repeat\nlevel: low\ndetection: {sel: {a: 5}}\n"],
    "repeat after reset is the rule before": [GLOBAL, rule("A", "a"), "action: reset\n", "action: repeat\ntitle: B\n"],
    "repeat behind global": [GLOBAL, "action: repeat\nlogsource: {product: windows}\ndetection: {sel: {a: 1}}\n"],
    "repeat first": ["action: repeat\n" + rule("A", "a")],
    "a global document in the middle": [rule("A", "a"), GLOBAL, rule("B", "b")],
    "a global text replaces a list": ["action: global\ndetection: {sel: x}\n", rule("A", "a").replace("{a: 1}", "[a, b]")],
}


@pytest.mark.parametrize("documents", [pytest.param(value, id=key) for key, value in CASES.items()])
def test_collections_are_what_pysigma_makes_of_them(documents: list[str]) -> None:
    """The same rules in the same order, with equal titles, ids, log sources, levels, tags and detections."""
    text = "---\n".join(documents)
    rules, _ = read_rules(text.encode(), "a.yml")
    theirs = SigmaCollection.from_yaml(text).rules
    assert len(rules) == len(theirs) > 0
    for ours, other in zip(rules, theirs, strict=True):
        found = other.to_dict()
        assert ours.title == found["title"]
        assert ours.level == found.get("level", "")
        assert ours.status == found.get("status", "")
        assert list(ours.tags) == found.get("tags", [])
        assert {key: value for key, value in found["logsource"].items() if value} == {
            key: getattr(ours.logsource, key) for key in ("category", "product", "service") if getattr(ours.logsource, key)
        }
        assert "id" not in found or ours.id == found["id"]
        assert other.detection == type(other.detection).from_dict(dict(ours.detection))


def test_places_are_those_of_the_file() -> None:
    """What came from the global document is shown there, what the rule says itself is shown in the rule."""
    rules, _ = read_rules(
        (GLOBAL + "---\n" + rule("Own", "a") + "---\nlogsource: {product: linux}\ndetection: {sel: {b: 1}}\n").encode(), "a.yml"
    )
    first, second = rules
    assert [first.span(key).line for key in ("title", "level", "logsource.product")] == [2, 3, 8]
    assert [second.span(key).line for key in ("title", "level", "logsource.product")] == [2, 3, 11]
    sel = second.detection.offsets[2 * list(second.detection).index("sel") + 1]
    assert second.source.span(sel).line == 12


def test_each_rule_needs_an_id_of_its_own() -> None:
    """A rule without an id is told, once for each title; a fault in the global document is told once."""
    text = GLOBAL.replace("title: All\n", "") + "---\n" + rule("A", "a") + "---\n" + rule("B", "b", f"id: {ONE}\n")
    rules, told = read_rules(text.encode(), "a.yml")
    assert [one.title for one in rules] == ["A", "B"]
    assert [(one.code, one.span and one.span.line) for one in told] == [("R014", 6)]
    rules, told = read_rules(text.replace("level: high", "level: hihg").encode(), "a.yml")
    assert rules == ()
    assert [(one.code, one.span and one.span.line) for one in told] == [("R012", 2)]


def test_repeat_leaves_the_global_document_as_it_is() -> None:
    """In pySigma 1.5.1 it would carry the repeated document's level into every later rule."""
    text = "---\n".join([GLOBAL, "action: repeat\nlevel: low\nlogsource: {product: windows}\ndetection: {sel: {a: 1}}\n", rule("B", "b")])
    rules, _ = read_rules(text.encode(), "a.yml")
    assert [one.level for one in rules] == ["low", "high"]
    assert list(rules[1].detection["sel"]) == ["b"]


@pytest.mark.parametrize("last", ["---\na: 1\n", "---\naction: repeat\n"], ids=["rules", "repeats"])
def test_a_collection_cannot_multiply_without_bound(last: str) -> None:
    """A large global document before very many small ones is refused within two seconds of CPU time."""
    names = "".join(f"  k{number}: 1\n" for number in range(4000))
    text = "action: global\n" + rule("A", "a") + "custom:\n" + names + last * 5000
    begun = time.process_time()
    _, told = read_rules(text.encode(), "a.yml")
    assert time.process_time() - begun < 2
    assert "R004" in {one.code for one in told}


def test_rules_under_one_written_id_have_ids_of_their_own() -> None:
    """The id of a global document is its first rule's; the others' are derived from it, told, and the same each time."""
    rules, told = read_rules(SHARED.encode(), "a.yml")
    assert [one.id for one in rules] == [ONE, "41c89a99-5b5f-5509-8ce8-3d290b4c377b", TWO, "9a0865de-fe9a-5020-80f2-e62cd21c928f"]
    assert [(one.code, one.span and one.span.line) for one in told] == [("R014", 9), ("R014", 19)]
    assert all(any(rule.id in one.help for rule in rules) for one in told)
    assert link(rules) == ()
    assert {str(one.id) for one in SigmaCollection.from_yaml(SHARED).rules} == {ONE, TWO}


SHARED = f"""action: global
title: All
id: {ONE}
detection: {{condition: sel}}
---
logsource: {{product: windows}}
detection: {{sel: {{a: 1}}}}
---
logsource: {{product: linux}}
detection: {{sel: {{b: 1}}}}
---
action: reset
---
{rule("Other", "c", f"id: {TWO}")}
---
action: repeat
title: Another
"""


def test_rules_under_one_title_have_ids_of_their_own() -> None:
    """Without any id the first is derived from the common title, the others from that, as if it were written."""
    rules, told = read_rules(SHARED.replace(f"id: {ONE}\n", "").replace(f"id: {TWO}", "").encode(), "a.yml")
    assert len({one.id for one in rules}) == 4
    written, _ = read_rules(SHARED.replace(ONE, rules[0].id).encode(), "a.yml")
    assert [one.id for one in rules[:2]] == [one.id for one in written[:2]]
    assert {one.code for one in told} == {"R014"}


def test_an_id_written_twice_is_an_error() -> None:
    """Two documents that each write the same id are told, not renamed."""
    rules, _ = read_rules("---\n".join([rule("A", "a", f"id: {ONE}\n"), rule("B", "b", f"id: {ONE}\n")]).encode(), "a.yml")
    assert [one.id for one in rules] == [ONE, ONE]
    assert {one.code for one in link(rules)} == {"M010"}
