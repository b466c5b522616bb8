"""Lists and macros: what a condition means besides its own text.

Lists are substituted in the text before it is parsed, wherever the name
stands between delimiters: in quoted strings too.  Macros are conditions of
their own and are looked up by name.

Source: falco 13074749 userspace/engine/rule_loader_compiler.cpp:181-238
(lists; there is no order between lists and conditions) and
filter_macro_resolver.cpp (macros; only earlier ones are seen).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from converter.languages.falco.problem import CHECKS, SIZE, ReadError, problem
from converter.languages.falco.syntax import And, Condition, Macro, Node, Not, Or
from converter.model import Diagnostic, Severity, Source, Span

_BLANKS = " \t\n\r"
_DELIMITERS = _BLANKS + "(),="
_BLANK_RUN = re.compile("[ \t\n\r]*")


def substituted(text: str, lists: Mapping[str, Sequence[str]], span: Span) -> str | Diagnostic:
    """Return ``text`` with the names of ``lists`` replaced by their items, as the engine does it."""
    for name, items in lists.items():
        if not name or name not in text:
            continue
        replacement = ", ".join(_quoted_item(item) for item in items)
        text = _replace(text, name, replacement)
        if len(text) > SIZE:
            message = f"the condition has more than {SIZE} characters after list {name} was substituted"
            return Diagnostic("R222", Severity.ERROR, span, message, help="use shorter lists")
    return text


def _quoted_item(item: str) -> str:
    """Return the item as the engine writes it: quoted when it holds a blank and no quote begins it."""
    return f'"{item}"' if " " in item and item[0] not in "\"'" else item


def _replace(text: str, name: str, replacement: str) -> str:
    """Replace every ``name`` between delimiters, with the blanks around it; an empty list takes a comma along."""
    parts: list[str] = []
    done = 0
    for found in re.finditer(re.escape(name), text):
        start, end = found.span()
        if start < done or (start and text[start - 1] not in _DELIMITERS) or (end < len(text) and text[end] not in _DELIMITERS):
            continue
        head = text[done:start].rstrip(_BLANKS)
        end = _BLANK_RUN.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty string
        if not replacement and head.endswith(","):
            head = head[:-1]
        elif not replacement and end < len(text) and text[end] == ",":
            end += 1
        parts += [head, " " if start else "", replacement, " "]
        done = end
    return "".join(parts) + text[done:]


def expand(condition: Condition, macros: Mapping[str, Condition]) -> Condition | Diagnostic:
    """Return ``condition`` with the bodies of its macros, or say which one is not defined (R228)."""
    try:
        root = _bound(condition.root, macros, condition.source)
    except ReadError as error:
        return error.diagnostic
    return measured(condition.source, root, condition.profile)


def _bound(root: Node, macros: Mapping[str, Condition], source: Source) -> Node:
    """Return the tree with a body for each macro.  Not recursive: a condition may be hundreds of levels deep."""
    order: list[Node] = []
    stack: list[Node] = [root]
    while stack:
        one = stack.pop()
        order.append(one)
        match one:
            case And(children) | Or(children):
                stack.extend(children)
            case Not(child):
                stack.append(child)
            case _:
                pass
    done: dict[int, Node] = {}
    for one in reversed(order):
        match one:
            case And(children, offsets):
                done[id(one)] = And(tuple(done[id(child)] for child in children), offsets)
            case Or(children, offsets):
                done[id(one)] = Or(tuple(done[id(child)] for child in children), offsets)
            case Not(child, offsets):
                done[id(one)] = Not(done[id(child)], offsets)
            case Macro(name, None, offsets):
                if name not in macros:
                    message = f"macro {name} is not defined before this place"
                    raise problem(source, offsets, "R228", message, "define it earlier, or correct the name")
                done[id(one)] = Macro(name, macros[name], offsets)
            case _:
                done[id(one)] = one
    return done[id(root)]


def measured(source: Source, root: Node, profile: str) -> Condition | Diagnostic:
    """Return the condition with the number of its checks, or refuse it when macros multiply too far (R222)."""
    count = 0
    stack: list[Node] = [root]
    while stack:
        match stack.pop():
            case And(children) | Or(children):
                stack.extend(children)
            case Not(child):
                stack.append(child)
            case Macro(_, Condition() as body):
                count += body.checks
            case _:
                count += 1
    if count > CHECKS:
        message = f"the condition has {count} checks when its macros are unfolded, more than {CHECKS}"
        return Diagnostic("R222", Severity.ERROR, source.start, message, help="use fewer macros inside each other")
    return Condition(source, root, profile, count)
