"""A rule's Python module is admitted construct by construct, and runs in a bounded child only then."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import converter.languages.python as package
from converter.languages.python import Module, read, run
from converter.languages.python.facts import facts
from converter.model import Diagnostic

HEAD = "from __future__ import annotations\n"
SOUND = HEAD + "def match(event: dict[str, object]) -> bool:\n    return event.pop('verb') == 'get'\n"


def _in_match(body: str) -> str:
    return HEAD + "def match(event):\n" + "".join(f"    {line}\n" for line in body.split("\n"))


FOREIGN = [
    ("import os\n" + SOUND, "R263", 1, 1),
    ("import re as open\n" + SOUND, "R263", 1, 1),
    ("from os import system\n" + SOUND, "R263", 1, 1),
    (SOUND + "print(1)\n", "R262", 4, 1),
    (SOUND + "X = open('x')\n", "R262", 4, 5),
    (SOUND + "__builtins__ = 1\n", "R263", 4, 1),
    (SOUND + "class A:\n    pass\n", "R262", 4, 1),
    (SOUND + "@all\ndef f(x):\n    return x\n", "R262", 5, 1),
    (SOUND + "def f(x=all([])):\n    return x\n", "R262", 4, 9),
    (SOUND + "def f(x: open('x')):\n    return x\n", "R263", 4, 10),
    (SOUND + "def f(x) -> __import__('os').system('x'):\n    return x\n", "R263", 4, 13),
    (SOUND + SOUND[len(HEAD) :], "R262", 2, 1),
    (_in_match("open('x')\nreturn True"), "R263", 3, 5),
    (_in_match("return getattr(event, 'x')"), "R263", 3, 12),
    (_in_match("return event.__class__"), "R263", 3, 12),
    (_in_match("'é'; return ().__class__"), "R263", 3, 17),
    (_in_match("return 'é' == ''.format(event)"), "R263", 3, 19),
    (_in_match("import os\nreturn True"), "R262", 3, 5),
    (_in_match("global x\nreturn True"), "R262", 3, 5),
    (_in_match("return (lambda: 1)()"), "R262", 3, 12),
    (_in_match("return f'{event}'"), "R262", 3, 12),
    (_in_match("return 9 ** 9"), "R262", 3, 12),
    (_in_match("return (yield)"), "R262", 3, 13),
    (_in_match("with event as x:\n    return True"), "R262", 3, 5),
    (_in_match("del event"), "R262", 3, 5),
    (_in_match("event.x = 1\nreturn True"), "R263", 3, 5),
    (_in_match("re = 1\nreturn True"), "R263", 3, 5),
    (_in_match("try:\n    return True\nexcept:\n    return False"), "R262", 5, 5),
    (_in_match("return [x := 1]"), "R262", 3, 13),
    (_in_match("return all[0](event)"), "R262", 3, 12),
    (HEAD + "def other(event):\n    return True\n", "R264", 1, 1),
    (HEAD + "def match():\n    return True\n", "R264", 2, 1),
    ("def match(event:\n", "R260", 1, 10),
    ("", "R264", 1, 1),
    ("x = '\0'", "R260", 1, 1),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), FOREIGN, ids=[f"{index}-{row[1]}" for index, row in enumerate(FOREIGN)])
def test_foreign_construct_is_refused_with_its_place(text: str, code: str, line: int, column: int) -> None:
    """What no rule's module holds is refused at its place, and not run."""
    found = read(text.encode(), "m.py")
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == (code, line, column)
    assert run(text.encode(), [{}], "m.py") == found


NESTED = ["[", "(", "{", "not ", "-", "~", "lambda:", "1 if 1 else ", "1**", "1+", "x.", "x[", "await ", "f(", "if 1:\n", "*"]


@pytest.mark.parametrize("piece", NESTED)
def test_deep_nesting_is_refused(piece: str) -> None:
    """However deep a module nests, it is refused and nothing crashes."""
    found = read((piece * 50_000 + "1").encode(), "m.py")
    assert isinstance(found, Diagnostic)
    assert found.code in ("R260", "R261")


def test_unreadable_bytes_are_refused() -> None:
    """Bytes that are no UTF-8, or too many, are told."""
    codes = [found.code for data in (b"\xff", b"#" * (9 << 20)) if isinstance(found := read(data, "m.py"), Diagnostic)]
    assert codes == ["R260", "R261"]


def test_sound_module_runs() -> None:
    """A module answers for each event, without environment; constants and both imports are admitted."""
    module = "'''Text.'''\nimport re\nimport ipaddress\nA = ('x', -1)\n" + SOUND[len(HEAD) :]
    assert isinstance(read(module.encode(), "m.py"), Module)
    assert run(module.encode(), [{"verb": "get"}, {"verb": "list"}], "m.py") == [True, False]


FAILS = [
    ("while True:\n    event = event", "R266"),
    ("return event['nothing']", "R267"),
    ("found = ['x']\nwhile True:\n    found.extend(found)", "R267"),
    ("return match(event)", "R267"),
    ("return 1", "R268"),
    ("return", "R268"),
]


@pytest.mark.parametrize(("body", "code"), FAILS)
def test_failing_module_is_told(body: str, code: str) -> None:
    """A module that hangs, raises, fills memory, or does not answer with a truth value is told, never believed."""
    found = run(_in_match(body).encode(), [{}], "m.py", seconds=1 if code == "R266" else 20)
    assert isinstance(found, Diagnostic)
    assert found.code == code


def test_nothing_is_admitted_without_need() -> None:
    """Each construct, name and attribute that is admitted stands in the code that the target emits."""
    snippets = Path(package.__file__).parents[2] / "targets" / "python" / "snippets"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(snippets.glob("*.py")))
    nodes = list(ast.walk(ast.parse("x = f(True and not x or -1, cased=True)\n" + text)))
    kinds = {type(node).__name__ for node in nodes}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert set(facts()["expressions"]) | set(facts()["function"]) <= kinds
    assert set(facts()["builtins"]) <= names
    assert set(facts()["attributes"]) <= attributes
