"""The rules of ARCHITECTURE.md, as tests."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "converter").rglob("*.py"))
LONG_FILES: dict[str, str] = {}
"""Files over 400 lines, each with its reason."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions over 60 lines, each with its reason."""


def test_files_stay_short() -> None:
    """A module has at most 400 lines, or a reason here."""
    long = {path.relative_to(ROOT).as_posix() for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 400}
    assert long == set(LONG_FILES)


def test_functions_stay_short() -> None:
    """A function has at most 60 lines, or a reason here."""
    long = set()
    for path in SOURCES:
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(item, ast.FunctionDef) and (item.end_lineno or 0) - item.lineno + 1 > 60:
                long.add(f"{path.relative_to(ROOT).as_posix()}:{item.name}")
    assert long == set(LONG_FUNCTIONS)


def _node_fields() -> set[str]:
    """Return the field names of all classes that the ``node`` decorator makes."""
    return {
        line.target.id
        for path in SOURCES
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(item, ast.ClassDef) and any(isinstance(one, ast.Name) and one.id == "node" for one in item.decorator_list)
        for line in item.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def test_nodes_are_never_changed() -> None:
    """Nodes are frozen by agreement: nobody assigns to a field of theirs from outside."""
    # The YAML reader's maps have offsets too, and Falco's reader has groups that it turns round while it reads.
    # pySigma's detection items have a source, which we set, Jinja's environment filters; readers know what they read, and where (at).
    fields = _node_fields() - {"offsets", "negated", "source", "filters", "read", "at"}
    assert {"children", "child", "field", "test", "parts"} <= fields
    found = []
    for path in SOURCES:
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = item.targets if isinstance(item, ast.Assign) else [item.target] if isinstance(item, ast.AugAssign) else []
            for target in targets:
                own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
                if isinstance(target, ast.Attribute) and target.attr in fields and not own:
                    found.append(f"{path.name}:{item.lineno}: {ast.unparse(target)}")
    assert found == []


def test_pysigma_is_imported_where_it_may_be() -> None:
    """Only lowering, the pySigma target and the adapters know pySigma."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if re.search(r"^\s*(from|import) sigma\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    users = {one for one in users if not one.startswith(("converter/targets/pysigma/", "converter/adapters/"))}
    assert users <= {"converter/ir/lower.py", "converter/ir/values.py"}


def test_evaluators_stand_alone() -> None:
    """A language's evaluator uses neither our nodes nor another language; what an engine's languages share uses none of them."""
    engine = "elasticsearch"
    for path in (ROOT / "converter" / "languages").rglob("*.py"):
        own = path.relative_to(ROOT / "converter" / "languages").parts[0]
        for module in re.findall(r"^\s*(?:from|import) (converter[\w.]*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            other = module.startswith("converter.languages.") and module.split(".")[2] not in (own, engine)
            nodes = module.startswith("converter.ir") and "to_sigma" not in (path.stem, path.parent.name)
            assert not other, f"{path} imports {module}"
            assert not nodes, f"{path} imports {module}"


def test_targets_stand_alone() -> None:
    """Targets import neither each other, nor languages, nor readers."""
    for path in (ROOT / "converter" / "targets").glob("*/**/*.py"):
        own = path.relative_to(ROOT / "converter" / "targets").parts[0]
        for module in re.findall(r"^\s*(?:from|import) (converter[\w.]*)", path.read_text(encoding="utf-8"), re.MULTILINE):
            foreign = module.startswith("converter.targets.") and module.split(".")[2] not in (own, "contract", "envelope")
            assert not foreign, f"{path} imports {module}"
            assert not module.startswith(("converter.languages", "converter.readers")), f"{path} imports {module}"


def test_the_map_is_true() -> None:
    """Every path in ARCHITECTURE.md's table exists, and the page stays within 120 lines."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    paths = [path for line in rows for path in re.findall(r"`((?:converter|rules|templates|tests|output|docs)/[\w./*-]*)`", line)]
    assert len(paths) >= 20
    assert [path for path in paths if not list(ROOT.glob(path.rstrip("/")))] == []


def test_decisions_are_numbered() -> None:
    """DECISIONS.md counts down without a gap, and each record has its parts."""
    text = (ROOT / "DECISIONS.md").read_text(encoding="utf-8")
    numbers = [int(number) for number in re.findall(r"^## (\d+)\.", text, re.MULTILINE)]
    assert numbers == list(range(len(numbers), 0, -1))
    for part in ("Context", "Decision", "Cost", "Rejected", "Check"):
        assert text.count(f"\n{part:10}") >= len(numbers), part


@pytest.mark.parametrize("name", ["make build", "make test"])
def test_readme_names_the_two_commands(name: str) -> None:
    """A newcomer finds both commands in the README."""
    assert name in (ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_names_this_workplace() -> None:
    """No file holds a registry's host or a path of the machine it was written on."""
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    hosts = re.compile(r"registry\.npm[j]s|[p]ypi\.org|python[h]osted|/wor[k]/|/roo[t]/|--find-link[s]|--index-ur[l]|/opt/whee[l]s")
    found = []
    for name in filter(None, files):
        path = ROOT / name
        if path.is_file() and hosts.search(path.read_text(encoding="utf-8", errors="replace")):
            found.append(name)
    assert found == []
