"""Read a rule's module: a closed set of constructs, with the place of the first that is foreign.

A module that this admits can compute, loop and build texts and lists; it
reaches no file, no process, no module but two, and no name that begins with
an underscore.  What it may still do is take long, which ``run`` bounds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from converter.languages.python.facts import facts
from converter.model import Diagnostic, Severity, Source, pack

MATCH: Final = "match"
"""The function that a module must have."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module that was admitted: its text and its functions' names."""

    source: Source
    functions: tuple[str, ...]


class ForeignError(Exception):
    """Raised within this package for what a module may not hold."""

    def __init__(self, code: str, node: ast.AST | None, message: str, help_text: str = "build it again") -> None:
        super().__init__(message)
        self.code, self.node, self.help = code, node, help_text


def read(data: bytes, path: str) -> Module | Diagnostic:
    """Return the module, or the first thing in it that a rule's module never holds (R260 to R264)."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Diagnostic("R260", Severity.ERROR, Source(path, "").start, "the file is not UTF-8", help="build it again")
    source = Source(path, text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        tree = _parsed(source, len(data))
        functions = _admitted(tree)
    except ForeignError as error:
        return Diagnostic(error.code, Severity.ERROR, source.span(_offsets(source, error.node)), str(error), help=error.help)
    return Module(source, functions)


def _parsed(source: Source, size: int) -> ast.Module:
    """Parse; the interpreter bounds nesting itself and says so in one of four ways."""
    if size > facts()["limits"]["bytes"]:
        raise ForeignError("R261", None, f"the module has more than {facts()['limits']['bytes']} bytes")
    try:
        return ast.parse(source.text, source.path)
    except SyntaxError as error:
        place = ast.Pass(lineno=error.lineno or 1, col_offset=max((error.offset or 1) - 1, 0), end_lineno=None, end_col_offset=None)
        raise ForeignError("R260", place, f"the file is not Python: {error.msg}") from None
    except ValueError as error:
        raise ForeignError("R260", None, f"the file is not Python: {error}") from None
    except (MemoryError, RecursionError):
        raise ForeignError("R261", None, "the module nests too deeply") from None


def _admitted(tree: ast.Module) -> tuple[str, ...]:
    body = tree.body
    if body and _is_text(body[0]):
        body = body[1:]
    imports = {alias.name for statement in body if isinstance(statement, ast.Import) for alias in statement.names}
    functions = [statement for statement in body if isinstance(statement, ast.FunctionDef)]
    defined = {one.name for one in functions} | imports | set(facts()["builtins"]) | set(_stored(body))
    for statement in body:
        _at_top(statement, functions, defined)
    wanted = next((one for one in functions if one.name == MATCH), None)
    if wanted is None or len(wanted.args.args) != 1 or wanted.args.vararg or wanted.args.kwonlyargs:
        raise ForeignError("R264", wanted, f"the module has no function {MATCH} of one event")
    return tuple(one.name for one in functions)


def _stored(body: list[ast.stmt]) -> Iterator[str]:
    return (target.id for one in body if isinstance(one, ast.Assign) for target in one.targets if isinstance(target, ast.Name))


def _at_top(statement: ast.stmt, functions: list[ast.FunctionDef], defined: set[str]) -> None:
    """Admit a statement of the module: an import, a constant, a function."""
    if type(statement).__name__ not in facts()["module"]:
        raise ForeignError("R262", statement, f"a rule's module holds no {_named(statement)} outside its functions")
    if isinstance(statement, ast.Import):
        _import(statement)
    elif isinstance(statement, ast.ImportFrom):
        if statement.module != "__future__" or [one.name for one in statement.names] != [facts()["future"]]:
            raise ForeignError("R263", statement, "a rule's module imports nothing from other modules")
    elif isinstance(statement, ast.Assign):
        _constant(statement)
    elif isinstance(statement, ast.FunctionDef):
        if sum(one.name == statement.name for one in functions) > 1:
            raise ForeignError("R262", statement, f"the function {statement.name} is defined twice")
        _function(statement, defined)


def _import(statement: ast.Import) -> None:
    for one in statement.names:
        if one.name not in facts()["imports"] or one.asname:
            raise ForeignError("R263", statement, f"a rule's module does not import {one.name}")


def _constant(statement: ast.Assign) -> None:
    """Admit ``NAME = literal``."""
    for target in statement.targets:
        if not isinstance(target, ast.Name):
            raise ForeignError("R262", target, "a module's constant has a plain name")
        _name(target, target.id)
    for node in ast.walk(statement.value):
        if not isinstance(node, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Load | ast.UnaryOp | ast.USub):
            raise ForeignError("R262", node, f"a module's constant holds no {_named(node)}")


def _function(function: ast.FunctionDef, defined: set[str]) -> None:
    if function.decorator_list or getattr(function, "type_params", None):
        raise ForeignError("R262", function, "a rule's function has no decorators and no type parameters")
    _name(function, function.name)
    local = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    local |= {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
    known = local | defined
    body = function.body[1:] if _is_text(function.body[0]) else function.body
    # Annotations too: without the future import the interpreter evaluates them.
    roots = [function.args, *([function.returns] if function.returns else []), *body]
    pending: list[tuple[ast.AST, ast.AST]] = [(root, function) for root in reversed(roots)]
    while pending:
        node, around = pending.pop()
        place = node if hasattr(node, "lineno") else around
        _node(node, known, place)
        pending += [(child, place) for child in reversed(list(ast.iter_child_nodes(node)))]


def _node(node: ast.AST, known: set[str], place: ast.AST) -> None:
    kind = type(node).__name__
    if kind not in facts()["expressions"] and kind not in facts()["function"]:
        raise ForeignError("R262", place, f"a rule's function holds no {_named(node)}")
    match node:
        case ast.Name(id=name):
            _name(node, name)
            if name not in known:
                raise ForeignError("R263", node, f"a rule's function does not use the name {name}")
        case ast.arg(arg=name):
            _name(node, name)
        case ast.arguments():
            foreign = next((one for one in [*node.defaults, *node.kw_defaults] if one and not isinstance(one, ast.Constant)), None)
            if foreign:
                raise ForeignError("R262", foreign, "a default is a literal")
        case ast.Attribute(attr=name):
            if name not in facts()["attributes"] or not isinstance(node.ctx, ast.Load):
                raise ForeignError("R263", node, f"a rule's function does not use the attribute {name}")
        case ast.Expr(value=value):
            if not isinstance(value, ast.Call):
                raise ForeignError("R262", node, "a rule's function holds no expression by itself")
        case ast.Call(func=func):
            if not isinstance(func, ast.Name | ast.Attribute):
                raise ForeignError("R262", node, "a rule's function calls named functions only")
        case ast.Try():
            if node.finalbody or node.orelse or len(node.handlers) != 1 or node.handlers[0].name:
                raise ForeignError("R262", node, "a rule's function catches one kind of error, without a name")
        case ast.ExceptHandler(type=None):
            raise ForeignError("R262", node, "a rule's function catches errors by their kind")
        case ast.AnnAssign():
            if not isinstance(node.target, ast.Name):
                raise ForeignError("R262", node, "an annotated value has a plain name")
        case _:
            pass


def _name(node: ast.AST, name: str) -> None:
    if name.startswith("_") or (name in facts()["imports"] and isinstance(getattr(node, "ctx", None), ast.Store)):
        raise ForeignError("R263", node, f"a rule's module does not use the name {name}")


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)


def _named(node: ast.AST) -> str:
    return type(node).__name__.lower()


def _offsets(source: Source, node: ast.AST | None) -> int:
    """Return where a node stands; columns of the parser count bytes."""
    line = getattr(node, "lineno", 0)
    if not line:
        return 0
    start = _offset(source.text, line, getattr(node, "col_offset", 0))
    end_line, end_column = getattr(node, "end_lineno", None), getattr(node, "end_col_offset", None)
    end = _offset(source.text, end_line, end_column) if end_line and end_column is not None else start + 1
    return pack(start, max(start, end))


def _offset(text: str, line: int, column: int) -> int:
    head = 0
    for _ in range(line - 1):
        head = text.find("\n", head) + 1
    tail = text.find("\n", head)
    content = text[head : tail if tail >= 0 else len(text)]
    return head + len(content.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
