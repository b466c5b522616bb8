"""Splunk's own check of apps, AppInspect, on what splunk-app makes; and its conf parser on hostile texts."""

from __future__ import annotations

import ctypes.util
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hostile_texts import KEYS, TEXTS, rule_of

from converter.languages import spl
from converter.pack import Request, build
from converter.targets import target

ROOT = Path(__file__).resolve().parent.parent.parent
TOOL = ROOT / ".venv" / "appinspect" / "bin"
pytestmark = [pytest.mark.slow, pytest.mark.engine]
Files = Mapping[str, bytes]


@pytest.fixture(scope="module")
def tool() -> Path:
    """The folder of AppInspect's programs; without it the tests fail where engines are required, without libmagic they are skipped.

    The program can be installed by the project's own files, the system's library cannot.
    """
    if not (TOOL / "splunk-appinspect").exists():
        reason = "AppInspect was not asked: 'make test-more' installs it in .venv/appinspect, from the network"
        if os.environ.get("CONVERTER_REQUIRE_ENGINES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    if ctypes.util.find_library("magic") is None:
        pytest.skip("AppInspect was not asked: it needs libmagic (Debian: apt-get install libmagic1; macOS: brew install libmagic)")
    return TOOL


def inspected(tool: Path, app: Path, folder: Path) -> tuple[dict[str, int], set[str]]:
    """Return AppInspect's counts for an app, and the names of the checks that failed or warned."""
    out = folder / f"{app.stem}.json"
    words = ["inspect", str(app), "--mode", "precert", "--skip-trusted-libraries-update", "--max-messages", "all"]
    done = subprocess.run(
        [tool / "splunk-appinspect", *words, "--data-format", "json", "--output-file", str(out)],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert out.exists(), done.stdout + done.stderr
    report = json.loads(out.read_text(encoding="utf-8"))
    checks = [check for one in report["reports"] for group in one["groups"] for check in group["checks"]]
    return report["summary"], {check["name"] for check in checks if check["result"] in ("error", "failure", "warning")}


def app_of(folder: Path, rules: Path, **options: str) -> list[Path]:
    """Return what a build of splunk-app writes."""
    report = build(Request([rules], [target("splunk-app")], folder / "output", options, frozenset()))
    assert not report.diagnostics
    assert not [row for row in report.rows if row.is_refused]
    return sorted(path for path in (folder / "output" / "splunk-app").rglob("*") if path.is_file() and path.name != ".manifest.json")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack with a rule for each hostile text."""
    folder = tmp_path_factory.mktemp("hostile") / "rules"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        rule = rule_of(dict.fromkeys(KEYS, text), number)
        # Names of searches and macros hold the start of the id, by which equal words differ.
        rule["id"] = f"{number:08x}-0000-4000-8000-000000000000"
        (folder / f"r{number}.yml").write_text(yaml.safe_dump(rule), encoding="utf-8")
    return folder


@pytest.mark.parametrize("form", ["tgz", "folder"])
def test_the_pack_passes(form: str, tool: Path, tmp_path: Path) -> None:
    """The app of this repository's rules gives no error, failure or warning, in either form."""
    written = app_of(tmp_path, ROOT / "rules", form=form)
    app = written[0] if form == "tgz" else tmp_path / "output" / "splunk-app" / "detection_rules"
    assert (len(written) == 1) == (form == "tgz")
    summary, names = inspected(tool, app, tmp_path)
    assert (summary["error"], summary["failure"], summary["future_failure"], summary["warning"]) == (0, 0, 0, 0), names
    assert summary["success"] >= 80


def test_hostile_texts_pass(tool: Path, tmp_path: Path, hostile: Path) -> None:
    """Nothing that a rule's header can say makes an app that is refused."""
    (app,) = app_of(tmp_path, hostile)
    summary, names = inspected(tool, app, tmp_path)
    assert (summary["error"], summary["failure"], summary["warning"]) == (0, 0, 0), names


PARSE = """
import json, sys
from splunk_appinspect import configuration_parser
from splunk_appinspect.configuration_file import ConfigurationFile
from splunk_appinspect.configuration_parser import configuration_lexer
text = sys.stdin.read()
conf = configuration_parser.parse(text.split("\\n"), ConfigurationFile(), configuration_lexer)
print(json.dumps([[one.name, {key: option.value for key, option in one.options.items()}] for one in conf.sections()]))
"""


def test_its_parser_reads_what_ours_reads(tool: Path, tmp_path: Path, hostile: Path) -> None:
    """AppInspect's conf parser finds the stanzas and values of our reader, whatever the texts."""
    files = app_of(tmp_path, hostile, form="folder")
    for path in (one for one in files if one.suffix == ".conf"):
        text = path.read_text(encoding="utf-8")
        done = subprocess.run([tool / "python", "-c", PARSE], input=text, capture_output=True, text=True, check=True, encoding="utf-8")
        theirs = [(name, {key: _spaced(value) for key, value in options.items()}) for name, options in json.loads(done.stdout)]
        ours = spl.read_conf(text, path.name)
        assert isinstance(ours, spl.Conf)
        mine = [(one.name, {setting.key: _spaced(setting.value) for setting in one.settings}) for one in ours.stanzas]
        assert [one for one in theirs if one != ("default", {})] == mine
        assert len(mine) >= 5


def _spaced(value: str) -> str:
    return " ".join(value.split())


def _edited(name: str, old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def edit(files: dict[str, bytes]) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return edit


def _added(name: str, text: str) -> Callable[[dict[str, bytes]], None]:
    return lambda files: files.__setitem__(name, text.encode())


SEARCHES = "default/savedsearches.conf"
MUTATIONS: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "version": (_edited("default/app.conf", "version = 1.0.0", "version = 1.0"), "check_version_is_valid_semver"),
    "id": (_edited("default/app.conf", "id = detection_rules", "id = another"), "check_for_valid_package_id"),
    "local": (_added("local/savedsearches.conf", "[a]\nsearch = x\n"), "check_that_local_does_not_exist"),
    "anybody": (_edited("metadata/default.meta", "admin, sc_admin", "*"), ""),
    "dotfile": (_added(".gitignore", "x"), "check_that_extracted_splunk_app_does_not_contain_prohibited_directories_or_files"),
    "stanza": (lambda files: files.__setitem__(SEARCHES, files[SEARCHES] + b"\n" + files[SEARCHES]), "check_config_file_parsing"),
    "key": (_edited(SEARCHES, "enableSched = 1\n", "enableSched = 1\nenableSched = 0\n"), "check_config_file_parsing"),
    "cron": (_edited(SEARCHES, "*/5 * * * *", "often"), "check_for_gratuitous_cron_scheduling"),
    "minutely": (_edited(SEARCHES, "*/5 * * * *", "* * * * *"), "check_for_gratuitous_cron_scheduling"),
    "unbounded": (_edited(SEARCHES, "dispatch.earliest_time = -10m@m\n", ""), "check_for_sched_saved_searches_earliest_time"),
    "label": (_edited("default/app.conf", "label = Detection rules", "label = D"), "check_for_valid_ui_label"),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_app_is_refused(name: str, tool: Path, tmp_path: Path) -> None:
    """AppInspect tells of each thing that our app must not do: the tests above can fail."""
    mutate, check = MUTATIONS[name]
    files = _files(app_of(tmp_path, ROOT / "rules" / "kubernetes")[0])
    mutate(files)
    summary, names = inspected(tool, _packed(files, tmp_path / "broken.tgz"), tmp_path)
    assert summary["error"] + summary["failure"] + summary["warning"] > 0
    assert not check or check in names


def test_an_executable_file_is_refused(tool: Path, tmp_path: Path) -> None:
    """AppInspect sees the modes in the archive."""
    files = _files(app_of(tmp_path, ROOT / "rules" / "kubernetes")[0])
    _, names = inspected(tool, _packed(files, tmp_path / "broken.tgz", mode=0o755), tmp_path)
    assert "check_for_bin_files" in names


def _files(app: Path) -> dict[str, bytes]:
    with tarfile.open(app) as archive:
        return {one.name.partition("/")[2]: archive.extractfile(one).read() for one in archive if one.isfile()}  # type: ignore[union-attr]


def _packed(files: Files, path: Path, mode: int = 0o644) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"detection_rules/{name}")
            entry.size, entry.mode = len(files[name]), mode
            archive.addfile(entry, io.BytesIO(files[name]))
    return path


def test_the_environment_is_its_own(tool: Path) -> None:
    """AppInspect's packages are not the converter's: neither changes the other's versions."""
    done: Any = subprocess.run([sys.executable, "-c", "import splunk_appinspect"], capture_output=True, check=False)
    assert done.returncode != 0
