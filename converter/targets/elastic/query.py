"""Elastic: print a resolved rule as KQL, in the subset that every known KQL parser reads alike.

Lower-case operators, every literal quoted unless it has a wildcard, no ``not``
inside a value list, parentheses around every mixed group.  KQL has neither
``?`` nor regular expressions nor a comparison without regard to case; a text
is asked of the field's caseless multi-field, in lower case, where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, assert_never

from converter.data import Binding
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Regex,
    Text,
    TimePart,
    Wild,
    feature_of_test,
    fits,
    fold,
    scalar_text,
)
from converter.targets.contract import ResolvedRule
from converter.targets.elastic.index import IGNORE_ABOVE, TEXTUAL, path_of
from converter.targets.elastic.losses import refused

_SPECIAL: Final = {ord(sign): f"\\{sign}" for sign in '\\():<>"*{}'}
_SPACE: Final = re.compile(r"\s")
_OPERATORS: Final = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
EVERYTHING: Final = "*:*"
"""The query of a rule whose filters say all of it."""


def query(resolved: ResolvedRule, parts: Sequence[Node]) -> str:
    """Return KQL of the log source's guard and these conjuncts, one a line.

    Raises:
        Inexpressible: for the first atom that KQL cannot say.
    """
    return joined(resolved, [operand(part, resolved) for part in parts])


def joined(resolved: ResolvedRule, parts: Sequence[str]) -> str:
    """Return KQL of the log source's guard and the texts of conjuncts (``operand``), one a line."""
    lines = [f"{_name(field)}:{_any(value)}" for field, value in resolved.guard.items()]
    return "\n  and ".join((*lines, *parts)) or EVERYTHING


def _any(value: str | Sequence[str]) -> str:
    """Return a value of the log source's guard, or any of several."""
    return _quoted(value) if isinstance(value, str) else f"({' or '.join(map(_quoted, value))})"


def conjuncts(tree: Node) -> tuple[Node, ...]:
    """Return the parts of a tree that must all hold."""
    return tuple(part for child in tree.children for part in conjuncts(child)) if isinstance(tree, And) else (tree,)


def _print(tree: Node, resolved: ResolvedRule) -> str:
    match tree:
        case FieldMatch(field):
            return _atom(tree, resolved.fields[field], resolved)
        case And(children):
            return _and(children, resolved)
        case Or(children):
            return _or(children, resolved)
        case Not(child):
            return _not(child, resolved)
        case Keyword():
            raise refused(tree, "a value without a field", "bind the value to a field", resolved)
    assert_never(tree)


def operand(tree: Node, resolved: ResolvedRule) -> str:
    """Return a part of a group: groups inside groups get parentheses.

    Raises:
        Inexpressible: for the first atom that KQL cannot say.
    """
    if isinstance(tree, Or) and (listed := _value_list(tree.children, resolved)) is not None:
        return listed
    text = _print(tree, resolved)
    return f"({text})" if isinstance(tree, (And, Or)) else text


def _and(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return " and ".join(operand(child, resolved) for child in children)


def _or(children: tuple[Node, ...], resolved: ResolvedRule) -> str:
    return " or ".join(operand(child, resolved) for child in children)


def _not(child: Node, resolved: ResolvedRule) -> str:
    listed = _value_list(child.children, resolved) if isinstance(child, Or) else None
    return f"not ({listed or _print(child, resolved)})"


def _value_list(children: tuple[Node, ...], resolved: ResolvedRule) -> str | None:
    """Return texts on one field as ``field:(a or b)``, ``None`` for anything else."""
    texts: list[tuple[FieldMatch, Text]] = []
    for child in children:
        if not isinstance(child, FieldMatch) or not isinstance(child.test, Text) or (texts and child.field != texts[0][0].field):
            return None
        texts.append((child, child.test))
    binding = resolved.fields[texts[0][0].field]
    paths = {path_of(test, binding) for _, test in texts}
    if len(paths) != 1:
        return None
    return f"{_name(paths.pop())}:({' or '.join([_text(child, test, binding, resolved) for child, test in texts])})"


def _atom(tree: FieldMatch, binding: Binding, resolved: ResolvedRule) -> str:
    name = _name(binding.path)
    match tree.test:
        case Text():
            return f"{_name(path_of(tree.test, binding))}:{_text(tree, tree.test, binding, resolved)}"
        case Number(value):
            return f"{name}:{scalar_text(value) if binding.type not in TEXTUAL else _quoted(scalar_text(value))}"
        case Boolean(value):
            return f"{name}:{scalar_text(value)}"
        case Null():
            return f"not {name}:*"
        case Compare(operator, value):
            return f"{name} {_OPERATORS[operator]} {scalar_text(value)}"
        case Cidr(network):
            return f"{_name(binding.ip or binding.path)}:{_quoted(network)}"
        case Exists(present):
            return f"{name}:*" if present else f"not {name}:*"
        case Regex() | FieldRef() | TimePart():
            raise refused(tree, f"'{feature_of_test(tree.test)}'", "use another test, or disable elastic for this rule", resolved)
    assert_never(tree.test)


def _text(tree: FieldMatch, test: Text, binding: Binding, resolved: ResolvedRule) -> str:
    closed = () if test.cased or test.parts.count(Wild.MANY) == len(test.parts) else binding.field.values
    if closed and Wild.MANY in test.parts and (listed := [_quoted(value) for value in closed if fits(test.parts, value, cased=False)]):
        # A part of a value has no spelling of its own: response* is two of the stages, and neither begins with an r.
        return listed[0] if len(listed) == 1 else f"({' or '.join(listed)})"
    # '*' beside '*' means no more, and parsers of KQL read it differently.
    merged = [part for at, part in enumerate(test.parts) if part is not Wild.MANY or test.parts[at - 1 : at] != (Wild.MANY,)]
    parts = [part if isinstance(part, Wild) else _spelled(part, test, binding) for part in merged]
    literals = [part for part in parts if isinstance(part, str)]
    if sum(map(len, literals)) > IGNORE_ABOVE:
        raise refused(tree, f"a value of more than {IGNORE_ABOVE} characters, which the index does not keep", "shorten it", resolved)
    if len(literals) == len(parts):
        return _quoted("".join(literals))
    if Wild.ONE in parts:
        raise refused(tree, "'?' for one character", "use '*', or list the values", resolved)
    if any(map(_SPACE.search, literals)):
        raise refused(
            tree, "white space beside a wildcard: it would split the value in two", "leave the wildcard or the white space out", resolved
        )
    text = "".join(["*" if isinstance(part, Wild) else _escaped(part) for part in parts])
    # "not" and white space end a value even inside a word (Kibana's grammar; measured): a parenthesis keeps them apart.
    return f"({text})" if text.lower().endswith("not") else text


def _spelled(text: str, test: Text, binding: Binding) -> str:
    """Return a literal as the index holds it, where its field has one spelling or a caseless index; regard to case then loses nothing."""
    if path_of(test, binding) != binding.path:
        return fold(text)
    if test.cased or not binding.field.one_spelling:
        return text
    return binding.spelling(text) if binding.field.values else fold(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r").replace("\n", "\\n")
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    r"""Return a literal beside a wildcard: special characters with a backslash.

    ``and``, ``or`` and ``not`` need none without white space around them, and
    must have none: Kibana reads ``\not*`` as a line end and ``ot*`` (measured
    with its 7.x parser).
    """
    return text.translate(_SPECIAL)


@lru_cache(maxsize=4096)  # a rule asks for the same few fields again and again
def _name(path: str) -> str:
    return path.translate(_SPECIAL)
