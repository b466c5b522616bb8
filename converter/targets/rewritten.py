"""Tests of a field whose values a target writes in another way, as tests of what is there.

A text that is divided between two fields, a list of hashes that becomes a
field for each, words that stand for others: where the target's table says so
(``becomes``), a test is written anew, exactly, or refused with the reason.
A keyword is asked of the fields that the target has of a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from ipaddress import ip_address, ip_network
from typing import Final, assert_never

from converter.data import Binding, Change
from converter.ir import (
    And,
    Boolean,
    Cidr,
    Exists,
    FieldMatch,
    FieldRef,
    Keyword,
    Node,
    Not,
    Null,
    Number,
    Or,
    Parts,
    Regex,
    Shape,
    Test,
    Text,
    Wild,
    fold,
    holds,
    lookup,
)
from converter.model import node

_TELLING: Final = 5
"""Digits that stand in no name of a hash: A256 of SHA256 is the longest part of one that could be a hash's."""
CUTS: Final = 40
"""Places at which a pattern can be divided."""
_DIGITS: Final = {"MD5": 32, "IMPHASH": 32, "SHA1": 40, "SHA256": 64}
"""Hexadecimal digits of a hash, by the name that Sysmon gives it (Sysmon documentation, HashAlgorithms)."""
_EDGES: Final = r"(?<![\[\\])\^|(?<!\\)\$|\\[bBAZzG]|\(\?(?!:)"
"""What in a regular expression asks for the value's edges, or where it is found, or has flags of its own."""
_NO_ADDRESS: Final = r"[^0-9A-Fa-f:.%]"
"""A character that no address has but in the name of an interface, which Windows writes as a number."""
_PAIR: Final = re.compile(r"(?:([A-Za-z0-9]+)=)?([0-9A-Fa-f]+)", re.ASCII)


class UnwritableTestError(Exception):
    """Why a test cannot be written for what the target has; one sentence's end."""


@node
class Rewriting:
    """What a target's table says, and what is found on the way: the fields of the new tests, and tests that cannot be written.

    ``known`` has the fields that the tests name, ``None`` for one without a counterpart.
    ``keywords`` are the fields that a keyword is looked for in, ``key`` is the field whose values are the ids of ``moved``.
    """

    known: Mapping[str, Binding | None]
    fields: dict[str, Binding] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()
    key: str = "EventID"
    problems: list[tuple[FieldMatch, str]] = field(default_factory=list)

    def tree(self, tree: Node, ids: frozenset[str] | None = None) -> Node:
        """Return a tree with tests of changed fields written anew; ``ids`` are the event ids that what is around it asks for."""
        match tree:
            case FieldMatch():
                return self._atom(tree, ids)
            case And(children):
                own = event_ids(tree, self.key)
                ids = own if ids is None else ids if own is None else ids & own
                return And(tuple(self.tree(one, ids) for one in children), tree.offsets)
            case Or(children):
                return Or(tuple(self.tree(one, ids) for one in children), tree.offsets)
            case Not(child):
                return Not(self.tree(child, ids), tree.offsets)
            case Keyword():
                return self._keyword(tree, ids)
        assert_never(tree)

    def _keyword(self, tree: Keyword, ids: frozenset[str] | None) -> Node:
        """Ask each of the fields that the target has of a line for a keyword; where it has none, the keyword stays as it is."""
        test = tree.test
        if not self.keywords or isinstance(test, Number):
            return tree
        if isinstance(test, Text):
            test = Text((Wild.MANY, *test.parts, Wild.MANY), test.cased)
        asked = [FieldMatch(name, test, tree.offsets, tree.modifiers) for name in self.keywords]
        found = tuple(self._atom(one, ids) for one in asked)
        return found[0] if len(found) == 1 else Or(found, tree.offsets)

    def _atom(self, atom: FieldMatch, ids: frozenset[str] | None) -> Node:
        names = (atom.field, atom.test.field) if isinstance(atom.test, FieldRef) else (atom.field,)
        changes = [one.change for name in names if (one := self.known.get(name))]
        if not any(changes):
            return atom
        try:
            if changes[0] is None or isinstance(atom.test, FieldRef):
                raise UnwritableTestError("compares with another field")
            return self._written(atom, changes[0], ids)
        except UnwritableTestError as error:
            self.problems.append((atom, str(error)))
            return atom

    def _written(self, atom: FieldMatch, change: Change, ids: frozenset[str] | None) -> Node:
        if change.kind == "moved":
            return self._moved(atom, change, ids)
        for _, part in change.parts:
            self.fields[part.field.name] = part
        if isinstance(atom.test, Null | Exists) and change.kind != "rendered":
            return _emptiness(atom, change)
        match change.kind:
            case "split":
                return _split(atom, change)
            case "hashes":
                return _hashes(atom, change)
            case "words":
                return _words(atom, change)
            case "address":
                return _address(atom, change)
            case "unnamed":
                return _any(atom, [_on(atom, part, atom.test) for _, part in change.parts])
            case "divided":
                return _divided(atom, change)
            case "codes":
                return _codes(atom, change)
            case "rendered":
                return _rendered(atom, change)
        raise AssertionError(f"a table has a change of the kind {change.kind!r}")

    def _moved(self, atom: FieldMatch, change: Change, ids: frozenset[str] | None) -> Node:
        """Ask the one field or the other, as the event ids that the rule asks for have it; where they have both, each for its own."""
        if ids is None:
            raise UnwritableTestError(f"is of a field that some events have elsewhere, so the rule must name its {self.key}")
        places = dict(change.values)
        found = {places.get(one) for one in ids}
        if None in found:
            raise UnwritableTestError("is of a field of which nothing says where events of every id that the rule names have it")
        if len(found) > 1:
            raise UnwritableTestError("is of a field that only some of its event ids have elsewhere, so they must be rules of their own")
        part = dict(change.parts)[str(found.pop())]
        if part.change:
            return self._written(atom, part.change, ids)
        self.fields[part.field.name] = part
        return _on(atom, part, atom.test)


def event_ids(tree: Node, key: str = "EventID") -> frozenset[str] | None:
    """Return the event ids, in lower case, of which one must be there for the tree to hold; ``None`` for any."""
    match tree:
        case FieldMatch(name, test) if name == key:
            found = _id(test)
            return None if found is None else frozenset({found})
        case And(children):
            known = [one for one in (event_ids(child, key) for child in children) if one is not None]
            return frozenset.intersection(*known) if known else None
        case Or(children):
            each = [event_ids(one, key) for one in children]
            return None if None in each else frozenset().union(*(one for one in each if one is not None))
    return None


def _id(test: Test) -> str | None:
    if isinstance(test, Number):
        return str(test.value)
    return fold(test.parts[0]) if isinstance(test, Text) and len(test.parts) == 1 and isinstance(test.parts[0], str) else None


def _on(atom: FieldMatch, part: Binding, test: Test) -> Node:
    return FieldMatch(part.field.name, test, atom.offsets, atom.modifiers)


def _any(atom: FieldMatch, found: list[Node]) -> Node:
    if len(found) == 1:
        return found[0]
    unique = list(dict.fromkeys(found))
    return unique[0] if len(unique) == 1 else Or(tuple(unique), atom.offsets)


def _emptiness(atom: FieldMatch, change: Change) -> Node:
    """Missing is where all parts are missing, present where one is there."""
    parts = [_on(atom, part, atom.test) for _, part in change.parts]
    absent = isinstance(atom.test, Null) or (isinstance(atom.test, Exists) and not atom.test.present)
    return parts[0] if len(parts) == 1 else (And if absent else Or)(tuple(parts), atom.offsets)


def _split(atom: FieldMatch, change: Change) -> Node:
    """Divide a pattern wherever the separator can stand in what it describes: in a literal, or within a wildcard."""
    if not isinstance(atom.test, Text):
        raise UnwritableTestError("is no plain text")
    (_, first), (_, second) = change.parts
    found: list[Node] = []
    cuts = list(_cuts(atom.test.parts, change.at))
    if len(cuts) > CUTS:
        raise UnwritableTestError("can be divided in too many ways")
    for before, after in cuts:
        if any(change.at in part for part in (*before, *after) if isinstance(part, str)):
            continue
        sides = [(first, before), (second, after)]
        kept = [_on(atom, part, Text(side, atom.test.cased)) for part, side in sides if side != (Wild.MANY,)]
        found.append(_on(atom, second, Text((Wild.MANY,))) if not kept else kept[0] if len(kept) == 1 else And(tuple(kept), atom.offsets))
    if not found:
        raise UnwritableTestError(f"fits no value with one {change.at!r} in it")
    return _any(atom, found)


def _cuts(parts: Parts, at: str) -> Iterator[tuple[Parts, Parts]]:
    for index, part in enumerate(parts):
        before, after = parts[:index], parts[index + 1 :]
        if part is Wild.MANY:
            yield (*before, part), (part, *after)
        elif part is Wild.ONE:
            yield before, after
        else:
            pieces = str(part).split(at)
            for cut in range(1, len(pieces)):
                left, right = at.join(pieces[:cut]), at.join(pieces[cut:])
                yield (*before, left) if left else before, (right, *after) if right else after


def _hashes(atom: FieldMatch, change: Change) -> Node:
    """A hash by its name, or any hash with these digits."""
    test = atom.test
    literals = [part for part in test.parts if isinstance(part, str)] if isinstance(test, Text) and not test.cased else []
    found = _PAIR.fullmatch(literals[0]) if len(literals) == 1 else None
    if not isinstance(test, Text) or found is None or test.parts != (Wild.MANY, literals[0], Wild.MANY):
        raise UnwritableTestError("looks for more than one hash, by its name or its digits, somewhere in the value")
    name, digits = (found[1] or "").upper(), found[2].lower()
    if not name and len(digits) < _TELLING:
        raise UnwritableTestError("looks for so few digits that the names of the hashes have them too")
    if not digits.strip("0"):
        raise UnwritableTestError("looks for a hash of zeros, which stands for none and is dropped")
    kept = dict(change.parts)
    if name and name not in kept:
        raise UnwritableTestError(f"looks for a hash '{name[:20]}', which is not kept")
    tests: list[Node] = []
    for one, part in ((name, kept[name]),) if name else change.parts:
        length = _DIGITS.get(one, 0)
        if len(digits) > length:
            continue
        end: Parts = () if len(digits) == length else (Wild.MANY,)
        begin: Parts = () if name or len(digits) == length else (Wild.MANY,)
        tests.append(_on(atom, part, Text((*begin, digits, *end))))
    if not tests:
        raise UnwritableTestError("has more digits than any hash that is kept")
    return _any(atom, tests)


def _address(atom: FieldMatch, change: Change) -> Node:
    """Ask an address field for one address, or for the network that a text's beginning stands for.

    What no address has is asked of the field, where there is one, that keeps a text that is none.
    """
    parts = dict(change.parts)
    part, test = parts["ip"], atom.test
    if isinstance(test, Text) and test.parts == (Wild.MANY,):
        return _any(atom, [_on(atom, one, test) for one in parts.values()])
    if isinstance(test, Cidr):
        return _on(atom, part, test)
    if isinstance(test, Text) and "text" in parts and any(re.search(_NO_ADDRESS, one) for one in test.parts if isinstance(one, str)):
        return _on(atom, parts["text"], test)
    network = _network(test.parts) if isinstance(test, Text) else None
    if network is None:
        raise UnwritableTestError("is neither an address nor the beginning of one up to a separator")
    return _on(atom, part, Cidr(network))


def _network(parts: Parts) -> str | None:
    """Return the network of an address, or of a beginning such as ``10.`` or ``fe80:``; ``None`` for any other pattern."""
    literal = parts[0] if parts and isinstance(parts[0], str) else ""
    try:
        if len(parts) == 1 and literal:
            address = ip_address(literal)
            return f"{address}/{address.max_prefixlen}"
        if parts[1:] != (Wild.MANY,) or "::" in literal:
            return None
        mark, size, bits = (".", 4, 8) if literal.endswith(".") else (":", 8, 16)
        groups = literal.split(mark)
        if groups.pop() or not 0 < len(groups) < size:
            return None
        return str(ip_network(f"{mark.join([*groups, *['0'] * (size - len(groups))])}/{bits * len(groups)}"))
    except ValueError:
        return None


def _words(atom: FieldMatch, change: Change) -> Node:
    """Ask for the words of those values of the closed list that the test matches."""
    ((_, part),) = change.parts
    wanted = [word for value, word in change.values if holds(atom.test, lookup({"f": value}, "f"), {"f": value})]
    if not wanted:
        raise UnwritableTestError("fits none of the values that the field can have")
    if any(word in wanted for value, word in change.values if not holds(atom.test, lookup({"f": value}, "f"), {"f": value})):
        raise UnwritableTestError("is of one of several values that are the same word there")
    tests: list[Test] = [Boolean(word) if isinstance(word, bool) else Text((word,), cased=True) for word in dict.fromkeys(wanted)]
    return _any(atom, [_on(atom, part, test) for test in tests])


def _divided(atom: FieldMatch, change: Change) -> Node:
    """Look for a part of a text in each of the fields that it was divided into, when it can lie over no edge of two."""
    test = atom.test
    literal = test.literal if isinstance(test, Text) and test.shape is Shape.CONTAINS else ""
    if not literal or re.search(change.at, literal):
        raise UnwritableTestError("is no part of one of the fields that the text is divided into there")
    return _any(atom, [_on(atom, part, test) for _, part in change.parts])


def _codes(atom: FieldMatch, change: Change) -> Node:
    """Ask a list of codes, whose mark is gone, for one that begins so; or for one that has a part of a code in it."""
    ((_, part),) = change.parts
    test = atom.test
    literal = test.literal if isinstance(test, Text) and test.shape is Shape.CONTAINS else ""
    marked = literal.startswith(change.at)
    code = literal.removeprefix(change.at)
    if not isinstance(test, Text) or not code or change.at in code or not code.isalnum():
        raise UnwritableTestError("looks for more than one code, or for a part that the list does not keep, somewhere in the value")
    return _on(atom, part, Text((code, Wild.MANY) if marked else (Wild.MANY, code, Wild.MANY), test.cased))


def _rendered(atom: FieldMatch, change: Change) -> Node:
    """Ask a text that was made of several values for one of them: between its frames, for what the fixed words have not."""
    ((_, part),) = change.parts
    test = atom.test
    before, after = change.frames or ("", "")
    if isinstance(test, Regex) and change.frames and not re.search(_EDGES, test.pattern):
        around = (f"{re.escape(one)}" if one else "" for one in (before, after))
        pattern = r"[\s\S]*".join(one for one in (next(around), f"(?:{test.pattern})", next(around)) if one)
        return _on(atom, part, Regex(pattern, test.flags))
    if not isinstance(test, Text) or len(test.parts) < len("*x*") or test.parts[0] is not Wild.MANY or test.parts[-1] is not Wild.MANY:
        raise UnwritableTestError("does not look for a part of the value, and there is only a text that has it among others")
    literals = [fold(str(one)) for one in test.parts if not isinstance(one, Wild)]
    if any(one in fold(change.at) or not one.strip() for one in literals):
        raise UnwritableTestError("looks for what the text has of its own")
    begin: Parts = (Wild.MANY, before) if before else ()
    end: Parts = (after, Wild.MANY) if after else ()
    return _on(atom, part, Text((*begin, *test.parts, *end), test.cased))
