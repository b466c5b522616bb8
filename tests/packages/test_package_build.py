"""How packages are built: of which rules, what is written, left, removed, refused and told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from converter.cli import cli
from converter.pack import Record, digest, write_evidence
from converter.targets import target

PACKAGES = ("elastic-ndjson", "splunk-app", "falco-rules", "python-package")
CONVERTER = Path(sys.executable).with_name("converter")


def rule(number: int, **more: Any) -> dict[str, Any]:
    """Return a rule on Kubernetes audit events that every target can express."""
    return {
        "title": f"Rule {number}",
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "author": "somebody",
        "license": "Apache-2.0",
        "logsource": {"product": "kubernetes", "service": "audit"},
        "detection": {"selection": {"verb": "create"}, "condition": "selection"},
        **more,
    }


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack of three rules in two folders, as the working directory."""
    monkeypatch.chdir(tmp_path)
    for name, number in (("a/one", 1), ("a/two", 2), ("b/three", 3)):
        put(name, rule(number))
    return tmp_path


def put(name: str, value: dict[str, Any]) -> None:
    path = Path(f"rules/{name}.yml")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False)


def files(name: str) -> set[str]:
    folder = Path("output", name)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != ".manifest.json"}


def titles(name: str) -> list[str]:
    """Return the titles of the rules in a package, in its order."""
    folder = Path("output", name)
    if name == "elastic-ndjson":
        return [json.loads(line)["name"] for line in (folder / "rules.ndjson").read_text(encoding="utf-8").splitlines()]
    if name == "splunk-app":
        with tarfile.open(folder / "detection_rules.tgz") as archive:
            text = archive.extractfile("detection_rules/default/savedsearches.conf").read().decode()  # type: ignore[union-attr]
        return [line[1:].partition(" - ")[0] for line in text.splitlines() if line.startswith("[")]
    if name == "falco-rules":
        return [item["rule"] for item in yaml.safe_load((folder / "rules.yaml").read_text(encoding="utf-8")) if "rule" in item]
    code = "import detection_rules; print([rule['title'] for rule in detection_rules.match_all({'verb': 'create'})])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True, env={"PYTHONDONTWRITEBYTECODE": "1"}
    )
    found: list[str] = yaml.safe_load(done.stdout)
    return found


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_holds_exactly_the_rules_given(name: str, pack: Path) -> None:
    """All rules by default, those of PATHS when they are given: what a former build packaged besides goes."""
    assert run("build", "-t", name).exit_code == 0
    assert titles(name) == ["Rule 1", "Rule 2", "Rule 3"]
    assert run("build", "-t", name, "rules/a").exit_code == 0
    assert titles(name) == ["Rule 1", "Rule 2"]
    assert run("build", "-t", name, "rules/b/three.yml").exit_code == 0
    assert titles(name) == ["Rule 3"]


@pytest.mark.parametrize("name", PACKAGES)
def test_no_package_is_built_unasked(name: str, pack: Path) -> None:
    """A build without -t makes the files of single rules alone."""
    assert run("build").exit_code == 0
    assert not Path("output", name).exists()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_second_build_writes_nothing(name: str, pack: Path) -> None:
    """The same rules are the same bytes; --check sees a change and writes nothing."""
    assert run("build", "-t", name, "--check").exit_code == 1
    assert not Path("output").exists()
    run("build", "-t", name)
    before = {path: path.stat().st_mtime_ns for path in Path("output", name).rglob("*") if path.is_file()}
    assert "0 written" in run("build", "-t", name).stderr
    assert run("build", "-t", name, "--check").exit_code == 0
    put("a/one", rule(1, title="Another title"))
    assert run("build", "-t", name, "--check").exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in Path("output", name).rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", PACKAGES)
def test_a_refused_rule_is_left_out_and_told(name: str, pack: Path) -> None:
    """The package is made of the others, the build fails and names what is missing."""
    run("build", "-t", name)
    put("a/two", rule(2, detection={"selection": {"noSuchField|fieldref": 1}, "condition": "selection"}))
    done = run("build", "-t", name)
    assert done.exit_code in (1, 3)
    assert f"{name}: 1 rule was refused, so the package leaves it out: rules/a/two.yml" in done.stderr
    assert "B014" in done.stderr
    assert titles(name) == ["Rule 1", "Rule 3"]
    put("a/two", rule(2))
    assert run("build", "-t", name).exit_code == 0
    assert titles(name) == ["Rule 1", "Rule 2", "Rule 3"]


@pytest.mark.parametrize("name", PACKAGES)
def test_an_unreadable_file_is_told(name: str, pack: Path) -> None:
    """A file that gives no rule is missing from the package, too."""
    Path("rules/a/two.yml").write_text("title: [", encoding="utf-8")
    done = run("build", "-t", name)
    assert done.exit_code == 3
    assert f"{name}: 1 rule was refused" in done.stderr
    assert titles(name) == ["Rule 1", "Rule 3"]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_disabled_rule_is_left_out(name: str, pack: Path) -> None:
    """What the rule says of the base holds for the package, and fails nothing."""
    base = name.split("-")[0]
    put("a/two", rule(2, **{"x-converter": {"targets": {base: {"enabled": False, "reason": "not here"}}}}))
    done = run("build", "-t", name)
    assert done.exit_code == 0, done.stderr
    assert titles(name) == ["Rule 1", "Rule 3"]


@pytest.mark.parametrize("name", PACKAGES)
def test_nothing_left_keeps_the_former_package(name: str, pack: Path) -> None:
    """A package of refused rules alone is not written over a sound one; one of disabled rules alone goes."""
    base = name.split("-")[0]
    run("build", "-t", name)
    before = {path: Path("output", name, path).read_bytes() for path in files(name)}
    for path, number in (("a/one", 1), ("a/two", 2), ("b/three", 3)):
        put(path, rule(number, detection={"selection": {"a|nonsense": 1}, "condition": "selection"}))
    done = run("build", "-t", name)
    assert done.exit_code == 3
    assert "nothing is left to package" in done.stderr
    assert {path: Path("output", name, path).read_bytes() for path in files(name)} == before
    for path, number in (("a/one", 1), ("a/two", 2), ("b/three", 3)):
        put(path, rule(number, **{"x-converter": {"targets": {base: {"enabled": False, "reason": "not here"}}}}))
    assert run("build", "-t", name).exit_code == 0
    assert files(name) == set()


def test_a_folder_changes_as_a_whole(pack: Path) -> None:
    """Another form or name removes what was written before, and only that."""
    run("build", "-t", "splunk-app")
    assert files("splunk-app") == {"detection_rules.tgz"}
    assert run("build", "-t", "splunk-app", "-O", "form=folder", "-O", "app_id=my_rules").exit_code == 0
    names = {"README.md", "app.manifest", "default/app.conf", "default/macros.conf", "default/savedsearches.conf", "metadata/default.meta"}
    assert files("splunk-app") == {f"my_rules/{name}" for name in names}
    Path("output/splunk-app/my_rules/local").mkdir()
    Path("output/splunk-app/my_rules/local/macros.conf").write_text("[kube_audit]\ndefinition = index=k8s\n", encoding="utf-8")
    assert run("build", "-t", "splunk-app").exit_code == 0
    assert files("splunk-app") == {"detection_rules.tgz", "my_rules/local/macros.conf"}
    assert not Path("output/splunk-app/my_rules/default").exists()


def test_an_edited_file_is_left_alone(pack: Path) -> None:
    """A file of the package that a person changed is neither written nor removed, and fails the build."""
    run("build", "-t", "python-package")
    module = Path("output/python-package/detection_rules/rules/a_one.py")
    module.write_text("mine\n", encoding="utf-8")
    assert run("build", "-t", "python-package").exit_code == 1
    done = run("build", "-t", "python-package", "rules/b")
    assert (done.exit_code, "B001" in done.stderr) == (1, True)
    assert module.read_text(encoding="utf-8") == "mine\n"
    assert not Path("output/python-package/detection_rules/rules/a_two.py").exists()


def test_a_link_is_not_written_through(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link in the place of a package's file or folder is refused."""
    outside = tmp_path_factory.mktemp("outside")
    Path("output/falco-rules").mkdir(parents=True)
    Path("output/falco-rules/rules.yaml").symlink_to(outside / "rules.yaml")
    done = run("build", "-t", "falco-rules")
    assert done.exit_code == 4
    assert "is a link" in done.stderr
    assert list(outside.iterdir()) == []


OPTIONS = (
    ("splunk-app", "app_id=../evil"), ("splunk-app", "app_id=search"), ("splunk-app", "app_id=A b"), ("splunk-app", "app_label=abc"),
    ("splunk-app", "version=1.0"), ("splunk-app", "version=01.0.0"), ("splunk-app", "form=zip"), ("splunk-app", "pack_author=a\\"),
    ("python-package", "package=import"), ("python-package", "package=a.b"), ("python-package", "version=latest"),
    ("python-package", "pack_name=../x"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_an_option_without_form_is_refused(name: str, option: str, pack: Path) -> None:
    """What becomes a name or a version has the form of one; nothing is written otherwise."""
    done = run("build", "-t", name, "-O", option)
    assert done.exit_code == 1
    assert f"the option {option.partition('=')[0]} cannot be" in done.stderr
    assert files(name) == set()


def test_the_pack_names_its_packages(pack: Path) -> None:
    """Name, version and author of converter.toml are the packages'; a flag goes before them."""
    Path("converter.toml").write_text('[pack]\nname = "night-watch"\nversion = "2.3.4"\nauthor = "The watch"\n', encoding="utf-8")
    assert run("build", "-t", "splunk-app", "-O", "form=folder", "-t", "python-package", "-O", "package=watch").exit_code == 0
    conf = Path("output/splunk-app/night_watch/default/app.conf").read_text(encoding="utf-8")
    for line in ("id = night_watch", "name = night_watch", "version = 2.3.4", "author = The watch", "label = Night watch"):
        assert f"\n{line}\n" in conf
    project = Path("output/python-package/pyproject.toml").read_text(encoding="utf-8")
    assert 'name = "night-watch"\nversion = "2.3.4"' in project
    assert Path("output/python-package/watch/__init__.py").is_file()


def test_rows_name_the_package(pack: Path) -> None:
    """Table and report have a row for each rule, with the package's main file and the evidence of the base's."""
    run("build", "-t", "falco")
    data = Path("output/falco/a/one.yaml").read_bytes()
    write_evidence(Path("output/falco"), {digest(data): Record("reader", "reader", "1", 7)})
    done = run("build", "-t", "falco-rules", "--report", "report.json")
    assert "a/one    exact · falco · reader, 7 events" in done.stderr
    assert "a/two    exact · falco · declared" in done.stderr
    rows = json.loads(Path("report.json").read_text(encoding="utf-8"))["results"]
    assert [(row["target"], row["status"], row["artifact"]) for row in rows] == [
        ("falco-rules", "exact", "output/falco-rules/rules.yaml")
    ] * 3
    assert [row["evidence"] for row in rows] == ["reader", "declared", "declared"]


def test_a_package_shares_its_bases_acceptances(pack: Path) -> None:
    """A loss accepted for the base is accepted in the package, and said there."""
    lossy = {"detection": {"selection": {"userAgent|startswith": "curl/"}, "condition": "selection"}}
    own: dict[str, Any] = {"language": "kuery"}
    put("a/one", rule(1, **lossy, **{"x-converter": {"targets": {"elastic": own}}}))
    assert run("build", "-t", "elastic-ndjson").exit_code == 1
    own["accept"] = [{"code": "T118", "reason": "seen in lower case only"}]
    put("a/one", rule(1, **lossy, **{"x-converter": {"targets": {"elastic": own}}}))
    done = run("build", "-t", "elastic-ndjson", "-t", "elastic")
    assert done.exit_code == 0, done.stderr
    assert "P011" not in done.stderr
    note = json.loads(Path("output/elastic-ndjson/rules.ndjson").read_text(encoding="utf-8").splitlines()[0])["note"]
    assert "## Accepted losses of this translation\n\n- T118 (narrower): " in note
    assert note.endswith("(seen in lower case only)")


@pytest.mark.parametrize(
    ("name", "file"), [("elastic-ndjson", "rules.ndjson"), ("falco-rules", "rules.yaml"), ("splunk-app", "detection_rules.tgz")]
)
def test_convert_prints_what_build_writes(name: str, file: str, pack: Path) -> None:
    """The package of one rule, on standard output."""
    run("build", "-t", name, "rules/a/one.yml")
    done = run("convert", "rules/a/one.yml", "-t", name)
    assert (done.exit_code, done.stdout_bytes) == (0, Path("output", name, file).read_bytes())


def test_convert_prints_no_folder(pack: Path) -> None:
    """A folder has no main file that could stand for it."""
    for words in (("-t", "python-package"), ("-t", "splunk-app", "-O", "form=folder")):
        done = run("convert", "rules/a/one.yml", *words)
        assert (done.exit_code, done.stdout) == (2, "")
        assert "makes a folder, which cannot be printed; use 'converter build -t" in done.stderr


def test_convert_sends_no_archive_to_a_terminal(pack: Path) -> None:
    """Bytes that a terminal would obey go to a file only."""
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    done = subprocess.run(
        [CONVERTER, "convert", "rules/a/one.yml", "-t", "splunk-app"], stdout=slave, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert "detection_rules.tgz is an archive; send it to a file with > detection_rules.tgz" in done.stderr


def test_targets_lists_packages() -> None:
    """The command says which packages there are and whose rules they hold."""
    text = run("targets").stdout
    for name in PACKAGES:
        assert f"\n{name} " in text
    assert run("targets", "splunk-app").exit_code == 0


@pytest.mark.parametrize("name", PACKAGES)
def test_no_rules_are_no_package(name: str) -> None:
    """A package of nothing is no file."""
    assert list(target(name).package([], [], {})) == []


def test_the_report_names_the_main_file(pack: Path) -> None:
    """An archive, or of a folder the file that is read first."""
    for words, path in (((), "detection_rules.tgz"), (("-O", "form=folder"), "detection_rules/default/savedsearches.conf")):
        run("build", "-t", "splunk-app", *words, "--report", "report.json")
        rows = json.loads(Path("report.json").read_text(encoding="utf-8"))["results"]
        assert {row["artifact"] for row in rows} == {f"output/splunk-app/{path}"}
