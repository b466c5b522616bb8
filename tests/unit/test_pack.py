"""Packs on disk: which files, where their outputs go, what is remembered, and how files are written."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import link
from converter.model import Status
from converter.pack import (
    Entry,
    OutputError,
    Record,
    Request,
    build,
    digest,
    find,
    load_pack,
    place,
    read_bytes,
    read_evidence,
    read_manifest,
    write_bytes,
    write_evidence,
)
from converter.pack import files as pack_files
from converter.readers import read_rules
from converter.targets import target

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)

RULE = """\
title: Rule {number}
id: 11111111-0a3f-4b27-9d0e-{number:012}
logsource: {{category: application, product: kubernetes, service: audit}}
detection:
  selection: {{verb: {verb}}}
  condition: selection
level: low
"""


def rule(number: int, verb: str = "create") -> str:
    return RULE.format(number=number, verb=verb)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two rules in folders."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("rules/a/one.yml", "rules/b/two.yaml"), 1):
        path = Path(name)
        path.parent.mkdir(parents=True)
        path.write_text(rule(number), encoding="utf-8")
    return tmp_path


def request(*paths: str, **more: object) -> Request:
    return replace(Request([Path(one) for one in paths], [target("python")], Path("output"), {}, frozenset()), **more)  # type: ignore[arg-type]


def test_files_are_found_in_a_fixed_order(work: Path) -> None:
    """Folders are walked; hidden files and folders, links and other endings are left out."""
    for name in ("rules/.hidden.yml", "rules/.git/x.yml", "rules/notes.txt", "rules/b/a.yml"):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(rule(9), encoding="utf-8")
    (work / "rules/link.yml").symlink_to("a/one.yml")
    (work / "rules/linked").symlink_to("a")
    assert [(one.name, one.output) for one in find([Path("rules")])] == [
        ("rules/a/one.yml", "a/one"),
        ("rules/b/a.yml", "b/a"),
        ("rules/b/two.yaml", "b/two"),
    ]


@pytest.mark.parametrize(
    ("given", "output"),
    [("rules/a/one.yml", "a/one"), ("rules/a", "a/one"), ("rules", "a/one"), ("./rules/../rules/a/one.yml", "a/one")],
)
def test_outputs_mirror_the_path_below_rules(work: Path, given: str, output: str) -> None:
    """Whatever is given, a rule's output is where its path below ``rules`` says."""
    assert next(iter(find([Path(given)]))).output == output


def test_outputs_of_files_outside_a_rules_folder(work: Path) -> None:
    """Without a folder named rules, outputs mirror the path below what was given."""
    other = work / "other" / "deep"
    other.mkdir(parents=True)
    (other / "x.yml").write_text(rule(3), encoding="utf-8")
    assert [one.output for one in find([Path("other")])] == ["deep/x"]
    assert [one.output for one in find([Path("other/deep/x.yml")])] == ["x"]


def test_a_file_given_twice_is_read_once(work: Path) -> None:
    """A path inside another one adds nothing."""
    assert len(load_pack([Path("rules"), Path("rules/a"), Path("rules/a/one.yml")]).rules) == 2


def test_several_rules_of_a_file_have_outputs_of_their_own(work: Path) -> None:
    """The second document's output is numbered."""
    (work / "rules/a/one.yml").write_text(rule(1) + "---\n" + rule(5) + "---\n[]\n", encoding="utf-8")
    pack = load_pack([Path("rules/a")])
    assert [one.output for one in pack.rules] == ["a/one", "a/one_2"]
    assert [[one.code for one in unread.diagnostics] for unread in pack.unread] == [["R011"]]


def test_equal_ids_are_told_at_both_rules(work: Path) -> None:
    """Neither of two rules with one id is built, whichever is read first; each names the other's place."""
    build(request("rules"))
    before = Path("output/python/a/one.py").read_bytes()
    (work / "rules/b/two.yaml").write_text("# moved\n" + rule(1, "delete"), encoding="utf-8")
    pack = load_pack([Path("rules")])
    assert [one.tree is None for one in pack.rules] == [True, True]
    found = [(one.code, one.span and (one.span.path, one.span.line, one.span.column), one.message) for one in pack.diagnostics]
    message = "the id 11111111-0a3f-4b27-9d0e-000000000001 is also that of "
    assert found == [
        ("M010", ("rules/a/one.yml", 2, 5), message + "rules/b/two.yaml:3"),
        ("M010", ("rules/b/two.yaml", 3, 5), message + "rules/a/one.yml:2"),
    ]
    done = build(request("rules"))
    assert [row.outcome.status for row in done.rows] == [Status.ERROR, Status.ERROR]
    assert Path("output/python/a/one.py").read_bytes() == before


def test_equal_ids_of_three_rules() -> None:
    """Every rule is told; the id's case does not matter."""
    rules = [read_rules(rule(1).encode(), f"{name}.yml")[0][0] for name in "abc"]
    assert [one.span.path for one in link(rules) if one.span] == ["a.yml", "b.yml", "c.yml"]
    upper = read_rules(rule(1).replace("11111111-0a3f", "11111111-0A3F").encode(), "d.yml")[0]
    assert len(link([rules[0], *upper])) == 2


def test_rules_without_detection_are_no_exception(work: Path) -> None:
    """Two opaque rules with one id are not built either."""
    text = rule(1).replace("detection:\n  selection: {verb: create}\n  condition: selection\n", "")
    text += "x-converter: {targets: {elastic: {kind: esql, language: esql, query: 'from logs-* metadata _id'}}}\n"
    for name in ("rules/a/one.yml", "rules/b/two.yaml"):
        Path(name).write_text(text, encoding="utf-8")
    done = build(request("rules", targets=[target("elastic")]))
    assert [row.outcome.status for row in done.rows] == [Status.ERROR, Status.ERROR]
    (work / "rules/b/two.yaml").unlink()
    assert build(request("rules", targets=[target("elastic")])).rows[0].artifact


@pytest.mark.parametrize("name", ["rules/a/one.yaml", "other/a/one.yml"])
def test_two_rules_for_one_output(work: Path, name: str) -> None:
    """Rules whose outputs would be one file are told at both, and neither is built, first or last."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(rule(7), encoding="utf-8")
    for _ in range(2):
        done = build(request("rules", "other") if name.startswith("other") else request("rules"))
        assert [one.code for one in done.pack.diagnostics] == ["B004", "B004"]
        assert sorted(done.changed or ["output/python/b/two.py"]) == ["output/python/b/two.py"]
        assert not Path("output/python/a/one.py").exists()


def test_a_rule_in_the_place_of_the_macros(work: Path) -> None:
    """The file of all rules' macros is no rule's."""
    Path("rules/macros.yml").write_text(rule(7), encoding="utf-8")
    done = build(request("rules", targets=[target("splunk")]))
    assert [one.code for one in done.pack.diagnostics] == ["B004"]
    assert b"kube_audit" in Path("output/splunk/macros.conf").read_bytes()


def test_a_build_says_what_it_did(work: Path) -> None:
    """Rows, changed files and the manifest; a second build changes nothing, and --check writes nothing."""
    checked = build(request("rules", check=True))
    assert len(checked.changed) == 2
    assert not (work / "output").exists()
    first = build(request("rules"))
    assert sorted(first.changed) == ["output/python/a/one.py", "output/python/b/two.py"]
    assert [row.artifact for row in first.rows] == ["output/python/a/one.py", "output/python/b/two.py"]
    manifest = read_manifest(work / "output/python")
    for name, entry in manifest.items():
        assert entry.sha256 == digest((work / "output/python" / name).read_bytes())
    before = (work / "output/python/.manifest.json").read_bytes()
    again = build(request("rules"))
    assert (again.changed, again.removed) == ((), ())
    assert (work / "output/python/.manifest.json").read_bytes() == before
    assert build(request("rules", check=True)).changed == ()


def test_a_build_of_some_paths_changes_only_their_entries(work: Path) -> None:
    """The other rules' outputs and entries stay, also when their rules are gone."""
    build(request("rules"))
    (work / "rules/b/two.yaml").unlink()
    (work / "rules/a/one.yml").write_text(rule(1, "delete"), encoding="utf-8")
    done = build(request("rules/a"))
    assert done.changed == ("output/python/a/one.py",)
    assert done.removed == ()
    assert set(read_manifest(work / "output/python")) == {"a/one.py", "b/two.py"}
    assert build(request("rules")).removed == ("output/python/b/two.py",)
    assert set(read_manifest(work / "output/python")) == {"a/one.py"}


def test_a_moved_rule_leaves_no_output_behind(work: Path) -> None:
    """After a rename the old output is gone and the new one is there."""
    build(request("rules"))
    (work / "rules/a/one.yml").rename(work / "rules/b/three.yml")
    done = build(request("rules"))
    assert done.removed == ("output/python/a/one.py",)
    assert set(read_manifest(work / "output/python")) == {"b/three.py", "b/two.py"}


def test_a_disabled_rule_loses_its_output(work: Path) -> None:
    """``enabled: false`` removes the artifact; the row says disabled and is no failure."""
    build(request("rules"))
    text = rule(1) + "x-converter: {targets: {python: {enabled: false, reason: not here}}}\n"
    (work / "rules/a/one.yml").write_text(text, encoding="utf-8")
    done = build(request("rules"))
    assert done.removed == ("output/python/a/one.py",)
    assert next((row.outcome.status.value, row.is_refused) for row in done.rows) == ("disabled", False)
    assert done.rows[0].outcome.reason == "not here"


def test_evidence_is_of_exactly_these_bytes(work: Path) -> None:
    """A recorded hash gives its evidence; when the output changes it is declared again."""
    first = build(request("rules/a"))
    name = first.rows[0].artifact
    record = Record("reader", "own", "1", 7)
    write_evidence(work / "output/python", {digest((work / name).read_bytes()): record})
    assert read_evidence(work / "output/python") == {digest((work / name).read_bytes()): record}
    row = build(request("rules/a")).rows[0]
    assert (row.evidence.value, row.record) == ("reader", record)
    (work / "rules/a/one.yml").write_text(rule(1, "delete"), encoding="utf-8")
    assert build(request("rules/a")).rows[0].evidence.value == "declared"


def test_writing_is_atomic_and_only_where_it_differs(tmp_path: Path) -> None:
    """Equal bytes are not written again; a written file is readable by all and nothing else is left."""
    path = tmp_path / "deep" / "x.txt"
    assert write_bytes(path, b"1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    number = path.stat().st_ino
    assert not write_bytes(path, b"1")
    assert path.stat().st_ino == number
    assert write_bytes(path, b"2")
    assert [one.name for one in path.parent.iterdir()] == ["x.txt"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the replacement fails the old bytes stay, and the temporary file is gone."""
    path = tmp_path / "x.txt"
    write_bytes(path, b"old")

    def full(_source: object, _target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match="no space left"):
        write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["x.txt"]


def test_a_killed_runs_leftover_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the name that the next temporary one would have is left alone, even when it is a link, and another name is taken."""
    monkeypatch.setattr(pack_files, "_numbers", count(7))
    left, link_ = (tmp_path / f".x.txt.{os.getpid()}-{number}{pack_files.TEMPORARY}" for number in (7, 8))
    left.write_bytes(b"left")
    link_.symlink_to("theirs")
    write_bytes(tmp_path / "x.txt", b"new")
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir() if one != link_} == {left.name: b"left", "x.txt": b"new"}
    assert link_.is_symlink()


def test_links_are_not_written_through(tmp_path: Path) -> None:
    """A link in the place of a file is refused, and what it leads to keeps its bytes."""
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "x.txt").symlink_to("theirs")
    with pytest.raises(OutputError, match="is a link"):
        write_bytes(tmp_path / "x.txt", b"new")
    assert (tmp_path / "theirs").read_bytes() == b"theirs"


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    """A folder where the file should be is an output error."""
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        write_bytes(tmp_path / "x.txt", b"new")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a\\b", "a\0b"])
def test_a_manifest_cannot_name_files_outside(tmp_path: Path, name: str) -> None:
    """A manifest with such a path is damaged, so nothing outside is ever removed."""
    from converter.pack.manifest import write_manifest

    write_manifest(tmp_path, {name: Entry("0", "r", "exact")})
    with pytest.raises(OutputError, match="damaged"):
        read_manifest(tmp_path)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(NAMES, st.builds(Entry, NAMES, NAMES, NAMES), max_size=4))
def test_a_manifest_is_plain_json(tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Entry]) -> None:
    """The manifest is what the standard library's encoder writes with one blank of indent, sorted, whatever the names hold."""
    from converter.pack.manifest import MANIFEST, write_manifest

    folder = tmp_path_factory.mktemp("manifest")
    write_manifest(folder, entries)
    rows = {name: {"sha256": one.sha256, "rule": one.rule, "status": one.status} for name, one in entries.items()}
    text = json.dumps(rows, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert (folder / MANIFEST).read_bytes().decode("utf-8") == text


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A folder, a pipe and a missing file raise; a large file is cut just above the limit."""
    os.mkfifo(tmp_path / "pipe")
    for name in (".", "pipe", "none"):
        with pytest.raises(OSError):
            read_bytes(tmp_path / name)
    (tmp_path / "large").write_bytes(b"x" * 100)
    assert len(read_bytes(tmp_path / "large", 10)) == 11


def test_imported_rules_do_not_replace_edited_ones(tmp_path: Path) -> None:
    """A second import writes over its own files, leaves edited and foreign ones alone (R021), and replaces them when forced."""
    assert place(tmp_path, {"a.yml": b"1", "b/c.yml": b"1"}, force=False)[1] == ()
    assert place(tmp_path, {"a.yml": b"2"}, force=False)[1] == ()
    (tmp_path / "a.yml").write_bytes(b"edited")
    (tmp_path / "mine.yml").write_bytes(b"mine")
    written, left = place(tmp_path, {"a.yml": b"3", "b/c.yml": b"2", "mine.yml": b"3"}, force=False)
    assert [Path(one).name for one in written] == ["c.yml"]
    assert [one.code for one in left] == ["R021", "R021"]
    assert (tmp_path / "a.yml").read_bytes() == b"edited"
    assert place(tmp_path, {"a.yml": b"3"}, force=True)[1] == ()
    assert (tmp_path / "a.yml").read_bytes() == b"3"
