"""A bundle holds all of a pack that may be passed on, says what it leaves out, and is the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests_publish_support import rule, run

ROOT = Path(__file__).resolve().parents[2]
CONVERTER = Path(sys.executable).with_name("converter")


def contents(path: Path) -> dict[str, bytes]:
    """Return what an independent reader finds in an archive."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    with tarfile.open(path) as archive_:
        return {one.name: archive_.extractfile(one).read() for one in archive_}  # type: ignore[union-attr]


def manifest_of(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(contents(path)["manifest.json"])
    return loaded


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".zip"])
def test_every_container_holds_the_same(work: Path, suffix: str) -> None:
    """Whatever the container, other programs read the same files out of it, and it is sound."""
    assert run("bundle", "-o", f"b{suffix}").exit_code == 0
    assert run("bundle", "-o", "plain.tar").exit_code == 0
    found = contents(Path(f"b{suffix}"))
    assert found == contents(Path("plain.tar"))
    assert {
        "LICENSES/Apache-2.0.txt",
        "NOTICE",
        "SHA256SUMS",
        "manifest.json",
        "rules/a/one.yml",
        "rules/b/two.yaml",
        "elastic/a/one.toml",
        "splunk/b/two.conf",
        "splunk/macros.conf",
        "falco/a/one.yaml",
        "python/b/two.py",
    } <= set(found)
    done = run("verify-bundle", f"b{suffix}")
    assert (done.exit_code, "sound, unsigned: 2 rules" in done.stderr) == (0, True)


def test_artifacts_are_those_of_a_build(work: Path) -> None:
    """A bundle's outputs are the bytes that build writes, and its rules those of the pack."""
    assert run("build").exit_code == 0
    assert run("bundle", "-o", "b.tar").exit_code == 0
    found = contents(Path("b.tar"))
    built = {path.relative_to("output").as_posix(): path.read_bytes() for path in Path("output").rglob("[!.]*") if path.is_file()}
    assert len(built) == 9
    assert {name: found[name] for name in built} == built
    assert found["rules/a/one.yml"] == Path("rules/a/one.yml").read_bytes()


def test_sums_are_what_sha256sum_reads(work: Path) -> None:
    """``sha256sum -c SHA256SUMS`` accepts an unpacked bundle, covers every file, and tells a changed one."""
    run("bundle", "-o", "b.tar")
    found = contents(Path("b.tar"))
    lines = found["SHA256SUMS"].decode().splitlines()
    assert {line[66:]: line[:64] for line in lines} == {
        name: hashlib.sha256(data).hexdigest() for name, data in found.items() if name != "SHA256SUMS"
    }
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed: nothing was shown of it")
    with tarfile.open("b.tar") as archive:
        archive.extractall("unpacked", filter="data")
    assert subprocess.run([tool, "--strict", "-c", "SHA256SUMS"], cwd="unpacked", capture_output=True, check=False).returncode == 0
    (work / "unpacked" / "NOTICE").write_text("other", encoding="utf-8")
    assert subprocess.run([tool, "-c", "SHA256SUMS"], cwd="unpacked", capture_output=True, check=False).returncode == 1


def test_the_manifest_says_what_is_known(work: Path) -> None:
    """Each rule stands with its version, author, licence, tests, and on each target status, evidence and file."""
    run("build")
    record = {"evidence": "reader", "engine": "reader", "version": "1", "events": 7}
    artifact = Path("output/python/a/one.py").read_bytes()
    Path("output/python/.evidence.json").write_text(json.dumps({hashlib.sha256(artifact).hexdigest(): record}), encoding="utf-8")
    run("bundle", "-o", "b.tar")
    manifest = manifest_of(Path("b.tar"))
    assert (manifest["schema_version"], manifest["tool"]["name"], manifest["data"]["attack"]) == (1, "converter", "18.1")
    assert set(manifest["data"]["fields"]) == {"kubernetes_audit"}
    first = manifest["rules"][0]
    assert (first["id"], first["title"], first["version"], first["author"]) == (
        "11111111-0a3f-4b27-9d0e-000000000001",
        "Rule 1",
        3,
        "A. Person",
    )
    assert (first["license"], first["level"], first["path"]) == ("Apache-2.0", "low", "rules/a/one.yml")
    assert (first["tests"]["passed"], first["tests"]["failed"]) == (2, 0)
    on = first["targets"]["python"]
    assert (on["status"], on["evidence"], on["engine"], on["events"]) == ("exact", "reader", "reader", 7)
    assert (on["artifact"], on["sha256"]) == ("python/a/one.py", hashlib.sha256(artifact).hexdigest())
    other = manifest["rules"][1]["targets"]["python"]
    assert (other["evidence"], other["engine"]) == ("declared", None)
    assert manifest["licenses"] == [
        {"id": "Apache-2.0", "rules": [one["id"] for one in manifest["rules"]], "text": "LICENSES/Apache-2.0.txt"}
    ]
    assert b"Rule 2, by A. Person" in contents(Path("b.tar"))["NOTICE"]


def test_evidence_is_of_exactly_these_bytes(work: Path) -> None:
    """A record of other bytes counts for nothing."""
    run("build")
    record = {"evidence": "engine", "engine": "x", "version": "1", "events": 7}
    Path("output/python/.evidence.json").write_text(json.dumps({"0" * 64: record}), encoding="utf-8")
    run("bundle", "-o", "b.tar", "-t", "python")
    assert {one["targets"]["python"]["evidence"] for one in manifest_of(Path("b.tar"))["rules"]} == {"declared"}


@pytest.mark.parametrize(
    ("license_text", "code", "help_text"),
    [
        ("''", "B030", "LicenseRef-NAME"),
        ("Apache 2.0", "B031", "did you mean 'Apache-2.0'?"),
        ("apache-2.0", "B031", "did you mean 'Apache-2.0'?"),
        ("Detection Rule License 1.1", "B031", "did you mean 'DRL-1.1'?"),
        ("see the file", "B031", "LicenseRef-NAME"),
    ],
)
def test_a_rule_without_licence_is_refused(work: Path, license_text: str, code: str, help_text: str) -> None:
    """Nothing is written when a rule has no licence, or words for one; the place is shown."""
    Path("rules/a/one.yml").write_text(rule(1, license_text), encoding="utf-8")
    done = run("bundle", "-o", "b.tar")
    assert (done.exit_code, Path("b.tar").exists()) == (1, False)
    assert f"error[{code}]" in done.stderr
    assert help_text in done.stderr
    assert "--> rules/a/one.yml:" in done.stderr


def test_the_licence_of_the_pack_counts(work: Path) -> None:
    """What the pack says of all its rules holds for a rule that says nothing."""
    Path("rules/a/one.yml").write_text(rule(1, "''"), encoding="utf-8")
    Path("converter.toml").write_text('[pack]\nname = "p"\nlicense = "DRL-1.1"\n', encoding="utf-8")
    assert run("bundle", "-o", "b.tar").exit_code == 0
    assert [one["license"] for one in manifest_of(Path("b.tar"))["rules"]] == ["DRL-1.1", "Apache-2.0"]


def test_what_is_refused_is_left_out_and_said(work: Path) -> None:
    """A rule that a target cannot express is bundled without that output, and the command fails."""
    run("build")
    text = rule(1).replace("selection: {verb: create}", "selection: {unknownField: x}")
    Path("rules/a/one.yml").write_text(text.replace("event: {verb: create}", "event: {unknownField: x}"), encoding="utf-8")
    done = run("bundle", "-o", "b.tar", "-t", "elastic", "-t", "python")
    assert done.exit_code == 1
    assert "error[B033]" in done.stderr
    assert "stale" in done.stderr
    found = manifest_of(Path("b.tar"))["rules"][0]["targets"]
    assert (found["elastic"]["artifact"], found["elastic"]["status"], found["elastic"]["stale"]) == (None, "unsupported", True)
    assert found["python"]["artifact"] == "python/a/one.py"
    assert "elastic/a/one.toml" not in contents(Path("b.tar"))
    assert run("verify-bundle", "b.tar").exit_code == 0


def test_accepted_losses_stand_with_their_reason(work: Path) -> None:
    """A loss that somebody signed is passed on with what they wrote."""
    text = (
        rule(1)
        .replace("selection: {verb: create}", "selection: {userAgent: curl}")
        .replace("event: {verb: create}", "event: {userAgent: curl}")
    )
    text = text.replace(
        "  version: 3\n",
        "  version: 3\n  targets: {elastic: {language: kuery, accept: [{code: T118, reason: clients spell it so}]}}\n",
    )
    Path("rules/a/one.yml").write_text(text, encoding="utf-8")
    assert run("bundle", "-o", "b.tar", "-t", "elastic").exit_code == 0
    (loss,) = manifest_of(Path("b.tar"))["rules"][0]["targets"]["elastic"]["losses"]
    assert (loss["code"], loss["direction"], loss["accepted"]) == ("T118", "narrower", "clients spell it so")


def test_a_failing_test_is_recorded(work: Path) -> None:
    """A rule whose own test fails is passed on as such, and the command fails."""
    Path("rules/a/one.yml").write_text(rule(1).replace("event: {verb: get}", "event: {verb: create}"), encoding="utf-8")
    done = run("bundle", "-o", "b.tar")
    assert (done.exit_code, "V002" in done.stderr) == (1, True)
    tests = manifest_of(Path("b.tar"))["rules"][0]["tests"]
    assert (tests["passed"], tests["failed"]) == (1, 1)
    assert [one["passed"] for one in tests["results"]] == [True, False]


def test_a_bad_rule_costs_itself(work: Path) -> None:
    """A file that gives no rule is left out and told, exit 3; the others are bundled."""
    Path("rules/a/bad.yml").write_text("title: [", encoding="utf-8")
    done = run("bundle", "-o", "b.tar")
    assert done.exit_code == 3
    assert [one["path"] for one in manifest_of(Path("b.tar"))["rules"]] == ["rules/a/one.yml", "rules/b/two.yaml"]


def test_files_of_events_come_along(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unpacked bundle is a pack whose tests pass and which builds to the same files."""
    text = rule(1) + "    - {name: recorded, events_file: one.jsonl, match_count: 1}\n"
    Path("rules/a/one.yml").write_text(text, encoding="utf-8")
    Path("rules/a/one.jsonl").write_text('{"verb": "create"}\n{"verb": "get"}\n', encoding="utf-8")
    assert run("bundle", "-o", "b.tar").exit_code == 0
    with tarfile.open("b.tar") as archive:
        archive.extractall("unpacked", filter="data")
    monkeypatch.chdir("unpacked")
    assert run("test").exit_code == 0
    assert run("bundle", "-o", "again.tar").exit_code == 0
    assert Path("again.tar").read_bytes() == Path("../b.tar").read_bytes()


def test_events_outside_stay_outside(work: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file of events that leads away, by its name or through a link, is not taken, and its test fails."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.jsonl").write_text('{"verb": "create"}\n', encoding="utf-8")
    (work / "rules/a/linked.jsonl").symlink_to(outside / "secret.jsonl")
    (work / "rules/a/folder").symlink_to(outside)
    (work / "top.jsonl").write_text('{"verb": "create"}\n', encoding="utf-8")
    for name in ("linked.jsonl", "folder/secret.jsonl", "../../top.jsonl", str(outside / "secret.jsonl"), "gone.jsonl", "../a"):
        text = rule(1) + f"    - {{name: recorded, events_file: '{name}', match_count: 1}}\n"
        Path("rules/a/one.yml").write_text(text, encoding="utf-8")
        assert run("bundle", "-o", "b.tar").exit_code == 1
        assert [one for one in contents(Path("b.tar")) if "jsonl" in one] == [], name


def test_paths_and_their_order_do_not_matter(work: Path) -> None:
    """Whatever is named first, the same rules give the same bundle."""
    run("bundle", "rules/a", "rules/b", "-t", "python", "-t", "elastic", "-o", "one.tar")
    run("bundle", "rules/b/two.yaml", "rules/a", "-t", "elastic", "-t", "python", "-o", "two.tar")
    assert Path("one.tar").read_bytes() == Path("two.tar").read_bytes()


def test_package_targets_by_name(work: Path) -> None:
    """A package is bundled like other outputs; its rules name it, with what was found on the base's files."""
    run("build")
    artifact = Path("output/elastic/a/one.toml").read_bytes()
    record = {"evidence": "engine", "engine": "x", "version": "1", "events": 7}
    Path("output/elastic/.evidence.json").write_text(json.dumps({hashlib.sha256(artifact).hexdigest(): record}), encoding="utf-8")
    assert run("bundle", "-t", "elastic-ndjson", "-o", "b.zip").exit_code == 0
    on = manifest_of(Path("b.zip"))["rules"][0]["targets"]["elastic-ndjson"]
    assert on["artifact"] == "elastic-ndjson/rules.ndjson"
    assert (on["evidence"], on["events"]) == ("engine", 7)
    assert run("verify-bundle", "b.zip").exit_code == 0


def test_only_bundles_are_replaced(work: Path) -> None:
    """A sound bundle is replaced; any other file, a damaged bundle or a link is left alone without --force."""
    run("bundle", "-o", "b.tar")
    assert run("bundle", "-t", "python", "-o", "b.tar").exit_code == 0
    Path("c.tar").write_bytes(b"mine")
    done = run("bundle", "-o", "c.tar")
    assert (done.exit_code, "B035" in done.stderr, Path("c.tar").read_bytes()) == (1, True, b"mine")
    assert run("bundle", "-o", "c.tar", "--force").exit_code == 0
    Path("d.tar").symlink_to("c.tar")
    assert run("bundle", "-o", "d.tar").exit_code == 1
    assert run("bundle", "-o", "d.tar", "--force").exit_code == 4
    Path("folder.tar").mkdir()
    assert run("bundle", "-o", "folder.tar", "--force").exit_code == 4
    assert run("bundle", "-o", "c.rar").exit_code == 2


@pytest.mark.parametrize("name", ["nul.yml", "a:b.yml", "x" * 120 + ".yml", "e\u0301.yml", "a\\b.yml"])
def test_names_that_some_system_cannot_hold(work: Path, name: str) -> None:
    """A rule whose file could not be unpacked everywhere is told, and nothing is written."""
    (work / "rules" / "a" / name).write_text(rule(7), encoding="utf-8")
    done = run("bundle", "-o", "b.tar")
    assert (done.exit_code, "B032" in done.stderr, Path("b.tar").exists()) == (1, True, False)


def test_names_that_differ_by_case(work: Path) -> None:
    """Two rules whose files are one to some file systems are told, and nothing is written."""
    (work / "rules" / "a" / "ONE.yml").write_text(rule(7), encoding="utf-8")
    done = run("bundle", "-o", "b.tar")
    assert (done.exit_code, "one file to some systems" in done.stderr) == (1, True)


ELSEWHERE: list[tuple[str, dict[str, str]]] = [
    ("hash seed", {"PYTHONHASHSEED": "7"}),
    ("time zone", {"TZ": "Pacific/Kiritimati"}),
    ("C locale", {"LC_ALL": "C", "LANG": "C"}),
    ("old clock", {"SOURCE_DATE_EPOCH": "0"}),
]


@pytest.mark.parametrize("suffix", [".tar", ".tgz", ".zip"])
def test_bytes_do_not_depend_on_the_surroundings(work: Path, suffix: str) -> None:
    """umask, time zone, hash seed, locale and the files' own times and modes change nothing."""
    (work / "rules" / "a" / "one.yml").write_text(rule(1).replace("Rule 1", "Règle 1"), encoding="utf-8")
    (work / "rules" / "a" / "é.yml").write_text(rule(3), encoding="utf-8")
    seen = set()
    for number, (_, more) in enumerate(ELSEWHERE):
        os.utime(work / "rules/a/one.yml", (number, number))
        os.chmod(work / "rules/a/one.yml", 0o600 if number % 2 else 0o755)
        subprocess.run(
            [CONVERTER, "bundle", "-o", f"b{number}{suffix}"],
            check=True,
            capture_output=True,
            env={**os.environ, **more},
            umask=0o77 if number else 0o22,
        )
        seen.add((work / f"b{number}{suffix}").read_bytes())
    assert len(seen) == 1


def test_a_killed_run_leaves_the_old_bundle(work: Path) -> None:
    """What is in the bundle's place is a whole one at every moment, and the next run removes what was left beside it."""
    run("bundle", "-t", "python", "-o", "b.tar")
    before = Path("b.tar").read_bytes()
    code = "import os, signal; os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL); from converter.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "bundle", "-o", "b.tar"], capture_output=True, check=False)
    assert (done.returncode, Path("b.tar").read_bytes() == before) == (-9, True)
    assert [one.name for one in work.iterdir() if one.name.endswith(".converter-tmp")] != []
    assert run("bundle", "-o", "b.tar").exit_code == 0
    assert [one.name for one in work.iterdir() if one.name.endswith(".converter-tmp")] == []
    assert run("verify-bundle", "b.tar").exit_code == 0


def test_a_name_of_one_rule_twice(work: Path) -> None:
    """Two rules with one id are both left out, and exit 3 says so."""
    Path("rules/b/two.yaml").write_text(rule(1), encoding="utf-8")
    Path("rules/b/three.yaml").write_text(rule(3), encoding="utf-8")
    assert run("bundle", "-o", "b.tar").exit_code == 3
    assert [one["path"] for one in manifest_of(Path("b.tar"))["rules"]] == ["rules/b/three.yaml"]
