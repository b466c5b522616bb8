"""A bundle that was changed in any way is refused; nothing is ever unpacked."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import struct
import tarfile
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests_publish_support import run

from converter.publish import archive as archives
from converter.publish import contents, inspect, members
from converter.publish.archive import archive
from converter.publish.inspect import Inspection, inspect_stream

HEX = "0" * 64


def sums(files: dict[str, bytes]) -> bytes:
    """Return the checksums of files."""
    from converter.pack import digest

    return contents.sums_bytes({name: digest(data) for name, data in files.items()})


def whole(files: dict[str, bytes], /, **more: Any) -> dict[str, bytes]:
    """Return files with a manifest that names them, and checksums."""
    from converter.pack import digest

    entries = [{"path": name, "sha256": digest(data), "target": None, "rules": []} for name, data in sorted(files.items())]
    tool = {"name": "converter", "version": "1"}
    manifest = {"schema_version": 1, "tool": tool, "targets": [], "rules": [], "files": entries, **more}
    with_manifest = {**files, "manifest.json": contents.json_bytes(manifest)}
    return {**with_manifest, "SHA256SUMS": sums(with_manifest)}


SMALL = whole({"NOTICE": b"whose\n", "elastic/a.toml": b"x = 1\n"})


def codes(found: Inspection) -> list[str]:
    """Return what is found, in order; an unreadable file's code too."""
    return [one.code for one in (*found.findings, *([found.unreadable] if found.unreadable else []))]


def judged(data: bytes) -> list[str]:
    return codes(inspect_stream(io.BytesIO(data), "b"))


@pytest.mark.parametrize("kind", ["tar", "tgz", "zip"])
def test_any_changed_byte_is_found(kind: str) -> None:
    """Each byte of a small bundle, with a bit flipped, and the bundle cut at each place, is refused."""
    data = archive(SMALL, kind)
    assert judged(data) == []
    for at in range(len(data)):
        found = judged(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        assert found, at
        assert found != ["B027"], f"a changed byte at {at} is taken for no bundle"
    for at in range(len(data)):
        assert judged(data[:at]) != [], at
    for at in range(0, len(data), 5):
        assert judged(data[:at] + b"\0" + data[at:]) != [], at


@pytest.mark.parametrize("kind", ["tar", "tgz", "zip"])
def test_swapped_and_repeated_blocks_are_found(kind: str) -> None:
    """Stretches that are moved, doubled, zeroed or left out are found."""
    data = archive(SMALL, kind)
    for at in range(0, len(data) - 512, 256):
        part = data[at : at + 256]
        others = [data[:at] + data[at + 256 :], data[:at] + part + data[at:], data[:at] + bytes(256) + data[at + 256 :]]
        assert all(judged(one) != [] for one in others if one != data), at


def test_the_tar_is_the_one_that_python_writes() -> None:
    """Another writer, told the same modes and times, gives the same bytes up to the padding at its end."""
    data = archive(SMALL, "tar")
    assert tar()[: len(data)] == data
    assert not any(tar()[len(data) :])


ORIGINALS = {kind: archive(SMALL, kind) for kind in ("tar", "tgz", "zip")}


@given(
    st.sampled_from(sorted(ORIGINALS)),
    st.integers(0, 1 << 14),
    st.integers(0, 600),
    st.one_of(st.binary(max_size=600), st.integers(0, 1 << 14)),
)
def test_no_other_bytes_are_sound(kind: str, at: int, length: int, other: bytes | int) -> None:
    """Whatever stretch is replaced, by anything or by another stretch, only the bundle itself is sound."""
    data = ORIGINALS[kind]
    at %= len(data)
    new = other if isinstance(other, bytes) else data[other % len(data) :][:length]
    changed = data[:at] + new + data[at + length :]
    assert (judged(changed) == []) == (changed == data)


def test_trailing_bytes_are_found() -> None:
    """Nothing may follow the end, zeros neither, as tar would allow."""
    for kind in ("tar", "tgz", "zip"):
        for tail in (b"\0", bytes(512), bytes(10240), b"x", archive(SMALL, kind)):
            assert judged(archive(SMALL, kind) + tail) == ["B020"]


def tar(*more: tuple[tarfile.TarInfo, bytes], format_: int = tarfile.USTAR_FORMAT) -> bytes:
    """Return a tar with our files and others, as another program writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=format_) as out:
        entries = [(info(name, size=len(data)), data) for name, data in SMALL.items()] + list(more)
        for one, data in sorted(entries, key=lambda entry: entry[0].name):
            out.addfile(one, io.BytesIO(data))
    return stream.getvalue()


def info(name: str, **more: Any) -> tarfile.TarInfo:
    """Return a member's header as bundles have it, with differences."""
    found = tarfile.TarInfo(name)
    found.mtime, found.mode = archives.MTIME, 0o644
    for key, value in more.items():
        setattr(found, key, value)
    return found


# fmt: off
OUTSIDE = [
    "../x", "a/../x", "/etc/x", "C:/x", "C:x", "a\\b", "..\\x", "a//b", "./a", "a/.", "\x1b[2J", "a\u202eb", "nul", "aux.txt", "x.", "x ",
    "e\u0301",
]
# fmt: on


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("kind", ["tar", "tgz", "zip"])
def test_paths_that_lead_outside(kind: str, name: str) -> None:
    """A name that leads out of the folder, or that some system reads otherwise, is refused though all hashes are right."""
    assert judged(archive(whole({name: b"x", "NOTICE": b""}), kind)) == ["B021"]


def test_names_twice() -> None:
    """A name that stands twice, or two that are one file to some systems, are refused."""
    for kind in ("tar", "tgz", "zip"):
        assert judged(archive(whole({"NOTICE": b"", "a/X": b"1", "a/x": b"2"}), kind)) == ["B021"]
        assert judged(archive(whole({"NOTICE": b"", "A/y": b"1", "a/x": b"2"}), kind)) == ["B021"]
        assert judged(archive(whole({"NOTICE": b"", "a": b"1", "a/x": b"2"}), kind)) == ["B021"]
        assert judged(archive(whole({"NOTICE": b"", "STRASSE": b"1", "straße": b"2"}), kind)) == ["B021"]
    assert judged(tar((info("NOTICE", size=6), b"whose\n"))) == ["B021"]


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.DIRTYPE, "a folder"),
        (tarfile.XHDTYPE, "extended header"),
        (tarfile.XGLTYPE, "extended header"),
        (tarfile.GNUTYPE_LONGNAME, "extended header"),
        (tarfile.GNUTYPE_SPARSE, "extended header"),
    ],
)
def test_only_regular_files(tmp_path: Path, kind: bytes, what: str) -> None:
    """Links, devices, pipes, folders and headers that rename are refused, and said."""
    path = tmp_path / "b"
    path.write_bytes(tar((info("elastic/z", type=kind, linkname="/etc/passwd"), b"")))
    (found,) = inspect(path).findings
    assert (found.code, what in found.message) == ("B022", True)


def test_links_in_a_zip() -> None:
    """A member that the directory calls a link is refused."""
    data = archive(SMALL, "zip")
    entry = archives.zip_entry(b"NOTICE", 6, zlib.crc32(b"whose\n"), 0)
    assert entry in data
    link = struct.pack("<I", 0o120777 << 16).join((entry[:38], entry[42:]))
    assert judged(data.replace(entry, link)) == ["B022"]


@pytest.mark.parametrize(
    "change",
    [
        {"mode": 0o755},
        {"mode": 0o4644},
        {"mtime": 0},
        {"mtime": archives.MTIME + 1},
        {"uid": 1},
        {"gid": 1},
        {"uname": "root"},
        {"gname": "x"},
    ],
)
def test_modes_times_and_owners(change: dict[str, Any]) -> None:
    """An archive that differs in nothing but a member's mode, time or owner is refused."""
    found = judged(tar((info("elastic/z", size=1, **change), b"x")))
    assert found == ["B020"]


def test_other_programs_archives() -> None:
    """The same files packed by other means are refused: pax, GNU, compressed gzip, deflated zip."""
    for format_ in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
        assert judged(tar(format_=format_)) == ["B020"]
    assert judged(gzip.compress(archive(SMALL, "tar"), mtime=0)) == ["B020"]
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", how) as out:
            for name, data in sorted(SMALL.items()):
                out.writestr(zipfile.ZipInfo(name), data, how)
        assert judged(stream.getvalue()) == ["B020"]


def test_bombs_take_neither_time_nor_memory(tmp_path: Path) -> None:
    """What would unpack to gigabytes, or claims to, is refused at once, in little memory."""
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(zeros.compress(bytes(1 << 20)) for _ in range(64)) + zeros.flush()
    claims = archives.tar_header(b"NOTICE", 8**11 - 1)
    zipped = archives.zip_header(b"NOTICE", 0xFFFFFFFF, 0)
    (tmp_path / "sparse").write_bytes(archives.tar_header(b"NOTICE", 63 << 20))
    os.truncate(tmp_path / "sparse", 4 << 30)
    tracemalloc.start()
    begun = time.monotonic()
    assert judged(bomb) == ["B020"]
    assert judged(claims) == ["B026"]
    assert judged(zipped) == ["B026"]
    assert codes(inspect(tmp_path / "sparse")) == ["B020"]
    assert time.monotonic() - begun < 20
    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    "text", [b"[" + b"{}," * (8 << 20) + b"{}]", b'{"schema_version": 1, "x": "' + b"x" * (40 << 20) + b'"}', b"\n" * (40 << 20)]
)
def test_parts_that_would_grow_in_memory(text: bytes) -> None:
    """A manifest, or checksums, that would take many times their size in memory are refused before they are read."""
    for name, code in (("manifest.json", "B026"), ("SHA256SUMS", "B023")):
        data = archive({**SMALL, name: text}, "tar")
        tracemalloc.start()
        found = judged(data)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(text)
        tracemalloc.stop()
        assert code in found


def test_many_findings_are_cut(tmp_path: Path) -> None:
    """Of thousands of findings the first forty are printed."""
    files = {f"elastic/{number}": b"" for number in range(1000)}
    (tmp_path / "b.tar").write_bytes(archive({**SMALL, **files}, "tar"))
    done = run("verify-bundle", str(tmp_path / "b.tar"))
    assert (done.exit_code, done.stderr.count("error["), "and 1960 more" in done.stderr) == (1, 40, True)


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of files and the whole size are bounded."""
    monkeypatch.setattr(members, "MEMBERS", 3)
    assert judged(archive(SMALL, "tar")) == ["B026"]
    monkeypatch.undo()
    monkeypatch.setattr(members, "SIZE", 2000)
    assert judged(archive(SMALL, "zip")) == []
    assert judged(archive(SMALL, "tar")) == ["B026"]


CHANGES: list[tuple[str, Callable[[dict[str, bytes]], None], str]] = [
    ("a changed file", lambda files: files.update({"elastic/a.toml": b"x = 2\n"}), "B023"),
    ("an added file", lambda files: files.update({"elastic/b.toml": b""}), "B023"),
    ("a missing file", lambda files: files.pop("elastic/a.toml"), "B023"),  # type: ignore[arg-type, return-value]
    ("no manifest", lambda files: files.pop("manifest.json"), "B020"),  # type: ignore[arg-type, return-value]
    ("no sums", lambda files: files.pop("SHA256SUMS"), "B020"),  # type: ignore[arg-type, return-value]
    ("another order of sums", lambda files: files.update({"SHA256SUMS": b"".join(files["SHA256SUMS"].splitlines(True)[::-1])}), "B023"),
    ("binary mark in sums", lambda files: files.update({"SHA256SUMS": files["SHA256SUMS"].replace(b"  ", b" *")}), "B023"),
    ("a manifest that is no JSON", lambda files: files.update({"manifest.json": b"{"}), "B024"),
    ("a manifest that is a list", lambda files: files.update({"manifest.json": b"[]\n"}), "B024"),
    ("a manifest that nests", lambda files: files.update({"manifest.json": b"[" * 100_000}), "B024"),
    ("a manifest that stands twice", lambda files: files.update({"manifest.json": b'{"schema_version": 1, "schema_version": 1}'}), "B024"),
    ("a manifest with NaN", lambda files: files.update({"manifest.json": b'{"schema_version": 1, "x": NaN}\n'}), "B024"),
    ("a manifest without parts", lambda files: files.update({"manifest.json": contents.json_bytes({"schema_version": 1})}), "B024"),
]


@pytest.mark.parametrize(("what", "change", "code"), CHANGES, ids=[one[0] for one in CHANGES])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_files_sums_and_manifest_agree(what: str, change: Callable[[dict[str, bytes]], None], code: str, kind: str) -> None:
    """A well-formed archive whose parts contradict each other is refused."""
    files = dict(SMALL)
    change(files)
    found = judged(archive(files, kind))
    assert code in found, what


def test_a_manifest_that_contradicts_the_files() -> None:
    """With right checksums throughout, a manifest that leaves a file out, or gives another hash, is still refused."""
    for entries in ([], [{"path": "NOTICE", "sha256": HEX}], [{"path": "gone", "sha256": HEX}]):
        tool = {"name": "converter", "version": "1"}
        manifest = contents.json_bytes({"schema_version": 1, "tool": tool, "rules": [], "targets": [], "files": entries})
        files = {"NOTICE": b"", "manifest.json": manifest}
        found = judged(archive({**files, "SHA256SUMS": sums(files)}, "tar"))
        assert set(found) == {"B024"}


ODD: list[Any] = [None, 0, True, "x", [], {}, [None], [[]], [{}], ["x"], {"x": 1}, [{"path": []}], "\x1b[2J"]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("key", ["tool", "targets", "rules", "files"])
def test_a_manifest_of_another_shape(tmp_path: Path, key: str, odd: object) -> None:
    """Whatever stands where a part of the manifest should, though all checksums are right, is refused unless it is such a part."""
    path = tmp_path / "b.tar"
    path.write_bytes(archive(whole({"NOTICE": b""}, **{key: odd}), "tar"))
    done = run("verify-bundle", str(path))
    assert done.exit_code == (0 if (key, odd) in (("targets", []), ("rules", []), ("targets", ["x"])) else 1)
    assert "\x1b" not in done.stderr


RULE_ENTRY: dict[str, Any] = {"id": "1", "title": "t", "path": "rules/a.yml", "license": "MIT", "tests": {}}


@pytest.mark.parametrize(
    ("artifact", "target", "path", "sound"),
    [
        ("elastic/a", "elastic", "rules/a.yml", True),
        ("rules/a.yml", "elastic", "rules/a.yml", False),
        ("elastic/a", "splunk", "rules/a.yml", False),
        ("elastic/a", "elastic", "elastic/a", False),
    ],
)
def test_what_a_rule_says_of_its_files(artifact: str, target: str, path: str, sound: bool) -> None:
    """A rule's file lies in rules/, its artifact in the folder of a target of the bundle."""
    from converter.pack import digest

    files = {"rules/a.yml": b"rule\n", "elastic/a": b"artifact\n"}
    on = {"status": "exact", "artifact": artifact, "sha256": digest(files[artifact]), "evidence": "declared", "losses": []}
    rule = {**RULE_ENTRY, "path": path, "sha256": digest(files[path]), "targets": {target: on}}
    data = archive(whole(files, targets=["elastic"], rules=[rule]), "tar")
    assert (judged(data) == []) == sound


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.0])
def test_another_form_of_manifest(version: object) -> None:
    """A bundle of another form is refused, however sound it is."""
    assert judged(archive(whole({"NOTICE": b""}, schema_version=version), "tar")) == ["B025"]


def test_what_is_no_bundle_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a folder, a pipe and files of other kinds are exit 3, a refused bundle 1, a sound one 0."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    for name, data in (("text", b"hello\n"), ("empty", b""), ("zeros", bytes(4096)), ("elf", b"\x7fELF" + bytes(600))):
        Path(name).write_bytes(data)
    for name in ("missing", ".", "pipe", "text", "empty", "zeros", "elf", "/dev/null", "\udcff"):
        done = run("verify-bundle", name)
        assert (done.exit_code, "error[" in done.stderr) == (3, True), name
    Path("b.tar").write_bytes(archive(SMALL, "tar")[:-1])
    assert run("verify-bundle", "b.tar").exit_code == 1
    Path("b.tar").write_bytes(archive(SMALL, "tar"))
    done = run("verify-bundle", "b.tar")
    assert (done.exit_code, "unsigned" in done.stderr) == (0, True)


@pytest.mark.parametrize(
    ("data", "status", "exit_code"),
    [(archive(SMALL, "zip"), "sound", 0), (archive(SMALL, "zip") + b"x", "refused", 1), (b"x", "unreadable", 3)],
)
def test_the_report_as_json(tmp_path: Path, data: bytes, status: str, exit_code: int) -> None:
    """JSON on standard output says the same as the text, and that nobody signed."""
    (tmp_path / "b").write_bytes(data)
    done = run("verify-bundle", str(tmp_path / "b"), "--output-format", "json")
    report = json.loads(done.stdout)
    (result,) = report["results"]
    assert (done.exit_code, report["schema_version"], result["status"], result["signed"]) == (exit_code, 1, status, False)
    assert bool(result["diagnostics"]) == (status != "sound")


def test_nothing_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verifying writes no file, and reads no other than the bundle."""
    monkeypatch.chdir(tmp_path)
    Path("b.tar").write_bytes(archive(SMALL, "tar"))
    os.chmod("b.tar", stat.S_IRUSR)
    before = sorted(tmp_path.rglob("*"))
    assert inspect(Path("b.tar")).is_sound
    assert sorted(tmp_path.rglob("*")) == before
