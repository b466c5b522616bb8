"""A build that is killed, or runs out of disk, leaves whole files, a true manifest, and nothing that the next build cannot mend."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converter.pack import (
    Loaded,
    Outcome,
    OutputError,
    Pack,
    Request,
    build,
    digest,
    place,
    read_manifest,
    sweep,
    write_bytes,
    write_evidence,
)
from converter.pack import files as pack_files
from converter.targets import Target, target

builds = sys.modules[build.__module__]
CONVERTER = Path(sys.executable).with_name("converter")
RULE = """\
title: Rule {number}
id: 11111111-0a3f-4b27-9d0e-{number:012}
license: Apache-2.0
logsource: {{category: application, product: kubernetes, service: audit}}
detection:
  selection: {{verb: {verb}}}
  condition: selection
level: low
"""

PACKS: dict[str, dict[str, tuple[int, str]]] = {
    "one": {"a/changed": (1, "create"), "a/gone": (2, "create"), "b/moved": (3, "create"), "same": (4, "get")},
    "two": {"a/changed": (1, "delete"), "a/new": (5, "create"), "c/d/moved": (3, "create"), "same": (4, "get")},
    "three": {"a/changed": (1, "patch"), "a/new": (5, "list"), "c/d/moved": (3, "update"), "same": (4, "watch")},
}


def put(pack: str) -> None:
    """Write the rules of a pack, and no others."""
    Path("rules").mkdir(exist_ok=True)
    for old in Path("rules").rglob("*.yml"):
        old.unlink()
    for name, (number, verb) in PACKS[pack].items():
        path = Path("rules", f"{name}.yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RULE.format(number=number, verb=verb), encoding="utf-8")


def request(output: str = "output", *targets: str, **more: Any) -> Request:
    chosen = [target(one) for one in targets or ("splunk",)]
    return replace(Request([Path("rules")], chosen, Path(output), {}, frozenset()), **more)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def clean(pack: str) -> dict[str, bytes]:
    """Return what a build of a pack gives in an empty folder."""
    put(pack)
    build(request(f"clean-{pack}"))
    return tree(Path(f"clean-{pack}"))


def _dying(at: int) -> None:
    """Let this process be killed at the ``at``-th change of the file system: before it, half through a write, or after it."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(module: Any, name: str) -> None:
        original = getattr(module, name)

        def changed(*arguments: Any, **options: Any) -> Any:
            step()
            result = original(*arguments, **options)
            step()
            return result

        setattr(module, name, changed)

    for name in ("replace", "unlink", "chmod", "mkdir", "open"):
        around(os, name)
    write = os.write

    def halves(handle: int, data: bytes) -> int:
        done = write(handle, data[: len(data) // 2])
        step()
        done += write(handle, data[len(data) // 2 :])
        step()
        return done

    os.write = halves  # type: ignore[assignment]


def killed(at: int, work: Callable[[], object]) -> bool:
    """Run ``work`` in a process that is killed at its ``at``-th step; return whether it was, or came to its end."""
    child = os.fork()
    if child == 0:  # pragma: no cover - ends in a kill
        code = 1
        with suppress(BaseException):
            _dying(at)
            work()
            code = 0
        os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the build failed by itself"
    return os.WIFSIGNALED(status)


def assert_true(folder: Path, *known: dict[str, bytes]) -> None:
    """Every visible file is whole, and the manifest names none with other bytes."""
    for name, data in tree(folder).items():
        if not Path(name).name.startswith("."):
            assert data in [one[name] for one in known if name in one], name
    for target_folder in folder.iterdir():
        path = target_folder / ".manifest.json"
        for name, entry in (json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}).items():
            assert digest((target_folder / name).read_bytes()) == entry["sha256"], name


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory; rules that were read and compiled before are not again, which leaves the writing as it is."""
    monkeypatch.chdir(tmp_path)
    packs: dict[object, Pack] = {}
    compiled: dict[object, Outcome] = {}
    load, compile_ = builds.load_pack, builds.compile_rule

    def load_once(paths: list[Path], *more: Any) -> Pack:
        key = (*paths, *sorted(tree(Path("rules")).items()))
        if key not in packs:
            packs[key] = load(paths, *more)
        return packs[key]

    def compile_once(loaded: Loaded, chosen: Target, *more: Any) -> Outcome:
        key = (id(loaded), chosen.name)
        if key not in compiled:
            compiled[key] = compile_(loaded, chosen, *more)
        return compiled[key]

    monkeypatch.setattr(builds, "load_pack", load_once)
    monkeypatch.setattr(builds, "compile_rule", compile_once)
    return tmp_path


def drop(name: str | Path) -> None:
    """Remove what is there, if anything is."""
    shutil.rmtree(name, ignore_errors=True)
    Path(name).unlink(missing_ok=True)


def start(before: str) -> None:
    """Bring output/ to where a build of an earlier pack left it."""
    drop("output")
    if before:
        shutil.copytree(f"clean-{before}", "output")


def assert_told(old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Whoever reads the manifest sees what the files are, and ``--check`` says that something would change, writing nothing."""
    folder = Path("output/splunk")
    for name, entry in read_manifest(folder).items():
        assert digest((folder / name).read_bytes()) == entry.sha256
    before = tree(Path("output")) if Path("output").exists() else {}
    done = build(request(check=True))
    assert before == (tree(Path("output")) if Path("output").exists() else {})
    visible = {name: data for name, data in before.items() if not name.endswith(pack_files.TEMPORARY)}
    assert bool(done.changed or done.removed) == (visible != new)


@pytest.mark.parametrize("before", ["", "one"])
def test_a_build_may_be_killed_at_any_step(work: Path, before: str) -> None:
    """At each step: files are whole, the manifest is true, and the next build, of these or other rules, gives what a clean one gives."""
    old = clean(before) if before else {}
    later = clean("three")
    new = clean("two")
    at = 0
    while True:
        at += 1
        put("two")
        start(before)
        if not killed(at, lambda: build(request())):
            break
        assert_true(Path("output"), old, new) if Path("output").exists() else None
        drop("left")
        if Path("output").exists():
            shutil.copytree("output", "left")
        assert_told(old, new)
        assert build(request()).diagnostics == ()
        assert tree(Path("output")) == new, at
        put("three")
        done = build(request("left"))
        assert (done.diagnostics, tree(Path("left")) == later) == ((), True), at
    assert at > 30
    assert tree(Path("output")) == new


def test_a_build_may_be_killed_again(work: Path) -> None:
    """A build that mends a killed one may be killed too, with other rules."""
    old, later, new = clean("one"), clean("three"), clean("two")
    for first in (9, 21, 33):
        put("two")
        start("one")
        assert killed(first, lambda: build(request()))
        drop("once")
        shutil.copytree("output", "once")
        put("three")
        second = 0
        while True:
            second += 3
            drop("output")
            shutil.copytree("once", "output")
            if not killed(second, lambda: build(request())):
                break
            assert_true(Path("output"), old, new, later)
            assert build(request()).diagnostics == ()
            assert tree(Path("output")) == later, (first, second)


def test_an_edit_after_a_kill_is_a_persons(work: Path) -> None:
    """A file that is edited after its build was killed is left alone and told, at each step."""
    clean("one")
    at = 0
    while True:
        at += 1
        put("two")
        start("one")
        if not killed(at, lambda: build(request())):
            break
        edited = Path("output/splunk/a/changed.conf")
        edited.write_bytes(b"mine\n")
        done = build(request())
        assert [one.code for one in done.diagnostics] == ["B001"], at
        assert edited.read_bytes() == b"mine\n"


def test_an_import_may_be_killed_at_any_step(work: Path) -> None:
    """A second import, of other rules too, takes what a killed one wrote for its own, and leaves an edit alone."""
    first, second, third = ({"a.yml": text, f"b/{text.decode()}.yml": text} for text in (b"1", b"2", b"3"))
    at = 0
    while True:
        at += 1
        drop("rules")
        place(Path("rules"), first, force=False)
        if not killed(at, lambda: place(Path("rules"), second, force=False)):
            break
        drop("left")
        shutil.copytree("rules", "left")
        assert place(Path("rules"), third, force=False)[1] == (), at
        assert Path("rules/a.yml").read_bytes() == b"3"
        Path("left/a.yml").write_bytes(b"mine")
        assert [one.code for one in place(Path("left"), third, force=False)[1]] == ["R021"], at
    assert at > 20


@pytest.mark.slow
def test_a_kill_at_any_time(work: Path) -> None:
    """However soon after its start ``converter build`` is killed for real, the next one gives what a clean one gives."""
    new = clean("two")
    for delay_ms in range(300, 2400, 150):
        put("one")
        drop("output")
        build(request())
        put("two")
        with subprocess.Popen([CONVERTER, "build", "-t", "splunk"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            with suppress(subprocess.TimeoutExpired):
                child.wait(delay_ms / 1000)
            child.kill()
        assert_true(Path("output"), clean("one"), new)
        put("two")
        assert build(request()).diagnostics == ()
        assert tree(Path("output")) == new


def test_evidence_is_whole(work: Path) -> None:
    """The file of evidence is the old one or the new one, wherever writing it was stopped."""
    from converter.pack import Record, read_evidence

    folder = Path("output/elastic")
    first = {"1" * 64: Record("reader", "reader", "", 1)}
    second = {"2" * 64: Record("engine", "x", "1", 2)}
    at = 0
    while True:
        at += 1
        write_evidence(folder, first)
        if not killed(at, lambda: write_evidence(folder, second)):
            break
        assert read_evidence(folder) in (first, second)
    assert at > 5


def test_only_abandoned_files_are_swept(work: Path) -> None:
    """What another run still writes, what only looks like ours, folders and links stay."""
    write_bytes(Path("x"), b"1")
    handle, mine = tempfile.mkstemp(prefix=".x.", suffix=pack_files.TEMPORARY, dir=".")
    pack_files._lock(handle, wait=True)
    for name in (f".old{pack_files.TEMPORARY}", "x.tmp", ".hidden", f"visible{pack_files.TEMPORARY}"):
        Path(name).write_bytes(b"")
    Path(f".folder{pack_files.TEMPORARY}").mkdir()
    Path(f".link{pack_files.TEMPORARY}").symlink_to("x")
    sweep(Path())
    left = {path.name for path in work.iterdir()}
    assert left == {
        "x",
        Path(mine).name,
        "x.tmp",
        ".hidden",
        f"visible{pack_files.TEMPORARY}",
        f".folder{pack_files.TEMPORARY}",
        f".link{pack_files.TEMPORARY}",
    }
    os.close(handle)
    sweep(Path())
    assert not Path(mine).exists()


def test_two_builds_at_once(work: Path) -> None:
    """While one build writes a folder, another is told so, and changes nothing."""
    put("one")
    with pack_files.Locked(Path("output/splunk")), pytest.raises(OutputError, match="another run"):
        build(request())
    assert tree(Path("output")) == {}
    build(request())


def run_limited(*words: str, size: int) -> subprocess.CompletedProcess[str]:
    """Run a command that cannot write files beyond ``size`` bytes, as on a disk that is full."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run([CONVERTER, *words], capture_output=True, text=True, check=False, preexec_fn=limit)


@pytest.mark.parametrize("size", [0, 64, 600])
def test_files_that_do_not_fit(work: Path, size: int) -> None:
    """A write that fails half-way is exit 4 with the file's name, no traceback; files are whole, and a later build mends the rest."""
    old, new = clean("one"), clean("two")
    start("one")
    done = run_limited("build", "-t", "splunk", size=size)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert "error: output/splunk/" in done.stderr
    assert "cannot be written: file too large" in done.stderr
    assert_true(Path("output"), old, new)
    assert not [name for name in tree(Path("output")) if name.endswith(pack_files.TEMPORARY)]
    assert build(request()).diagnostics == ()
    assert tree(Path("output")) == new


def test_a_full_disk(work: Path) -> None:
    """On a disk that is really full, or read-only: exit 4 where something would be written; all is mended when there is room."""
    put("one")
    disk = work / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here: a full one was shown by a limit on the size of files only")
    try:
        with suppress(OSError):
            (disk / "filler").write_bytes(b"x" * (48 << 10))
        done = subprocess.run([CONVERTER, "build", "-o", "disk/output"], capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (4, False)
        assert "no space left on device" in done.stderr
        bundled = subprocess.run([CONVERTER, "bundle", "-o", "disk/b.tar"], capture_output=True, text=True, check=False)
        assert (bundled.returncode, "Traceback" in bundled.stderr, (disk / "b.tar").exists()) == (4, False, False)
        (disk / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        assert build(request("disk/output")).diagnostics == ()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for number, words in (
            (0, ["build", "-t", "splunk", "-o", "disk/output"]),
            (4, ["bundle", "-o", "disk/b.tar"]),
            (4, ["build", "-o", "disk/new"]),
        ):
            ended = subprocess.run([CONVERTER, *words], capture_output=True, text=True, check=False)
            assert (ended.returncode, "Traceback" in ended.stderr) == (number, False)
            assert ("read-only file system" in ended.stderr) == (number == 4)
        put("two")
        ended = subprocess.run([CONVERTER, "build", "-t", "splunk", "-o", "disk/output"], capture_output=True, text=True, check=False)
        assert (ended.returncode, "read-only file system" in ended.stderr) == (4, True)
        put("one")
        assert tree(disk / "output/splunk") == {name.partition("/")[2]: data for name, data in clean("one").items()}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("where", ["open", "replace", "write"])
def test_every_refusal_of_the_system_is_told(work: Path, monkeypatch: pytest.MonkeyPatch, number: int, where: str) -> None:
    """Whatever the system refuses, the folder's user is told, and the old files stay."""
    old = clean("one")
    start("one")
    put("two")

    open_ = os.open

    def refuse(*given: Any, **more: Any) -> int:
        if where == "open" and not given[1] & os.O_CREAT:
            return open_(*given, **more)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, where, refuse)
    with pytest.raises(OutputError, match="cannot be written: " + os.strerror(number).lower()):
        build(request())
    monkeypatch.undo()
    monkeypatch.chdir(work)
    assert {name: data for name, data in tree(Path("output")).items() if not name.endswith(pack_files.TEMPORARY)} == old


@pytest.mark.parametrize(
    "link",
    [
        "output",
        "output/splunk",
        "output/splunk/a",
        "output/splunk/a/changed.conf",
        "output/splunk/.manifest.json",
        "output/splunk/.journal.json",
    ],
)
def test_links_that_lead_outside(work: Path, tmp_path_factory: pytest.TempPathFactory, link: str) -> None:
    """Whatever part of an output's path is a link, the first build and later ones refuse it, and nothing outside changes."""
    outside = tmp_path_factory.mktemp("outside")
    for name in (".manifest.json", ".journal.json", "changed.conf", "file"):
        (outside / name).write_text("{}" if name.startswith(".") else "theirs\n", encoding="utf-8")
    before = tree(outside)
    put("one")
    for built in (False, True):
        drop("output")
        if built:
            build(request())
        path = Path(link)
        if path.exists():
            drop(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(outside / (path.name if "." in path.name else ""))
        done = subprocess.run([CONVERTER, "build", "-t", "splunk"], capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (4, False)
        assert "link" in done.stderr
        assert tree(outside) == before


def test_a_manifest_cannot_remove_through_a_link(work: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A pack that names, through a link of its own, a file outside with its right hash does not get it removed."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "x.conf").write_bytes(b"theirs\n")
    put("one")
    build(request())
    Path("output/splunk/z").symlink_to(outside)
    manifest = json.loads(Path("output/splunk/.manifest.json").read_text(encoding="utf-8"))
    manifest["z/x.conf"] = {"sha256": digest(b"theirs\n"), "rule": "gone", "status": "exact"}
    Path("output/splunk/.manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(OutputError, match="link"):
        build(request())
    assert (outside / "x.conf").read_bytes() == b"theirs\n"


def test_a_folder_of_rules_does_not_lead_outside(work: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Links below rules/, to files and to folders, are not read."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yml").write_text(RULE.format(number=9, verb="get"), encoding="utf-8")
    put("one")
    Path("rules/linked.yml").symlink_to(outside / "secret.yml")
    Path("rules/folder").symlink_to(outside)
    done = build(request())
    assert {row.outcome.loaded.rule.title for row in done.rows} == {"Rule 1", "Rule 2", "Rule 3", "Rule 4"}


@pytest.mark.parametrize("name", [".manifest.json", ".journal.json", ".evidence.json"])
@pytest.mark.parametrize(
    "text", ["{", "[]", '{"a": 1}', '{"a": {"sha256": 1, "rule": [], "status": {}}}', '{"../x": [null, null]}', "[" * 100_000, "pipe"]
)
def test_damaged_files_of_ours(work: Path, name: str, text: str) -> None:
    """A manifest, journal or evidence that is damaged, or no file at all, is exit 4 with its name, and no traceback."""
    put("one")
    build(request())
    path = Path("output/splunk", name)
    path.unlink(missing_ok=True)
    if text == "pipe":
        os.mkfifo(path)
    else:
        path.write_text(text, encoding="utf-8")
    before = tree(Path("output"))
    with pytest.raises(OutputError, match=name.replace(".", r"\.")):
        build(request())
    assert tree(Path("output")) == before


def test_a_name_that_is_too_long(work: Path) -> None:
    """A rule whose output has a longer name than the system allows is told, without a traceback."""
    put("one")
    Path("rules", "x" * 251 + ".yml").write_text(RULE.format(number=9, verb="get"), encoding="utf-8")
    done = subprocess.run([CONVERTER, "build", "-t", "splunk"], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    assert "file name too long" in done.stderr
