"""python-package: one package to install, whose match_all answers as the rules do."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.ir import evaluate
from converter.languages import python
from converter.model import Fidelity
from converter.pack import Loaded, Outcome, RuleFile, compile_rule, load_bytes, load_pack
from converter.targets import target

ROOT = Path(__file__).resolve().parent.parent.parent


def written(outcomes: list[Outcome], folder: Path, **options: str) -> Path:
    """Write the package of these rules and return its folder."""
    done = [one for one in outcomes if one.allowed and one.compilation]
    compilations = [one.compilation for one in done if one.compilation]
    for file in target("python-package").package(compilations, [one.loaded.output for one in done], options):
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(file.data)
    return folder


@pytest.fixture(scope="module")
def rules() -> list[Loaded]:
    """The shipped rules."""
    return list(load_pack([ROOT / "rules"]).rules)


@pytest.fixture(scope="module")
def folder(rules: list[Loaded], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the shipped rules."""
    outcomes = [compile_rule(one, target("python"), {}, frozenset()) for one in rules]
    return written(outcomes, tmp_path_factory.mktemp("package"), package="shipped_rules")


@pytest.fixture
def package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The package, imported."""
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("shipped_rules")
    for name in [name for name in sys.modules if name.startswith("shipped_rules")]:
        del sys.modules[name]


def test_match_all_answers_as_the_rules_do(rules: list[Loaded], package: ModuleType) -> None:
    """For each test event of the pack the matches are those of the oracle, in the order of the rules."""
    known = {row[0].RULE["id"] for row in package.RULES}
    events = [one["event"] for loaded in rules for one in loaded.rule.converter.get("tests", ()) if "event" in one]
    assert len(events) >= 20
    matched = 0
    for event in events:
        wanted = [one.rule.id for one in rules if one.rule.id in known and one.tree is not None and evaluate(one.tree, event)]
        assert [match["id"] for match in package.match_all(event)] == wanted
        matched += len(wanted)
    assert matched >= 10


def test_a_match_is_what_is_known_of_the_rule(rules: list[Loaded], package: ModuleType) -> None:
    """Title, author and licence stand in every match; changing a match changes no rule."""
    event = next(one["event"] for one in rules[0].rule.converter["tests"] if one.get("match"))
    first = next(match for match in package.match_all(event) if match["id"] == rules[0].rule.id)
    assert (first["title"], first["author"], first["license"]) == (rules[0].rule.title, rules[0].rule.author, rules[0].rule.license)
    first["title"] = "changed"
    assert package.match_all(event)[0]["title"] != "changed"


def test_a_log_source_asks_its_rules_alone(rules: list[Loaded], package: ModuleType) -> None:
    """A caller who says where an event comes from gets no match of another source; case does not matter."""
    event = next(one["event"] for one in rules[0].rule.converter["tests"] if one.get("match"))
    source = rules[0].rule.logsource
    named = {"category": source.category.upper(), "product": source.product.upper(), "service": source.service.upper()}
    assert rules[0].rule.id in [match["id"] for match in package.match_all(event, **named)]
    assert package.match_all(event, product="no such product") == []


def test_the_modules_are_those_of_the_target(rules: list[Loaded], folder: Path) -> None:
    """Byte for byte what the target python writes, which verify reads."""
    outcomes = [compile_rule(one, target("python"), {}, frozenset()) for one in rules]
    done = [one.compilation for one in outcomes if one.allowed and one.compilation]
    alone = {one.data for one in target("python").package(done, [str(number) for number in range(len(done))], {})}
    modules = {path.read_bytes() for path in (folder / "shipped_rules" / "rules").glob("*.py") if path.name != "__init__.py"}
    assert modules == alone
    assert all(isinstance(python.read(one, "m.py"), python.Module) for one in modules)


def test_nothing_is_evaluated(folder: Path) -> None:
    """No file of the package calls eval, exec, compile, open or an import by text, and none imports more than it may."""
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not names & {"eval", "exec", "compile", "open", "__import__", "globals", "getattr"}, path
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert imported <= {"re", "ipaddress"}, path
        froms = {(node.module, node.level) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert froms <= {("__future__", 0), (None, 1)}, path


PATHS = ("a/b", "a_b", "A/b", "import", "1st", "é", "…", "a b.c", "match_all", "rules", "x" * 300, "list", "/", "__init__")


@settings(max_examples=40, deadline=None)
@given(paths=st.lists(st.sampled_from(PATHS), min_size=1, max_size=6))
def test_any_paths_make_a_package(paths: list[str]) -> None:
    """Paths that are no names, or one name, become modules that Python imports, each its own."""
    outcomes = []
    for number, _ in enumerate(paths):
        rule = {
            "title": f"Rule {number}", "id": f"00000001-0000-4000-8000-{number:012x}", "logsource": {"product": "x"},
            "detection": {"selection": {"a": number}, "condition": "selection"},
        }  # fmt: skip
        loaded, _ = load_bytes(yaml.safe_dump(rule).encode(), RuleFile(Path("r.yml"), "r.yml", "r"))
        outcomes.append(compile_rule(loaded[0], target("python"), {}, frozenset(Fidelity)))
    files = target("python-package").package([one.compilation for one in outcomes if one.compilation], paths, {})
    names = [file.path for file in files]
    assert len({name.lower() for name in names}) == len(names) == len(paths) + 4
    modules = [Path(name).stem for name in names[4:]]
    assert all(name.isidentifier() and name.isascii() and len(name) < 150 for name in modules)
    init = ast.parse(files[0].data)
    table = next(one.value for one in init.body if isinstance(one, ast.Assign))
    assert isinstance(table, ast.Tuple)
    assert [row.elts[0].attr for row in table.elts] == modules  # type: ignore[attr-defined]


def test_a_package_of_hostile_paths_runs(tmp_path: Path) -> None:
    """Modules of builtins' and keywords' names do not get in the way."""
    outcomes = []
    for number, path in enumerate(PATHS):
        rule = {"title": path[:200], "logsource": {"product": "x"}, "detection": {"selection": {"a": "b"}, "condition": "selection"}}
        rule["id"] = f"00000001-0000-4000-8000-{number:012x}"
        loaded, _ = load_bytes(yaml.safe_dump(rule).encode(), RuleFile(Path("r.yml"), "r.yml", path))
        outcomes.append(compile_rule(loaded[0], target("python"), {}, frozenset(Fidelity)))
    written(outcomes, tmp_path)
    code = "import json, detection_rules; print(json.dumps([match['title'] for match in detection_rules.match_all({'a': 'B'})]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [path[:200] for path in PATHS]


@pytest.mark.slow
def test_pip_installs_it(folder: Path, rules: list[Loaded], tmp_path: Path) -> None:
    """In a fresh environment, with hatchling from this one: nothing is fetched."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    venv.create(tmp_path / "env", with_pip=True)
    python_ = tmp_path / "env" / "bin" / "python"
    words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", str(folder)]
    subprocess.run([python_, *words], check=True, capture_output=True, env={"PYTHONPATH": site, "PATH": "/usr/bin:/bin"})
    event = next(one["event"] for one in rules[0].rule.converter["tests"] if one.get("match"))
    code = f"import shipped_rules; print([match['id'] for match in shipped_rules.match_all({event!r})])"
    done = subprocess.run([python_, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path, env={})
    assert rules[0].rule.id in ast.literal_eval(done.stdout)


def test_pyproject_names_the_package(folder: Path) -> None:
    """The project builds the package and nothing else."""
    import tomllib

    project: Any = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "detection-rules"
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["shipped_rules"]
