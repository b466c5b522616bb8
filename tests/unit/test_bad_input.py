"""Hostile rule files beside a good one: a diagnostic at its place, the designed exit code, and the good rule's outputs.

What mutation makes of rules is in ``tests/fuzz``.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from converter.cli import cli

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "rules" / "kubernetes" / "audit" / "user_exec_into_pod.yml"
HEAD = "title: x\nid: 11111111-0a3f-4b27-9d0e-5b1d6c2f8a11\nlogsource: {product: kubernetes, service: audit}\n"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{one}: &a{one} [{', '.join([f'*a{one - 1}'] * 10)}]\n" for one in range(1, 9)
)
TARGETS = {"elastic": "toml", "splunk": "conf", "falco": "yaml", "python": "py"}


def detection(item: str, condition: str = "s") -> bytes:
    """Return a rule with one item in its selection, on line 5."""
    return f"{HEAD}detection:\n  s: {{{item}}}\n  condition: {condition}\n".encode()


FILES: list[tuple[str, bytes, str, int, int, str]] = [
    ("duplicate key", HEAD.encode() + b"title: y\n", "R009", 4, 1, ""),
    ("alias bomb", BOMB.encode(), "R004", 6, 10, ""),
    ("brackets", HEAD.encode() + b"detection: " + b"[" * 20_000, "R004", 4, 75, ""),
    ("nul", HEAD.encode() + b"author: a\0b\n", "R001", 4, 10, ""),
    ("utf-16", detection("verb: get").decode().encode("utf-16"), "R001", 1, 1, "UTF-8"),
    ("latin-1", HEAD.encode() + b"author: caf\xe9\n", "R001", 4, 12, "UTF-8"),
    ("tabs", HEAD.encode() + b"detection:\n\ts: {verb: get}\n", "R003", 5, 1, "tabs"),
    ("empty file", b"", "R010", 1, 1, ""),
    ("a list", b"- title: x\n", "R011", 1, 1, ""),
    ("a number", b"42\n", "R011", 1, 1, ""),
    ("wrong type of title", b"title: [x]\nlogsource: {product: kubernetes, service: audit}\ndetection: {}\n", "R012", 1, 8, ""),
    ("wrong type of tags", HEAD.encode() + b"tags: 1\ndetection: {s: {a: 1}, condition: s}\n", "R012", 4, 7, ""),
    ("wrong type of detection", HEAD.encode() + b"detection: [x]\n", "R012", 4, 12, ""),
    ("wrong type of targets", detection("verb: get") + b"x-converter: {targets: [elastic]}\n", "R012", 7, 24, ""),
    ("unknown key", detection("verb: get") + b"x-converter: {target: {}}\n", "R015", 7, 15, "did you mean 'targets'?"),
    ("unknown modifier", detection("verb|contain: get"), "M001", 5, 7, "did you mean 'contains'?"),
    ("unknown name", detection("verb: get", "s and sel"), "M004", 6, 20, ""),
    ("bad regex", detection("verb|re: '(x'"), "M006", 5, 16, ""),
    ("regex without end", detection("verb|re: '" + "(a+)+" * 200 + "$'"), "M009", 5, 16, ""),
    ("bad network", detection("sourceIPs|cidr: 1.2.3.4.5/6"), "M002", 5, 23, ""),
    ("a date for a value", detection("verb: 2024-01-01"), "M008", 5, 13, ""),
    ("a map for a value", detection("verb: {x: y}"), "M008", 5, 13, ""),
    ("nested parentheses", detection("verb: get", "(" * 20_000 + "s"), "M003", 6, 114, ""),
    ("dashes", detection("verb|windash: '-a -b -c -d -e -f -g -h -i -j -k -l'"), "M012", 5, 21, ""),
]


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with one good rule, as the working directory."""
    folder = tmp_path / "rules" / "k"
    folder.mkdir(parents=True)
    shutil.copy(GOOD, folder / "good.yml")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    """Run the command line; nothing but an exit leaves it."""
    result = CliRunner().invoke(cli, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def outputs(pack: Path) -> dict[str, bytes]:
    """Return every file below ``output`` but the manifests."""
    return {
        path.relative_to(pack / "output").as_posix(): path.read_bytes()
        for path in sorted((pack / "output").rglob("*"))
        if path.is_file() and path.name != ".manifest.json"
    }


def built(pack: Path) -> set[str]:
    """Return the targets that have the good rule's output, whole."""
    return {target for target, ending in TARGETS.items() if (pack / "output" / target / "k" / f"good.{ending}").is_file()}


@pytest.mark.parametrize("command", ["check", "test", "build"])
@pytest.mark.parametrize(("data", "code", "line", "column", "help_text"), [pytest.param(*row[1:], id=row[0]) for row in FILES])
def test_a_bad_file_costs_only_itself(pack: Path, command: str, data: bytes, code: str, line: int, column: int, help_text: str) -> None:
    """Exit 3 (1 where only the oracle refuses), a place and a code for the bad file, and the good rule is done."""
    (pack / "rules" / "k" / "bad.yml").write_bytes(data)
    began = time.process_time()
    result = run(command)
    text = result.stderr
    if code == "M009":
        assert result.exit_code in (0, 1, 3)
    else:
        assert result.exit_code == 3, text
        found = re.findall(r"^(?:error|warning)\[(\w+)\].*\n\s*--> (rules/k/bad\.yml):(\d+):(\d+)$", text, re.MULTILINE)
        assert (code, "rules/k/bad.yml", str(line), str(column)) in found, text
        assert help_text in text
    assert "rules/k/good.yml" not in text
    if command == "build":
        assert built(pack) == set(TARGETS), text
    if command == "test":
        assert "6 passed, 0 failed" in text
    assert time.process_time() - began < 10


def test_a_folder_for_a_file(pack: Path) -> None:
    """A folder named like a rule is walked like any other; a rule in it is read, the folder is no error."""
    (pack / "rules" / "k" / "folder.yml").mkdir()
    assert run("test").exit_code == 0
    missing = run("check", "rules/k/none.yml")
    assert missing.exit_code == 3
    assert "--> rules/k/none.yml:1:1" in missing.stderr


def test_links_and_pipes_are_no_rules(pack: Path) -> None:
    """A link below a folder is not followed, and a device given as a file is refused at once."""
    (pack / "rules" / "k" / "link.yml").symlink_to("/dev/zero")
    assert run("test").exit_code == 0
    result = run("check", "/dev/zero")
    assert result.exit_code == 3
    assert "not a regular file" in result.stderr


@pytest.mark.parametrize(
    "title", ["a \"b\" 'c'", "{{ d }} {% e %} {# f #}", "g\nh\n[i]\nj = k", "'''\"\"\"\\", "x" * 256, "%1$s ${a} `b` é😀"]
)
def test_quotes_newlines_and_braces_in_titles_and_values(pack: Path, title: str) -> None:
    """A title and a value that look like syntax are characters: every target builds, or refuses with a place."""
    written = json.dumps(title, ensure_ascii=False)
    text = f"title: {written}\n{HEAD.partition(chr(10))[2]}detection:\n  s: {{verb: {written}}}\n  condition: s\n"
    (pack / "rules" / "k" / "odd.yml").write_text(text, encoding="utf-8")
    result = run("build")
    assert result.exit_code in (0, 1), result.stderr
    assert built(pack) == set(TARGETS)
    for target, ending in TARGETS.items():
        made = (pack / "output" / target / "k" / f"odd.{ending}").is_file()
        assert made or re.search(r"error\[T\d+\]: (.*\n\s*--> rules/k/odd\.yml:\d+:\d+)", result.stderr), (target, result.stderr)


@pytest.mark.parametrize("what", ["file", "file of a target", "link"])
def test_an_output_folder_that_cannot_be_used(pack: Path, what: str) -> None:
    """A file or a link where the output folder should be is exit 4 with the path, and nothing is written beside it."""
    elsewhere = pack / "elsewhere"
    elsewhere.mkdir()
    match what:
        case "file":
            (pack / "output").write_text("mine", encoding="utf-8")
        case "file of a target":
            (pack / "output").mkdir()
            (pack / "output" / "elastic").write_text("mine", encoding="utf-8")
        case _:
            run("build")
            shutil.rmtree(pack / "output" / "elastic" / "k")
            (pack / "output" / "elastic" / "k").symlink_to(elsewhere)
    result = run("build", "-t", "elastic")
    assert result.exit_code == 4, result.stderr
    assert result.stderr.startswith("error: ")
    assert "output" in result.stderr
    assert list(elsewhere.iterdir()) == []


def test_an_old_output_is_never_half_written(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails in the middle of a write, the old bytes stay and no part of the new ones is left behind."""
    assert run("build").exit_code == 0
    before = outputs(pack)
    text = (pack / "rules/k/good.yml").read_text(encoding="utf-8")
    (pack / "rules/k/good.yml").write_text(text.replace("verb: create", "verb: delete"), encoding="utf-8")

    def full(_source: object, _target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("converter.pack.files.os.replace", full)
    result = run("build")
    assert result.exit_code == 4
    assert "no space left" in result.stderr
    assert outputs(pack) == before


def test_an_output_that_a_person_edited_is_left_alone(pack: Path) -> None:
    """B001 and exit 1; the other targets are built, and the edited file keeps its bytes until it is moved away."""
    assert run("build").exit_code == 0
    path = pack / "output/elastic/k/good.toml"
    path.write_bytes(path.read_bytes() + b"# mine\n")
    edited = path.read_bytes()
    for extra in ([], ["--check"]):
        result = run("build", *extra)
        assert result.exit_code == 1
        assert "error[B001]" in result.stderr
        assert "--> output/elastic/k/good.toml:1:1" in result.stderr
        assert path.read_bytes() == edited
    path.unlink()
    assert run("build").exit_code == 0
    assert run("build", "--check").exit_code == 0


def test_a_file_that_no_build_wrote_is_left_alone(pack: Path) -> None:
    """A stranger's file in the way is refused, not replaced."""
    path = pack / "output/python/k/good.py"
    path.parent.mkdir(parents=True)
    path.write_text("mine\n", encoding="utf-8")
    result = run("build")
    assert result.exit_code == 1
    assert "was not written by a build" in result.stderr
    assert path.read_text(encoding="utf-8") == "mine\n"


def test_a_rule_that_fails_today_keeps_its_old_output(pack: Path) -> None:
    """The outputs of a rule that cannot be read or compiled any more stay, byte for byte."""
    assert run("build").exit_code == 0
    before = outputs(pack)
    good = (pack / "rules/k/good.yml").read_text(encoding="utf-8")
    for broken in (good.replace("verb: create", "verb|contain: create"), good.replace("title:", "\ttitle:"), ""):
        (pack / "rules/k/good.yml").write_text(broken, encoding="utf-8")
        result = run("build")
        assert result.exit_code == 3
        assert outputs(pack) == before
    (pack / "rules/k/good.yml").write_text(good.replace("verb: create", "verb|contain: create"), encoding="utf-8")
    assert "stale" in run("build").stderr
    (pack / "rules/k/good.yml").write_text(good, encoding="utf-8")
    assert run("build", "--check").exit_code == 0


def test_an_output_whose_rule_is_gone_is_removed(pack: Path) -> None:
    """Only what a build wrote, and only when its rule is gone."""
    shutil.copy(ROOT / "rules/kubernetes/audit/secrets_read.yml", pack / "rules/k/other.yml")
    run("build")
    (pack / "output/elastic/k/note.txt").write_text("mine", encoding="utf-8")
    (pack / "rules/k/other.yml").unlink()
    assert run("build", "--check").exit_code == 1
    assert (pack / "output/elastic/k/other.toml").is_file()
    assert run("build").exit_code == 0
    assert not (pack / "output/elastic/k/other.toml").exists()
    assert (pack / "output/elastic/k/note.txt").is_file()
    assert built(pack) == set(TARGETS)


@pytest.mark.parametrize("content", ["", "[]", '{"../x": {"sha256": "", "rule": "", "status": ""}}', '{"k": 1}', "[" * 100_000])
def test_a_damaged_manifest_stops_the_build(pack: Path, content: str) -> None:
    """A manifest that a build cannot trust is exit 4, and nothing is removed or written."""
    run("build")
    before = outputs(pack)
    (pack / "output/elastic/.manifest.json").write_text(content, encoding="utf-8")
    result = run("build")
    assert result.exit_code == 4
    assert "damaged" in result.stderr
    assert outputs(pack) == before


@pytest.mark.parametrize(
    "arguments",
    [["check", "--output-format", "xml"], ["build", "-t", "qradar"], ["build", "--allow", "all"], ["chek"], ["check", "--select", "X1"]],
)
def test_wrong_usage(pack: Path, arguments: list[str]) -> None:
    """Unknown formats, targets, directions, commands and codes are exit 2."""
    assert run(*arguments).exit_code == 2
