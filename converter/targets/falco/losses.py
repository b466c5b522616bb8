"""What a condition loses: the feature's own fidelity, and what a value or a pattern adds to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from converter.data import Binding
from converter.ir import (
    Anchor,
    And,
    Cidr,
    Exists,
    Expression,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Place,
    Regex,
    RegexProblem,
    Shape,
    Text,
    Wild,
    feature,
    nodes_of,
    read_regex,
    trimmed,
)
from converter.model import Diagnostic, Fidelity, Loss, Severity
from converter.targets.contract import Capabilities, Inexpressible
from converter.targets.falco.condition import COMMAND, Printer, finds_null, has_null, is_plain, matches_null, printed
from converter.targets.falco.facts import table
from converter.targets.falco.pattern import may_end_with, meets_line_feed


def atoms_with_sign(tree: Node) -> Iterator[tuple[FieldMatch | Keyword, bool]]:
    """Yield the atoms, and whether they stand under an odd number of ``not``."""
    stack: list[tuple[Node, bool]] = [(tree, False)]
    while stack:
        one, negated = stack.pop()
        match one:
            case FieldMatch() | Keyword():
                yield one, negated
            case And(children) | Or(children):
                stack.extend((child, negated) for child in reversed(children))
            case Not(child):
                stack.append((child, not negated))
            case _:
                assert_never(one)


def problems(printer: Printer, tree: Node, known: Capabilities) -> list[Diagnostic]:
    """Return why atoms cannot be printed, each at its place."""
    found: list[Diagnostic] = []
    for atom, negated in atoms_with_sign(tree):
        refused = _unsupported(printer, atom, known) if isinstance(atom, FieldMatch) else None
        if refused:
            found.append(refused)
            continue
        try:
            printed(printer, atom, negated)
        except Inexpressible as error:
            found.append(error.diagnostic)
    return found


def losses(printer: Printer, tree: Node, known: Capabilities) -> tuple[Loss, ...]:
    """Return the losses of a printable tree, their direction as the whole condition has it."""
    found: list[Loss] = []
    for atom, negated in atoms_with_sign(tree):
        if isinstance(atom, FieldMatch):
            names = _of_atom(printer, atom, negated)
            found += [_loss(printer, atom, name, negated) for name in names]
    return tuple(found)


def type_of(atom: FieldMatch, binding: Binding) -> str:
    """Return the type by which the table lists a field, as the atom compares it."""
    if binding.list:
        return "caseless_list" if isinstance(atom.test, Text) and not is_plain(atom.test, binding) else "list"
    return "long" if feature(atom) == "value.compare" and binding.field.type == "long" else "text"


def _unsupported(printer: Printer, atom: FieldMatch, known: Capabilities) -> Diagnostic | None:
    name, type_ = feature(atom), type_of(atom, printer.fields[atom.field])
    cased = isinstance(atom.test, Text) and atom.test.cased
    if known.fidelity(name, type_) and (not cased or known.fidelity("value.cased", type_)):
        return None
    entry: Mapping[str, Any] = table()["features"].get(name, {})
    span = printer.rule.source.span(atom.offsets)
    since = entry.get("since", {}).get(type_)
    if since:
        message = f"the field '{atom.field}' needs Falco {since} for this test: {entry['why']}"
        other = ", or use |cased where the spelling is known" if isinstance(atom.test, Text) else ""
        return Diagnostic("T302", Severity.ERROR, span, message, help=f"build with -O engine={since}{other}")
    message = f"Falco cannot express {name} on the field '{atom.field}': {entry.get('why', 'it is not in the table')}"
    return Diagnostic("T301", Severity.ERROR, span, message, help="write the test in another way, or disable falco for this rule")


def _of_atom(printer: Printer, atom: FieldMatch, negated: bool) -> list[str]:
    """Return the names of an atom's losses, as ``capabilities.yml`` has them."""
    binding = printer.fields[atom.field]
    match atom.test:
        case Text() as test:
            return [
                *_null_loss(test, binding, negated),
                *_letters(test),
                *_single(test),
                *_breaks(test, binding),
                *_command_text(test, binding),
            ]
        case Null():
            return ["null_missed" if negated else "null_text"] if has_null(binding) else []
        case Exists():
            return ["empty_list"] if binding.list else [] if has_null(binding) else ["null_key"]
        case Regex() as test:
            return _of_regex(test, binding, negated)
        case FieldRef(other):
            return [
                "null_left_out" if negated else "null_text",
                *([] if _is_ascii(binding) or _is_ascii(printer.fields[other]) else ["letters_of_fields"]),
            ]
        case Cidr():
            return [] if binding.field.type == "ip" else ["address_spelling"]
        case Number(value):
            return ["float"] if isinstance(value, float) else []
        case _:
            return []


def _of_regex(test: Regex, binding: Binding, negated: bool) -> list[str]:
    tree = read_regex(test.pattern, test.flags)
    crossing = binding.list and not isinstance(tree, RegexProblem) and meets_line_feed(tree)
    found = [("null_left_out" if negated and not binding.list else "null_text")] if finds_null(test, binding) else []
    return [*found, *(["newline"] if crossing else []), *_command_regex(tree, binding)]


def _command_text(test: Text, binding: Binding) -> list[str]:
    """A command line without arguments has a blank behind it, which a pattern may take for the beginning of some."""
    literals = [part for part in test.parts if isinstance(part, str)]
    if not literals or test.shape is Shape.PRESENT:
        return []
    if test.shape is Shape.WILDCARD and test.parts[-1] is not Wild.MANY:
        return _command_end(binding, True)
    if test.shape in (Shape.EQUALS, Shape.ENDSWITH) and " " not in literals[-1]:
        return _command_end(binding, False)
    alone = literals[-1].endswith(" ") and (test.shape is Shape.WILDCARD or " " not in literals[-1][:-1])
    return _command_end(binding, False) if alone else []


def _command_regex(tree: Expression | RegexProblem, binding: Binding) -> list[str]:
    if isinstance(tree, RegexProblem):
        return []
    if any(isinstance(one, Anchor) and one.place in (Place.END, Place.LINE_END, Place.NO_WORD_EDGE) for one in nodes_of(tree)):
        return _command_end(binding, True)
    return _command_end(binding, False) if may_end_with(trimmed(tree), " ") else []


def _command_end(binding: Binding, both: bool) -> list[str]:
    return [] if binding.type != COMMAND else ["bare_command_end"] if both else ["bare_command"]


def _is_ascii(binding: Binding) -> bool:
    """Say whether the field's values are known to have ASCII letters only."""
    return bool(binding.field.values) and all(value.isascii() for value in binding.field.values)


def _null_loss(test: Text, binding: Binding, negated: bool) -> list[str]:
    if not matches_null(test, binding):
        return []
    guarded = negated and (test.shape is Shape.PRESENT if binding.list else test.shape is not Shape.EQUALS)
    return ["null_left_out" if guarded else "null_text"]


def _letters(test: Text) -> list[str]:
    letters = "".join(part for part in test.parts if isinstance(part, str) and not part.isascii())
    return [] if test.cased or letters.lower() == letters.upper() else ["non_ascii"]


def _single(test: Text) -> list[str]:
    """One ``?`` beside ``*`` asks for any text that is not empty, which bytes count as well as letters."""
    count = test.parts.count(Wild.ONE)
    if count != 1:
        return ["several_bytes"] if count else []
    place = test.parts.index(Wild.ONE)
    beside = test.parts[max(place - 1, 0) : place + 2]
    return [] if Wild.MANY in beside else ["one_byte"]


def _breaks(test: Text, binding: Binding) -> list[str]:
    """An element with a line break matters only where the text for ``join`` holds one."""
    if not binding.list or (test.shape is Shape.EQUALS and is_plain(test, binding)) or test.shape is Shape.PRESENT:
        return []
    return [] if test.shape is Shape.CONTAINS and "\n" not in test.literal else ["newline"]


def _loss(printer: Printer, atom: FieldMatch, name: str, negated: bool) -> Loss:
    entry = table()["losses"][name]
    direction = Fidelity(entry["direction"])
    reverse = negated != (isinstance(atom.test, Exists) and not atom.test.present)
    message = f"{entry['why']} (field '{atom.field}')"
    span = printer.rule.source.span(atom.offsets)
    return Loss(entry["code"], feature(atom), direction.negated if reverse else direction, message, span)
