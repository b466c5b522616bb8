"""verify reads the package's own files: each rule in them answers as the rule, and what was changed is seen."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from converter.model import Status
from converter.pack import Pack, Request, build, load_pack, read_evidence
from converter.targets import target
from converter.verify import Verification, record, verify

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("elastic-ndjson", "splunk-app", "falco-rules", "python-package")
PATHS = ("user_exec_into_pod_websocket", "attach_to_pod")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of two rules, and the app as a folder beside them."""
    folder = tmp_path_factory.mktemp("built")
    rules = [ROOT / f"rules/kubernetes/audit/{name}.yml" for name in PATHS]
    for form, where in (("tgz", "output"), ("folder", "folder")):
        report = build(Request(rules, [target(name) for name in PACKAGES], folder / where, {"form": form}, frozenset()))
        assert not [row for row in report.rows if row.is_refused]
    return folder


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The rules, with one that is in no package."""
    return load_pack([ROOT / f"rules/kubernetes/audit/{name}.yml" for name in (*PATHS, "user_exec_into_pod")])


@pytest.fixture
def output(built: Path, tmp_path: Path) -> Path:
    """A copy of the packages, to be changed."""
    shutil.copytree(built / "output", tmp_path / "output")
    shutil.copytree(built / "folder" / "splunk-app", tmp_path / "folder" / "splunk-app")
    return tmp_path / "output"


def told(done: Verification) -> set[str]:
    return {f"{one.code} {one.message}" for verdict in done.verdicts for one in verdict.diagnostics if verdict.failed}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_means_its_rules(name: str, output: Path, pack: Pack) -> None:
    """Exactly the rules in it are asked, on every event and variant, and none is refuted."""
    done = verify(pack, [name], output, "reader")
    assert len(done.verdicts) == len(PATHS)
    assert told(done) == set()
    assert {one.target for one in done.verdicts} == {name}
    assert all(one.measured and one.measured.events > 100 and one.status is Status.EXACT for one in done.verdicts)
    assert all(Path(one.artifact).is_relative_to(output / name) for one in done.verdicts)


def test_an_app_folder_means_its_rules(output: Path, pack: Pack) -> None:
    """The other form of the app is read, too."""
    done = verify(pack, ["splunk-app"], output.parent / "folder", "reader")
    assert (len(done.verdicts), told(done)) == (len(PATHS), set())


@pytest.mark.parametrize("name", PACKAGES)
def test_what_was_found_is_recorded_for_the_file(name: str, output: Path, pack: Pack) -> None:
    """One record for a file: the events of all its rules; the next build's rows show it."""
    done = verify(pack, [name], output, "reader")
    record(done, output)
    found = read_evidence(output / name)
    measured = [one.measured.events for one in done.verdicts if one.measured]
    assert sorted(one.events for one in found.values()) == (sorted(measured) if name == "python-package" else [sum(measured)])
    rules = [ROOT / f"rules/kubernetes/audit/{path}.yml" for path in PATHS]
    rows = build(Request(rules, [target(name)], output, {}, frozenset())).rows
    assert {row.evidence.value for row in rows} == {"reader"}


def _text(path: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _app(old: str, new: str) -> Callable[[Path], None]:
    """Change a text in the app's searches and pack it again."""

    def change(folder: Path) -> None:
        path = folder / "detection_rules.tgz"
        out = io.BytesIO()
        with tarfile.open(path) as archive, tarfile.open(fileobj=out, mode="w") as written:
            for entry in archive:
                data = archive.extractfile(entry).read() if entry.isfile() else b""  # type: ignore[union-attr]
                if entry.name.endswith("savedsearches.conf"):
                    assert old.encode() in data
                    data = data.replace(old.encode(), new.encode(), 1)
                    entry.size = len(data)
                written.addfile(entry, io.BytesIO(data))
        path.write_bytes(gzip.compress(out.getvalue()))

    return change


CHANGES = {
    "elastic-ndjson": _text("rules.ndjson", 'objectRef.subresource:\\"attach\\"', 'objectRef.subresource:\\"exec\\"'),
    "splunk-app": _app('"objectRef.subresource"="attach"', '"objectRef.subresource"="exec"'),
    "falco-rules": _text("rules.yaml", 'ka.target.subresource = \\"attach\\"', 'ka.target.subresource = \\"exec\\"'),
    "python-package": _text(
        "detection_rules/rules/kubernetes_audit_attach_to_pod.py",
        'equals(event, "objectRef.subresource", "attach")',
        'equals(event, "objectRef.subresource", "exec")',
    ),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_changed_rule_is_refuted(name: str, output: Path, pack: Pack) -> None:
    """A query that asks for something else fails with counter-examples, as does the file that is no longer the build's."""
    CHANGES[name](output / name)
    done = verify(pack, [name], output, "reader")
    failed = [one for one in done.verdicts if one.measured and one.measured.disagreements]
    assert [one.loaded.output.rpartition("/")[2] for one in failed] == ["attach_to_pod"]
    assert any(one.startswith("V005") for one in told(done))
    before = dict(read_evidence(output / name))
    record(done, output)
    assert len(read_evidence(output / name)) <= len(before) + (2 if name == "python-package" else 0)


LOSSES = {
    "elastic-ndjson": _text("rules.ndjson", "- Sigma rule: 53b4e1f0", "- Sigma rule: 00000000"),
    "splunk-app": _app("Rule 53b4e1f0-", "Rule 00000000-"),
    "falco-rules": _text("rules.yaml", "Sigma rule: 53b4e1f0", "Sigma rule: 00000000"),
    "python-package": lambda folder: (folder / "detection_rules/rules/kubernetes_audit_attach_to_pod.py").unlink(),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_rule_is_told(name: str, output: Path, pack: Pack) -> None:
    """A rule that the manifest names and the package does not hold fails: nothing passes by being absent."""
    LOSSES[name](output / name)
    done = verify(pack, [name], output, "reader")
    assert len(done.verdicts) == len(PATHS)
    missing = [one for one in done.verdicts if one.measured is None]
    assert [one.loaded.output.rpartition("/")[2] for one in missing] == ["attach_to_pod"]
    assert all(one.failed for one in missing)


DAMAGE = (
    b"",
    b"\xff\xfe\x00",
    b"[" * 20_000,
    b"\x1f\x8b\x08\0",
    b"{}\n{",
    b"- rule: {",
    json.dumps([1, {"rule": 1}]).encode(),
    gzip.compress(b"\0" * 100_000, mtime=0),
)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", PACKAGES)
def test_a_damaged_package_is_told(name: str, damage: bytes, output: Path, pack: Pack) -> None:
    """Whatever lies in its place, verify says that it cannot be read, and goes on."""
    path = {
        "elastic-ndjson": "rules.ndjson", "splunk-app": "detection_rules.tgz", "falco-rules": "rules.yaml",
        "python-package": "detection_rules/rules/kubernetes_audit_attach_to_pod.py",
    }[name]  # fmt: skip
    (output / name / path).write_bytes(damage)
    done = verify(pack, [name], output, "reader")
    assert any(one.failed for one in done.verdicts)
    assert told(done)


def test_an_archive_that_unpacks_without_end_is_told(output: Path, pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a small file unpacks to is bounded."""
    monkeypatch.setattr("converter.verify.packages.SIZE", 1 << 20)
    (output / "splunk-app" / "detection_rules.tgz").write_bytes(gzip.compress(bytes(2 << 20)))
    done = verify(pack, ["splunk-app"], output, "reader")
    assert any("unpacks to more than" in one for one in told(done))
