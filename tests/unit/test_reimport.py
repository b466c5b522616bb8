"""A second import after edits: what each side changed alone is there, what both changed is told, and nothing else is touched."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.pack import OutputError, Placed, digest, reimport
from converter.pack.edits import ABSENT
from converter.pack.manifest import MANIFEST
from converter.pack.merge import Merged, merged, same
from converter.pack.reimport import BASES, base_name
from converter.readers.elastic_rules import yaml_text
from tests.readers.queries.mutants import by_bytes
from tests.unit.test_crash import drop, killed

FIRST = """\
title: Commands in pods
id: 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11
description: First.
tags:
  - attack.execution
  - attack.t1609
logsource:
  product: kubernetes
  service: audit
detection:
  selection:
    verb: create
    objectRef.resource: pods
  condition: selection
level: medium
x-converter:
  version: 1
  targets:
    elastic:
      interval: 5m
"""
EDITED = (
    FIRST.replace("level: medium", "# ours: the on-call team asked for it\nlevel: high  # was medium")
    .replace("    objectRef.resource: pods\n", "    objectRef.resource: pods  # not nodes\n    user.username|startswith: 'team-'\n")
    .replace("  - attack.t1609\n", "  - attack.t1609 # container commands\n  - team.blue\n")
)
SECOND = (
    FIRST.replace("description: First.", "description: Second, and longer.")
    .replace("verb: create", "verb:\n      - create\n      - get")
    .replace("  - attack.execution\n", "  - attack.lateral-movement\n  - attack.execution\n")
    .replace("      interval: 5m\n", "      interval: 10m\n      max_signals: 200\n")
    .replace("  version: 1\n", "  version: 2\n")
)
NAME = "kubernetes/audit/one.yml"


def again(folder: Path, text: str, *, force: bool = False, name: str = NAME) -> Placed:
    """Import one file."""
    return reimport(folder, {name: text.encode()}, force=force)


def edited(folder: Path, first: str, edit: str, second: str, *, force: bool = False) -> tuple[Placed, str]:
    """Import, edit, import; return what was done and what is there then."""
    again(folder, first)
    (folder / NAME).write_text(edit, encoding="utf-8")
    placed = again(folder, second, force=force)
    return placed, (folder / NAME).read_text(encoding="utf-8")


def states(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_nobody_edited_is_replaced(tmp_path: Path) -> None:
    """The source's second version takes the place of the first; a third import of it changes no byte."""
    placed, text = edited(tmp_path, FIRST, FIRST, SECOND)
    assert (text, placed.left, placed.told, placed.joined, placed.kept) == (SECOND, (), (), (), ())
    before = states(tmp_path)
    again(tmp_path, SECOND)
    assert states(tmp_path) == before


def test_an_edit_stays_when_the_source_did_not_change(tmp_path: Path) -> None:
    """The same import again keeps the edit, byte by byte, and complains of nothing."""
    placed, text = edited(tmp_path, FIRST, EDITED, FIRST)
    assert text == EDITED
    assert (placed.written, placed.left, placed.told) == ((), (), ())
    assert [Path(one).name for one in placed.kept] == ["one.yml"]


def test_edits_and_changes_are_joined_key_by_key(tmp_path: Path) -> None:
    """Both sides' changes are there, comments and order stay, and importing the same once more changes no byte."""
    placed, text = edited(tmp_path, FIRST, EDITED, SECOND)
    assert (placed.left, [one.code for one in placed.told]) == ((), ["R131"])
    assert (
        text
        == """\
title: Commands in pods
id: 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11
description: Second, and longer.
tags:
  - attack.execution
  - attack.t1609 # container commands
  - team.blue
  - attack.lateral-movement
logsource:
  product: kubernetes
  service: audit
detection:
  selection:
    verb:
      - create
      - get
    objectRef.resource: pods  # not nodes
    user.username|startswith: 'team-'
  condition: selection
# ours: the on-call team asked for it
level: high  # was medium
x-converter:
  version: 2
  targets:
    elastic:
      interval: 10m
      max_signals: 200
"""
    )
    assert "description, tags, detection.selection.verb, x-converter.version" in placed.told[0].message
    assert "comments" not in placed.told[0].message
    before = states(tmp_path)
    assert again(tmp_path, SECOND).told == ()
    assert states(tmp_path) == before


def test_a_third_version_is_joined_with_the_same_edits(tmp_path: Path) -> None:
    """What was joined once is the team's text; the next change of the source is measured from the second version."""
    edited(tmp_path, FIRST, EDITED, SECOND)
    third = SECOND.replace("      - get\n", "").replace("title: Commands in pods", "title: Commands run in pods")
    placed = again(tmp_path, third)
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert placed.left == ()
    assert yaml.safe_load(text)["detection"]["selection"]["verb"] == ["create"]
    assert "title: Commands run in pods" in text
    assert "level: high  # was medium" in text


@pytest.mark.parametrize(
    ("edit", "second", "line", "values"),
    [
        (("level: medium", "level: high"), ("level: medium", "level: low"), 15, ('"high"', '"low"', "level was changed")),
        (
            ("verb: create", "verb: get"),
            ("verb: create", "verb: [create, get]"),
            12,
            ('"get"', '["create", "get"]', "detection.selection.verb"),
        ),
        (("    verb: create\n", ""), ("verb: create", "verb: get"), 12, ("nothing", '"get"', "detection.selection.verb")),
        (("verb: create", "verb: get"), ("    verb: create\n", ""), 12, ('"get"', "nothing", "detection.selection.verb")),
        (("  - attack.t1609", "  - attack.t1610"), ("  - attack.t1609", "  - attack.t1611"), 4, ("attack.t1610", "attack.t1611", "tags")),
        (("interval: 5m", "interval: 7m"), ("interval: 5m", "interval: 9m"), 20, ('"7m"', '"9m"', "x-converter.targets.elastic.interval")),
    ],
)
def test_what_both_changed_is_told_with_both_values(
    tmp_path: Path, edit: tuple[str, str], second: tuple[str, str], line: int, values: tuple[str, ...]
) -> None:
    """The file is as it was, the place and both values are told, each further import tells it again, and force takes the source's."""
    here, theirs = FIRST.replace(*edit), FIRST.replace(*second)
    placed, text = edited(tmp_path, FIRST, here, theirs)
    assert text == here
    (told,) = placed.told
    assert (told.code, told.span.line if told.span else 0) == ("R130", line - (1 if edit[1] == "" else 0) if edit[1] else 11)
    assert all(one in told.message for one in values), told.message
    before = states(tmp_path)
    assert again(tmp_path, theirs).told == (told,)
    assert states(tmp_path) == before
    assert again(tmp_path, theirs, force=True).left == ()
    assert (tmp_path / NAME).read_text(encoding="utf-8") == theirs


def test_a_person_may_let_the_edit_stand(tmp_path: Path) -> None:
    """With that choice the edit stays, what else changed comes in, and the conflict is not told again; the next one is."""
    here = EDITED.replace("interval: 5m", "interval: 7m")
    placed, text = edited(tmp_path, FIRST, here, SECOND)
    assert [one.code for one in placed.told] == ["R130"]
    assert text == here
    placed = reimport(tmp_path, {NAME: SECOND.encode()}, force=False, keep=True)
    assert [one.code for one in placed.told] == ["R131"]
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert ("interval: 7m" in text, "description: Second" in text, "level: high  # was medium" in text) == (True, True, True)
    assert again(tmp_path, SECOND).told == ()
    assert [one.code for one in again(tmp_path, SECOND.replace("interval: 10m", "interval: 20m")).told] == ["R130"]


def test_what_both_changed_alike_is_no_conflict(tmp_path: Path) -> None:
    """The same change on both sides stands once."""
    placed, text = edited(tmp_path, FIRST, EDITED.replace("interval: 5m", "interval: 10m"), SECOND)
    assert placed.left == ()
    assert text.count("interval: 10m") == 1


def test_a_joined_file_that_would_be_no_rule_is_a_conflict(tmp_path: Path) -> None:
    """The team's condition names a selection that the source removed: nothing is written."""
    first = FIRST.replace("  condition: selection\n", "  filter:\n    verb: list\n  condition: selection\n")
    here = first.replace("  condition: selection\n", "  condition: selection and not filter\n")
    second = first.replace("  filter:\n    verb: list\n", "")
    placed, text = edited(tmp_path, first, here, second)
    assert text == here
    assert [one.code for one in placed.told] == ["R130"]
    assert "filter" in placed.told[0].message


def test_rules_of_one_file_are_known_by_their_ids(tmp_path: Path) -> None:
    """An edit of one rule stays while the source adds another and removes a third; an edited one that goes is a conflict."""
    one, two, three, four = (FIRST.replace("8a11", f"8a1{number}").replace("Commands", f"{number} commands") for number in (1, 2, 3, 4))
    placed, text = edited(
        tmp_path,
        f"{one}---\n{two}---\n{three}",
        f"{one}---\n# mine\n{EDITED.replace('8a11', '8a12')}---\n{three}",
        f"{four}---\n{one}---\n{two}",
    )
    assert placed.left == (), placed.told
    assert [document["id"][-4:] for document in yaml.safe_load_all(text)] == ["8a11", "8a12", "8a14"]
    assert "# mine" in text
    placed = again(tmp_path, f"{four}---\n{one}")
    assert [one.code for one in placed.told] == ["R130"]
    assert "removed in its source" in placed.told[0].message


def test_what_is_not_in_block_style_is_written_anew(tmp_path: Path) -> None:
    """A flow map is changed as one value; a whole file of one is written anew, and the note says that comments went."""
    flow = "logsource: {product: kubernetes, service: audit}  # both words\n"
    here = EDITED.replace("logsource:\n  product: kubernetes\n  service: audit\n", flow)
    second = SECOND.replace("  service: audit\n", "  service: audit\n  category: application\n")
    placed, text = edited(tmp_path, FIRST, here, second)
    assert placed.left == ()
    assert yaml.safe_load(text)["logsource"] == {"product": "kubernetes", "service": "audit", "category": "application"}
    assert "level: high  # was medium" in text
    assert "# ours: the on-call team" in text
    assert "comments" in placed.told[0].message  # the one on the flow map's line went with it
    value = yaml.safe_load(EDITED)
    placed, text = edited(tmp_path / "whole", FIRST, f"# ours\n{json.dumps(value)}\n", SECOND)
    assert placed.left == ()
    assert "comments" in placed.told[0].message
    assert yaml.safe_load(text) == value | {
        "description": "Second, and longer.",
        "tags": ["attack.execution", "attack.t1609", "team.blue", "attack.lateral-movement"],
        "detection": {**value["detection"], "selection": {**value["detection"]["selection"], "verb": ["create", "get"]}},
        "x-converter": {"version": 2, "targets": {"elastic": {"interval": "10m", "max_signals": 200}}},
    }


def test_a_rule_with_another_name_stays_in_its_file(tmp_path: Path) -> None:
    """A rule is known by its id: where its source has a new title, and so another file name, its file is changed and no second one made."""
    again(tmp_path, FIRST)
    (tmp_path / NAME).write_text(EDITED, encoding="utf-8")
    placed = again(tmp_path, SECOND.replace("title: Commands in pods", "title: Pods"), name="kubernetes/audit/pods.yml")
    assert (placed.left, dict(placed.moved)) == ((), {"kubernetes/audit/pods.yml": NAME})
    assert sorted(one for one in states(tmp_path) if one.endswith(".yml")) == [NAME]
    assert "title: Pods" in (tmp_path / NAME).read_text(encoding="utf-8")
    assert again(tmp_path, FIRST.replace("8a11", "8a12"), name="kubernetes/audit/pods.yml").moved == {}


def test_a_file_that_was_put_elsewhere_is_found_by_its_id(tmp_path: Path) -> None:
    """The team's folders stay: the moved file is joined where it lies, its memory with it, and nothing comes back at the old place."""
    again(tmp_path, FIRST)
    place = tmp_path / "team" / "blue.yml"
    place.parent.mkdir()
    (tmp_path / NAME).rename(place)
    place.write_text(EDITED, encoding="utf-8")
    assert again(tmp_path, FIRST).told == ()
    assert [one.code for one in again(tmp_path, SECOND).told] == ["R131"]
    text = place.read_text(encoding="utf-8")
    assert ("description: Second" in text, "level: high  # was medium" in text) == (True, True)
    conflict = again(tmp_path, SECOND.replace("level: medium", "level: low"))
    assert [one.code for one in conflict.told] == ["R130"]
    assert again(tmp_path, SECOND.replace("level: medium", "level: low")).told == conflict.told
    names = sorted(states(tmp_path))
    assert names == [f"{BASES}/team/blue.yml.base", MANIFEST, "team/blue.yml"]


def test_a_rule_that_was_removed_stays_so(tmp_path: Path) -> None:
    """A file that the team removed does not come back while its source is as it was; a change of it is told, and force brings it back."""
    again(tmp_path, FIRST)
    (tmp_path / NAME).unlink()
    placed = again(tmp_path, FIRST)
    assert (placed.told, placed.left, len(placed.kept), (tmp_path / NAME).exists()) == ((), (), 1, False)
    placed = again(tmp_path, SECOND)
    assert ([one.code for one in placed.told], len(placed.left), (tmp_path / NAME).exists()) == (["R130"], 1, False)
    assert reimport(tmp_path, {NAME: SECOND.encode()}, force=False, keep=True).told == ()
    assert again(tmp_path, SECOND).told == ()
    assert not (tmp_path / NAME).exists()
    assert again(tmp_path, SECOND, force=True).left == ()
    assert (tmp_path / NAME).read_text(encoding="utf-8") == SECOND


def test_foreign_files_and_unknown_sources_are_left_alone(tmp_path: Path) -> None:
    """A file that no import wrote, and an edited one whose imported bytes are gone, stay (R021)."""
    (tmp_path / "mine.yml").write_text("mine", encoding="utf-8")
    placed = again(tmp_path, FIRST, name="mine.yml")
    assert [one.code for one in placed.told] == ["R021"]
    again(tmp_path, FIRST)
    (tmp_path / NAME).write_text(EDITED, encoding="utf-8")
    (tmp_path / base_name(NAME)).unlink()
    assert [one.code for one in again(tmp_path, SECOND).told] == ["R021"]
    assert (tmp_path / NAME).read_text(encoding="utf-8") == EDITED
    # The same version as was imported brings its bytes back.
    assert again(tmp_path, FIRST).told == ()
    assert [one.code for one in again(tmp_path, SECOND).told] == ["R131"]


def test_a_changed_memory_is_not_believed(tmp_path: Path) -> None:
    """Other bytes than the manifest names are no version that was imported: the edit stays and nothing is joined from them."""
    again(tmp_path, FIRST)
    (tmp_path / NAME).write_text(EDITED, encoding="utf-8")
    (tmp_path / base_name(NAME)).write_text(EDITED, encoding="utf-8")
    assert [one.code for one in again(tmp_path, SECOND).told] == ["R021"]
    assert (tmp_path / NAME).read_text(encoding="utf-8") == EDITED


def test_links_are_never_followed(tmp_path: Path) -> None:
    """A link in place of the file, of its memory, or of a folder on the way ends the import; what it leads to is untouched."""
    secret = tmp_path / "secret.yml"
    secret.write_text(EDITED, encoding="utf-8")
    for at, name in enumerate((NAME, base_name(NAME), BASES, "kubernetes")):
        folder = tmp_path / str(at)
        again(folder, FIRST)
        (folder / NAME).write_text(EDITED, encoding="utf-8")
        path = folder / name
        if path.is_dir():
            path.rename(tmp_path / f"moved{at}")
            path.symlink_to(tmp_path / f"moved{at}", target_is_directory=True)
        else:
            path.unlink()
            path.symlink_to(secret)
        with pytest.raises(OutputError, match="link"):
            again(folder, SECOND)
    assert secret.read_text(encoding="utf-8") == EDITED


def test_a_hostile_manifest_ends_the_import(tmp_path: Path) -> None:
    """A path outside of the folder, or a broken entry, is told as damage; no file is touched."""
    again(tmp_path, FIRST)
    for text in ('{"../x": {"sha256": "", "rule": "", "status": ""}}', '{"a": 1}', "[", '{"a": {"sha256": 1, "rule": "", "status": ""}}'):
        (tmp_path / MANIFEST).write_text(text, encoding="utf-8")
        with pytest.raises(OutputError, match="damaged"):
            again(tmp_path, SECOND)
    assert (tmp_path / NAME).read_text(encoding="utf-8") == FIRST


def test_what_was_edited_into_no_yaml_is_told(tmp_path: Path) -> None:
    """A file that cannot be read any more is left, with the place of its mistake."""
    placed, text = edited(tmp_path, FIRST, EDITED + "  broken: [\n", SECOND)
    assert text.endswith("broken: [\n")
    (told,) = placed.told
    assert told.code == "R130"
    assert told.span is not None
    assert told.span.line > 20


def test_the_manifest_names_what_was_imported(tmp_path: Path) -> None:
    """The memory is part of the manifest, so that a later import can trust it."""
    again(tmp_path, FIRST)
    entries = json.loads((tmp_path / MANIFEST).read_text(encoding="utf-8"))
    assert entries[NAME]["sha256"] == entries[base_name(NAME)]["sha256"] == digest(FIRST.encode())


@pytest.mark.parametrize("home", [NAME, "team/blue.yml"])
def test_an_import_may_be_killed_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str) -> None:
    """Whenever a second import is killed, a third one of the same gives what an undisturbed one gives, the edits in it."""
    monkeypatch.chdir(tmp_path)
    first, second = {NAME: FIRST.encode(), "a/two.yml": FIRST.encode()}, {NAME: SECOND.encode(), "a/two.yml": SECOND.encode()}

    def start(folder: str) -> None:
        reimport(Path(folder), first, force=False)
        Path(folder, home).parent.mkdir(exist_ok=True)
        Path(folder, NAME).rename(Path(folder, home)).write_text(EDITED, encoding="utf-8")

    start("whole")
    reimport(Path("whole"), second, force=False)
    whole = states(Path("whole"))
    at = 0
    while True:
        at += 7
        drop("rules")
        start("rules")
        if not killed(at, lambda: reimport(Path("rules"), second, force=False)):
            break
        assert Path("rules", home).read_text(encoding="utf-8") in (EDITED, whole[home].decode())
        assert reimport(Path("rules"), second, force=False).left == (), at
        assert states(Path("rules")) == whole, at
    assert at > 30


VALUES = st.sampled_from(
    ["a", "b", "it's", "# no comment", "1", 1, 1.5, True, None, "", "x: y", "- z", "two\nlines\n", "  deep", [], ["p"], ["p", "q"]]
)
KEYS = st.sampled_from(["k", "key two", "a.b|c", "1", "true", "é"])
TREES = st.recursive(VALUES, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)
MAPS = st.dictionaries(KEYS, TREES, min_size=1, max_size=5)


def changed(draw: st.DrawFn, value: object, edits: int) -> object:
    """Return a value with some keys changed, added or removed."""
    new = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, edits))):
        place = new
        while (
            isinstance(inner := place.get(draw(st.sampled_from(sorted(place)))) if place else None, dict) and inner and draw(st.booleans())
        ):
            place = inner
        key = draw(KEYS)
        if draw(st.booleans()) and key in place:
            del place[key]
        else:
            place[key] = draw(TREES)
    return new


@st.composite
def versions(draw: st.DrawFn) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Return a map and two versions of it."""
    base = draw(MAPS)
    here, theirs = changed(draw, base, 3), changed(draw, base, 3)
    assert isinstance(here, dict)
    assert isinstance(theirs, dict)
    return base, here, theirs


def expected(base: object, here: object, theirs: object) -> object:
    """Return what both sides make of a value, or ``...`` for a conflict; ``None``-like absence is ``ABSENT``.  Lists are not joined."""
    if same(base, theirs) or same(here, theirs):
        return here
    if isinstance(here, dict) and isinstance(theirs, dict):
        known = base if isinstance(base, dict) else {}
        found = {key: expected(known.get(key, ABSENT), here.get(key, ABSENT), theirs.get(key, ABSENT)) for key in [*here, *theirs]}
        return ... if any(one is ... for one in found.values()) else {key: one for key, one in found.items() if one is not ABSENT}
    return theirs if same(base, here) else ...


@given(versions(), st.booleans())
@settings(max_examples=70, deadline=None)
def test_random_edits_are_joined_as_the_definition_says(three: tuple[dict[str, object], ...], commented: bool) -> None:
    """A key that one side changed has that side's value; where both changed it otherwise, nothing is joined; comments stay."""
    base, here, theirs = ({"id": "1", **one} for one in three)
    texts = [yaml_text(one) for one in (base, here, theirs)]
    if commented:
        texts[1] = f"# on top\n{texts[1]}# below\n"
    found = merged(*(one.encode() for one in texts), "x.yml")
    wanted = expected(base, here, theirs)
    if isinstance(found, Merged):
        value = yaml.safe_load(found.text)
        if wanted is not ...:
            assert same(value, wanted)
        assert not commented or ("# on top\n" in found.text and "# below" in found.text) or not found.comments
    else:
        assert wanted is ...
        assert all(one.code == "R130" and one.span is not None for one in found)


def test_no_bytes_end_it_without_a_word() -> None:
    """Of any of the three versions bytes may be changed: the texts are joined, or each complaint has a place."""
    rng, joined = random.Random(5), 0
    for number in range(200):
        three = [FIRST, EDITED, SECOND]
        three[number % 3] = by_bytes(three[number % 3], rng)
        found = merged(*(one.encode("utf-8", "replace") for one in three), "x.yml")
        joined += isinstance(found, Merged)
        if isinstance(found, Merged):
            assert list(yaml.safe_load_all(found.text))
        else:
            assert found
            assert all(one.span is not None and one.code == "R130" for one in found)
    assert 20 < joined < 180
