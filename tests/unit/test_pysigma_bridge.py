"""A backend of pySigma's as a target: its query, its errors, its plugins, whatever they do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from converter.cli import cli
from converter.targets.pysigma import plugins as found

RULE = """\
title: {title}
id: {id}
status: test
description: A rule of the tests.
author: the tests
date: 2026-01-02
license: Apache-2.0
logsource: {{product: windows, category: process_creation}}
detection:
  selection:
    Image|endswith: \\cmd.exe
    {item}
  condition: selection
level: low
"""
A, B, C = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


def rule(title: str, id_: str, item: str) -> str:
    return RULE.format(title=title, id=id_, item=item)


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty pack as the working directory."""
    (tmp_path / "rules").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_and_documents_become_text_files(pack: Path) -> None:
    """Each rule of each file is one query, and its status is unknown, which naming the target allows."""
    (pack / "rules/two.yml").write_text(rule("One", A, "User: a") + "---\n" + rule("Two", B, "User: b"), "utf-8")
    (pack / "rules/third.yml").write_text(rule("Three", C, "CommandLine|contains: x"), "utf-8")
    done = run("build", "-t", "pysigma-splunk", "--report", "report.json")
    assert done.exit_code == 0, done.output
    texts = {path.name: path.read_text("utf-8") for path in (pack / "output/pysigma-splunk").glob("*.txt")}
    assert texts == {
        "two.txt": 'Image="*\\\\cmd.exe" User="a"\n',
        "two_2.txt": 'Image="*\\\\cmd.exe" User="b"\n',
        "third.txt": 'Image="*\\\\cmd.exe" CommandLine="*x*"\n',
    }
    results = json.loads((pack / "report.json").read_text("utf-8"))["results"]
    assert [(one["status"], one["language"]) for one in results] == [("unknown", "splunk")] * 3


def test_a_pipeline_of_one_rule_does_not_reach_the_next(pack: Path) -> None:
    """Rules, pipelines and backends are fresh for each rule: a second target sees the rule's own names."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User: a"), "utf-8")
    done = run("build", "-t", "pysigma-splunk", "-t", "pysigma-splunk_spl2", "-p", "splunk_cim")
    assert done.exit_code == 0, done.output
    assert 'Processes.user="a"' in (pack / "output/pysigma-splunk/a.txt").read_text("utf-8")
    assert "Processes" not in run("convert", "rules/a.yml", "-t", "pysigma-splunk").stdout


def test_an_error_costs_one_rule_and_has_its_place(pack: Path) -> None:
    """What pySigma raises for one rule is told at the item, with its text; the others are written."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User|expand: '%admins%'"), "utf-8")
    (pack / "rules/b.yml").write_text(rule("Two", B, "User: b"), "utf-8")
    done = run("build", "-t", "pysigma-splunk")
    assert done.exit_code == 1, done.output
    assert "error[T503]: pysigma-splunk: " in done.stderr
    assert "admins" in done.stderr
    assert "--> rules/a.yml:" in done.stderr
    assert [path.name for path in (pack / "output/pysigma-splunk").glob("*.txt")] == ["b.txt"]


def test_a_placeholder_that_we_have_no_value_for_is_left_to_the_pipeline(pack: Path) -> None:
    """A rule that has no meaning without a pipeline is built with one, and the build is clean."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User|expand: '%admins%'"), "utf-8")
    (pack / "p.yml").write_text("vars: {admins: [alice, bob]}\ntransformations: [{type: value_placeholders}]\n", "utf-8")
    done = run("build", "-t", "pysigma-splunk", "-t", "python", "-p", "p.yml")
    assert done.exit_code == 0, done.output
    assert 'User IN ("alice", "bob")' in (pack / "output/pysigma-splunk/a.txt").read_text("utf-8")
    assert "alice" in (pack / "output/python/a.py").read_text("utf-8")
    assert run("build", "-t", "python").exit_code == 3


def test_what_is_beyond_a_bound_is_not_left_to_pysigma(pack: Path) -> None:
    """A value that windash would write in a million ways is refused here: pySigma would try."""
    (pack / "rules/a.yml").write_text(rule("One", A, "CommandLine|windash|contains: '" + " -a" * 30 + "'"), "utf-8")
    done = run("build", "-t", "pysigma-splunk")
    assert (done.exit_code, "error[M012]" in done.stderr) == (3, True)


def test_options_go_to_the_backend(pack: Path) -> None:
    """``format`` chooses the output, the others are the backend's; a format that it lacks is wrong usage."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User: a"), "utf-8")
    done = run("convert", "rules/a.yml", "-t", "pysigma-splunk", "-O", "format=savedsearches", "-O", "min_time=-7d")
    assert "dispatch.earliest_time = -7d" in done.stdout
    wrong = run("convert", "rules/a.yml", "-t", "pysigma-splunk", "-O", "format=nope")
    assert (wrong.exit_code, "savedsearches" in wrong.stderr) == (2, True)
    assert run("convert", "rules/a.yml", "-t", "pysigma-splank").exit_code == 2


def test_a_rule_can_be_kept_from_a_backend(pack: Path) -> None:
    """``enabled: false`` with a reason stands in the rule, and is no failure."""
    own = "x-converter: {targets: {pysigma-splunk: {enabled: false, reason: its own rule covers this}}}\n"
    (pack / "rules/a.yml").write_text(rule("One", A, "User: a") + own, "utf-8")
    done = run("build", "-t", "pysigma-splunk", "-t", "pysigma-splunk_spl2")
    assert done.exit_code == 0, done.output
    assert [path.parent.name for path in (pack / "output").rglob("*.txt")] == ["pysigma-splunk_spl2"]


def test_what_was_not_read_is_not_verified(pack: Path) -> None:
    """``verify`` has no reading of a foreign query and claims nothing of it."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User: a"), "utf-8")
    run("build", "-t", "pysigma-splunk")
    assert "0 of 1 outputs mean their rules on every event; 1 were not read" in run("verify", "-t", "pysigma-splunk").stderr
    assert "not known" in run("targets", "pysigma-splunk").stdout


BASE = "from sigma.backends.splunk.splunk import SplunkBackend as _S\n"
PLAIN = BASE + "class {name}Backend(_S):\n    name = 'a stranger'\n    formats = {{'default': 'x'}}\n"
PLUGINS = {
    "good": PLAIN.format(name="Good"),
    "raising": "raise ImportError('no such library')\n",
    "leaving": "raise SystemExit(3)\n",
    "twice_a": PLAIN.format(name="Twice"),
    "twice_b": PLAIN.format(name="Twice"),
    "stubborn": PLAIN.format(name="Stubborn") + "    def __init__(self, *a, **k):\n        raise RuntimeError('not today')\n",
    "odd": PLAIN.format(name="Odd") + "    def convert(self, rules, form=None):\n        print('noise')\n"
    "        title = rules.rules[0].title\n"
    "        return {'Number': 7, 'Empty': [], 'Map': {'a': 1}, 'Maps': [{'a': 1}, {'b': 2}]}[title]\n",
    "bare": PLAIN.format(name="Bare") + "    def convert(self, rules, form=None):\n        raise Exception()\n",
}


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Backends of strangers beside the installed ones, each broken in a way of its own."""
    import sigma.backends

    folder = tmp_path / "elsewhere/sigma/backends"
    for name, text in PLUGINS.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(text, "utf-8")
    monkeypatch.setattr(sigma.backends, "__path__", [*sigma.backends.__path__, str(folder)])
    found.plugins.cache_clear()
    yield
    found.plugins.cache_clear()
    for name in PLUGINS:
        sys.modules.pop(f"sigma.backends.{name}", None)


@pytest.mark.usefixtures("foreign")
def test_broken_plugins_cost_only_themselves(pack: Path) -> None:
    """One that cannot be imported, leaves the process, clashes or cannot be constructed is told and left out."""
    (pack / "rules/a.yml").write_text(rule("One", A, "User: a"), "utf-8")
    listed = run("targets")
    assert listed.exit_code == 0
    assert "pysigma-good" in listed.stdout
    assert "pysigma-splunk" in listed.stdout
    for name in ("raising", "leaving", "twice", "stubborn"):
        assert f"pysigma-{name}" not in listed.stdout
        assert name in listed.stderr
    assert listed.stderr.count("warning[T501]") == 4
    built = run("build", "-t", "pysigma-good", "-t", "pysigma-splunk")
    assert built.exit_code == 0, built.output
    for name in ("raising", "twice", "stubborn"):
        asked = run("convert", "rules/a.yml", "-t", f"pysigma-{name}")
        assert (asked.exit_code, asked.stdout) == (4, ""), name


@pytest.mark.usefixtures("foreign")
def test_odd_answers_are_text_or_refused(pack: Path) -> None:
    """Maps are written as JSON, no query and no text are refused, and what a backend prints is no product of ours."""
    titles = {"Number": None, "Empty": None, "Map": '{"a": 1}\n', "Maps": '{"a": 1}\n{"b": 2}\n'}
    for number, (title, wanted) in enumerate(titles.items()):
        (pack / f"rules/{title}.yml").write_text(rule(title, A[:-1] + str(number), "User: a"), "utf-8")
        done = run("convert", f"rules/{title}.yml", "-t", "pysigma-odd")
        assert done.stdout == (wanted or ""), title
        assert (done.exit_code, "T504" in done.stderr) == ((0, False) if wanted else (1, True)), title
    done = run("convert", "rules/Map.yml", "-t", "pysigma-bare")
    assert (done.exit_code, "error[T503]: pysigma-bare: " in done.stderr) == (1, True)


def test_names_are_pysigmas() -> None:
    """Backends have the names that pySigma's own discovery gives them."""
    from sigma.plugins import InstalledSigmaPlugins

    theirs = InstalledSigmaPlugins.autodiscover(include_pipelines=False, include_validators=False).backends
    own = {"falco", "kuery", "converter_splunk", "converter_python"}
    assert set(found.plugins().backends) == {
        name for name in theirs if name not in own and not name.startswith(("text_query_test", "mandatory"))
    }
    for name in ("SplunkSPL2Backend", "LuceneBackend", "ESQLBackend", "AzureKQLBackend", "lower", "Base_Backend", "HTTP2ServerBackend"):
        kind = type(name, (), {})
        assert found.identifier(kind) == InstalledSigmaPlugins._get_backend_identifier(kind, "none"), name  # type: ignore[arg-type]
