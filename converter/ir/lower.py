"""From a rule's detection section to nodes.

Plain items are read by ``ir.direct``, the others by pySigma, item by item; the
order of the items and of their values gives each atom its place in the file.
The condition is read by ``ir.condition``.  ``tests/corpus`` holds the result
equal to pySigma's own tree on every rule.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, assert_never

from converter.formats import Map, Seq
from converter.ir.aggregation import instead, is_detection, is_window, without_aggregation
from converter.ir.condition import Condition, ConditionError, Junction, Name, Negation, Selector, parse_condition, places_in, selected
from converter.ir.direct import direct
from converter.ir.nodes import And, FieldMatch, Keyword, Node, Not, Or
from converter.ir.placeholders import PlaceholderError, Placeholders, expanded, has_placeholder, unexpanded
from converter.ir.values import ALIASES, LoweringError, atom
from converter.model import Diagnostic, Rule, Severity, ordered, pack, unpack

ATOMS: Final = 20_000
"""Atoms of one rule, after selectors and modifiers have multiplied them."""
SHORT: Final = 500
"""Characters of a condition, or of a selector and the names that it chooses from, whose meaning is remembered: rules share them."""


def lower(rule: Rule, placeholders: Placeholders | None = None) -> Node | tuple[Diagnostic, ...]:
    """Return what the rule's detection means, or everything that is wrong with it (M001 to M012).

    ``placeholders`` are the values that a pack gives to those of its rules.

    Several conditions mean any of them, as in pySigma, which makes one query of each.
    """
    lowering = _Lowering(rule, placeholders or {})
    nodes: dict[str, Node | None] = {}
    names: Iterable[object] = rule.detection
    for name in names:
        if not isinstance(name, str):
            lowering.tell("M008", lowering.place(name), f"the detection's name {name!r} is not text", "put it in quotes")
        elif is_detection(name, value := rule.detection[name]):
            nodes[name] = lowering.detection(value, lowering.place(name))
    lowering.measure(nodes)
    tree = lowering.conditions({name: found for name, found in nodes.items() if found is not None}, tuple(nodes))
    if is_window("timeframe", rule.detection.get("timeframe")) and all(one.code != "M007" for one in lowering.diagnostics):
        lowering.tell("M007", lowering.place("timeframe"), *without_aggregation(rule.detection["timeframe"]))
    if lowering.diagnostics or tree is None:
        return ordered(lowering.diagnostics)
    return tree


class _Lowering:
    """Collects the diagnostics of one rule."""

    def __init__(self, rule: Rule, placeholders: Placeholders | None = None) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._rule = rule
        self._placeholders = placeholders or {}
        self._count = 0
        self._sizes: dict[str, int] = {}
        section = rule.detection
        self._places: dict[object, int] = dict(zip(section, section.offsets[1::2], strict=True)) if isinstance(section, Map) else {}

    def measure(self, nodes: Mapping[str, Node | None]) -> None:
        """Note how many atoms each detection has."""
        self._sizes = {name: _size(tree) for name, tree in nodes.items() if tree is not None}

    def place(self, key: object) -> int:
        """Return the packed offsets of the value that the detection section has for ``key``."""
        return self._places.get(key, 0)

    def tell(self, code: str, offsets: int, message: str, help_text: str = "") -> None:
        self.diagnostics.append(Diagnostic(code, Severity.ERROR, self._rule.source.span(offsets), message, help=help_text))

    def detection(self, value: object, offsets: int) -> Node | None:
        """Return a map as a conjunction, a list of maps as a disjunction, plain values as keywords."""
        if isinstance(value, Map):
            if not value:
                self.tell("M008", offsets, "an empty detection", "add a field, or remove it")
                return None
            places = zip(value.items(), value.offsets[::2], value.offsets[1::2], strict=True)
            return _joined(And, [self._item(key, one, first, second) for (key, one), first, second in places], offsets)
        if isinstance(value, Seq):
            if not value:
                self.tell("M008", offsets, "an empty detection", "add a value, or remove it")
                return None
            if any(isinstance(one, Map | Seq) for one in value):
                return _joined(Or, [self.detection(one, place) for one, place in zip(value, value.offsets, strict=True)], offsets)
        return self._item(None, value, offsets, offsets)

    def _item(self, key: object, value: object, key_offsets: int, offsets: int) -> Node | None:
        if key is not None and not isinstance(key, str):
            self.tell("M008", key_offsets, f"the field name {key!r} is not text", "put it in quotes")
            return None
        expands = key is not None and bool(self._placeholders) and "|expand" in key and has_placeholder(value)
        try:
            found = None if expands else direct(key, value, offsets)
            if found is not None:  # nearly all
                return found
            if key and key.partition("|")[0].endswith("."):
                self.tell("M008", key_offsets, f"the field name '{key.partition('|')[0]}' ends in a dot", "remove the dot")
                return None
            if key and expands:
                return self._expanded(key, value, offsets)
            return None if self._has_unknown_modifier(key or "", key_offsets) else atom(key, value, offsets)
        except LoweringError as error:
            self.tell(error.code, error.offsets or offsets, error.message, error.help)
            return None

    def _expanded(self, key: str, value: object, offsets: int) -> Node:
        """Return an item whose placeholders have values: each of its values is any of those that it stands for."""
        field, *modifiers = key.split("|")
        places = value.offsets if isinstance(value, Seq) else (offsets,)
        nodes = []
        try:
            rest = unexpanded(modifiers)
            plain = "|".join((field, *(name for name in rest if name not in ("all", "neq"))))
            for one, place in zip(value if isinstance(value, Seq) else (value,), places, strict=True):
                texts = expanded(one, self._placeholders) if isinstance(one, str) else (one,)
                found = [direct(plain, text, place) or atom(plain, text, place) for text in texts]
                nodes.append(found[0] if len(found) == 1 else Or(tuple(found), place))
        except PlaceholderError as error:
            raise LoweringError("M011", error.message, error.help, offsets) from error
        tree = nodes[0] if len(nodes) == 1 else (And if "all" in rest else Or)(tuple(nodes), offsets)
        return Not(tree, offsets) if "neq" in rest else tree

    def _has_unknown_modifier(self, key: str, key_offsets: int) -> bool:
        """Tell the first modifier that nobody knows."""
        from sigma.modifiers import modifier_mapping

        known = {*modifier_mapping, *ALIASES}
        for name in key.split("|")[1:]:
            if name not in known:
                close = difflib.get_close_matches(name, sorted(known), n=1)
                help_text = f"did you mean '{close[0]}'?" if close else "the modifiers are: " + " ".join(sorted(known))
                self.tell("M001", key_offsets, f"unknown modifier '{name}'", help_text)
                return True
        return False

    def conditions(self, nodes: Mapping[str, Node], names: tuple[str, ...]) -> Node | None:
        """Return the rule's condition, or the disjunction of its conditions."""
        section = self._rule.detection
        if "condition" not in section:
            self.tell(
                "M003",
                self._rule.positions.get("detection", 0),
                "the detection has no condition",
                "add 'condition: ' and a detection's name",
            )
            return None
        value, offsets = section["condition"], self.place("condition")
        texts, places = (value, value.offsets) if isinstance(value, Seq) else ([value], [offsets])
        found = [self._condition(text, place, nodes, names) for text, place in zip(texts, places, strict=True)]
        if not found:
            self.tell("M003", offsets, "an empty list of conditions", "write one condition")
        return _joined(Or, found, offsets)

    def _condition(self, text: object, offsets: int, nodes: Mapping[str, Node], names: tuple[str, ...]) -> Node | None:
        if not isinstance(text, str) or not text.strip():
            self.tell("M003", offsets, "a condition is a text that names detections", "for example 'selection and not filter'")
            return None
        start, end = unpack(offsets)
        exact = self._rule.source.text.startswith(text, start)
        spots = None if exact else places_in(self._rule.source.text[start:end], text)

        def at(first: int, last: int) -> int:
            if exact:
                return pack(start + first, start + last)
            # Of a scalar with escapes the whole condition is the place.
            return pack(start + spots[min(first, len(text))], start + spots[min(last, len(text)) - 1] + 1) if spots else offsets

        try:
            return self._build(_parsed(text) if len(text) <= SHORT else parse_condition(text), nodes, names, at)
        except ConditionError as error:
            code = "M007" if "aggregation" in error.message else "M003"
            help_text = error.help
            if code == "M007":
                help_text = instead(text[error.start :], self._rule.detection.get("timeframe"), self._rule.id)
            self.tell(code, at(error.start, error.end), error.message, help_text)
            return None

    def _build(self, tree: Condition, nodes: Mapping[str, Node], names: tuple[str, ...], at: Any) -> Node | None:  # noqa: ANN401 - a local function
        offsets = at(tree.start, tree.end)
        match tree:
            case Name():
                name = tree.name
                if name not in names:
                    close = difflib.get_close_matches(name, names, n=1)
                    self.tell(
                        "M004",
                        offsets,
                        f"the condition names '{name}', which is not defined",
                        f"did you mean '{close[0]}'?" if close else "define it",
                    )
                self._add([name], tree)
                return nodes.get(name)
            case Selector():
                pattern = tree.pattern
                chosen = (_selected if len(pattern) + sum(map(len, names)) <= SHORT else selected)(pattern, names)
                if not chosen:
                    self.tell("M005", offsets, f"no detection is named like '{pattern}'", "define one, or remove the part")
                self._add(chosen, tree)
                return _joined(And if tree.every else Or, [nodes.get(name) for name in chosen], offsets)
            case Negation():
                child = self._build(tree.operand, nodes, names, at)
                return None if child is None else Not(child, offsets)
            case Junction():
                found = [self._build(one, nodes, names, at) for one in tree.operands]
                return _joined(And if tree.word == "and" else Or, found, offsets)

    def _add(self, names: Sequence[str], tree: Condition) -> None:
        """Count the atoms that a part of the condition brings; selectors can repeat every detection."""
        self._count += 1
        for name in names:
            self._count += self._sizes.get(name, 0)
        if self._count > ATOMS:
            raise ConditionError(f"the condition has more than {ATOMS} tests", tree.start, tree.end, "split the rule")


def _size(tree: Node) -> int:
    """Return how many atoms a tree has; its depth is that of the YAML it came from."""
    match tree:
        case FieldMatch() | Keyword():
            return 1
        case And() | Or():
            return sum([1 if one.__class__ is FieldMatch else _size(one) for one in tree.children])
        case Not():
            return _size(tree.child)
    assert_never(tree)


def _joined(kind: type[And] | type[Or], found: list[Node | None], offsets: int) -> Node | None:
    """Return the nodes as one, ``None`` when a part is missing (it was told)."""
    whole = [one for one in found if one is not None]
    if len(whole) < len(found) or not whole:
        return None
    return whole[0] if len(whole) == 1 else kind(tuple(whole), offsets)


_parsed = lru_cache(maxsize=1024)(parse_condition)
_selected = lru_cache(maxsize=1024)(selected)
