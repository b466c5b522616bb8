"""Seeded bugs: a copy of the package, or of its printer, broken in one line, must answer otherwise than its tables or rules say."""

from __future__ import annotations

import importlib
import itertools
import shutil
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from converter.data import Binding, Field, Source
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Shape,
    Text,
    evaluate,
)
from converter.ir import parts_of as parts
from converter.languages import esql
from converter.model import Diagnostic, LogSource, Rule
from converter.model import Source as RuleText
from converter.targets import ResolvedRule
from converter.targets.contract import Detection, Inexpressible, tables
from converter.targets.elastic import esql as printer
from tests.languages.esql import test_esql_cases as table
from tests.noticed import refutes

ROOT = Path(__file__).parents[3]
COUNT = itertools.count()
READER, PRINTER = (
    tomllib.loads((Path(__file__).parent / "seeded" / f"{name}.toml").read_text(encoding="utf-8"))["bug"] for name in ("reader", "printer")
)


@contextmanager
def copied(package: str, module: str, sound: str, broken: str, folder: Path) -> Iterator[ModuleType]:
    """Import a copy of a package under another name, one line of it broken."""
    name = f"broken_esql_{next(COUNT)}"
    shutil.copytree(ROOT / Path(*package.split(".")), folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / name).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.stem == module:
            assert text.count(sound) == 1, (text.count(sound), sound)
            text = text.replace(sound, broken)
        path.write_text(text.replace(package, name), encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for one in [one for one in sys.modules if one == name or one.startswith(f"{name}.")]:
            del sys.modules[one]


def test_tables_pass(tmp_path: Path) -> None:
    """A copy without a bug fails nothing, so that what fails below is the bug."""
    with copied("converter.languages.esql", "problem", "SIZE: Final", "SIZE: Final", tmp_path) as copy:
        assert _failing(copy) == []


def _failing(package: Any) -> list[str]:
    found = []
    for stem, check in (("grammar", table.check_grammar), ("commands", table.check_commands), ("conditions", table.check_conditions)):
        for case in table.TABLES[stem]["case"]:
            if refutes(lambda check=check, case=case: check(case, package)):
                found.append(f"{stem}/{case['name']}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("bug", [pytest.param(one, id=one["what"]) for one in READER])
def test_seeded_bugs_of_the_reader(bug: dict[str, str], tmp_path: Path) -> None:
    """A bug makes a row of the tables say that the answer is wrong."""
    with copied("converter.languages.esql", bug["module"], bug["sound"], bug["broken"], tmp_path) as copy:
        assert _failing(copy), bug["what"]


FIELDS = {"s": ("keyword", False), "t": ("keyword", False), "l": ("keyword", True), "n": ("long", False), "m": ("long", True),
          "b": ("boolean", False), "ip": ("ip", False), "a-b": ("keyword", False)}  # fmt: skip
BINDINGS = {name: Binding(Field(name, kind), name, kind, many) for name, (kind, many) in FIELDS.items()}
MAPPINGS = {"properties": {name: {"type": kind} for name, (kind, _) in FIELDS.items()}}
RULE = Rule(RuleText("rule.yml", ""), "A rule", "11111111-2222-3333-4444-555555555555", LogSource("", "", ""), {}, taxonomy="ecs")
LOG = Source("", "", {}, {"elastic": {"index": ["logs-*"]}})
EVENTS: list[dict[str, Any]] = [
    {}, {"s": "abc", "t": "ABC", "l": ["xa", "Bx"], "n": 5, "m": [1, 9], "b": True, "ip": "10.0.0.1"}, {"s": "ABC", "t": "b", "l": "a"},
    {"s": "a*c"}, {"s": 'say "x" \\ y'}, {"s": "b", "t": "abc", "n": 4, "m": 4, "b": False, "ip": "8.8.8.8"}, {"s": "ΑΣ", "a-b": "x"},
    {"l": ["b", "za"], "m": [7, 8], "n": 6}, {"s": "xabcx", "t": "x"}, {"s": "abx"}, {"s": "abcx", "t": "abc"},
]  # fmt: skip


def t(field: str, text: str, *, cased: bool = False) -> FieldMatch:
    return FieldMatch(field, Text(parts(text), cased))


TREES: list[Node] = [
    t("s", "abc"), t("s", "ABC"), t("s", "ABC", cased=True), t("s", "a*"), t("s", "*b*"), t("s", r"a\*c"), t("s", "*\"x\" \\\\*"),
    t("s", "say \"x\" \\\\ y"), t("s", "ας"), t("a-b", "x"), t("l", "bx"), t("l", "*x*"), t("l", "a*"), t("l", "*a"),
    Not(t("s", "abc")), Not(t("l", "a*")),
    Not(Or((t("s", "abc"), t("t", "b")))), Not(And((t("s", "abc"), t("t", "abc")))), Not(And((t("s", "a*"), t("s", "*c")))),
    Or((t("s", "abc"), t("s", "b"), t("s", "x"))), Or((t("s", "b"), And((t("s", "a*"), t("t", "abc"))))),
    And((t("s", "*b*"), Or((t("t", "abc"), t("t", "b"))))), Not(Not(t("s", "abc"))), Not(Not(Or((t("s", "abc"), t("t", "b"))))),
    FieldMatch("s", Null()), Not(FieldMatch("s", Null())), Not(FieldMatch("s", Exists(True))), FieldMatch("s", Exists(True)),
    FieldMatch("n", Number(5)), FieldMatch("m", Number(9)), FieldMatch("n", Compare("gte", 5)), FieldMatch("m", Compare("lt", 5)),
    FieldMatch("m", Compare("gt", 8)), FieldMatch("b", Boolean(True)), FieldMatch("ip", Cidr("10.0.0.0/8")),
    FieldMatch("s", Regex("b")), FieldMatch("s", FieldRef("t")), FieldMatch("s", FieldRef("t", Shape.CONTAINS)),
    FieldMatch("s", FieldRef("t", Shape.STARTSWITH)), Not(FieldMatch("s", FieldRef("t"))), Not(FieldMatch("n", Compare("lt", 6))),
]  # fmt: skip


def _departing(package: Any) -> list[Node]:
    """Return the trees whose text, in the printer's own words exact or wider, is not read or answers otherwise."""
    found = []
    for tree in TREES:
        resolved = ResolvedRule(RULE, Detection(tree), LOG, {}, BINDINGS)
        try:
            text, _ = package.query(resolved, tree, tables("elastic")["esql"])
            query = esql.read(text)
            answers = query if isinstance(query, Diagnostic) else esql.found(query, EVENTS, MAPPINGS)
        except Inexpressible:
            answers = RULE.source.start  # type: ignore[assignment]
        if answers != [evaluate(tree, event) for event in EVENTS]:
            found.append(tree)
    return found


def test_printer_is_sound() -> None:
    """Without a bug every tree of the list is printed exactly."""
    assert _departing(printer) == []


@pytest.mark.slow
@pytest.mark.parametrize("bug", [pytest.param(one, id=one["what"]) for one in PRINTER])
def test_seeded_bugs_of_the_printer(bug: dict[str, str], tmp_path: Path) -> None:
    """A bug makes a text answer otherwise than its rule."""
    with copied("converter.targets.elastic.esql", bug["module"], bug["sound"], bug["broken"], tmp_path) as copy:
        assert _departing(copy), bug["what"]
