"""A second reading of Sigma, for small events: from the parsed YAML to an answer, by the specification and nothing of ours.

It knows nothing of nodes, positions or diagnostics, shares no code with the
converter, and refuses to judge (``Unjudged``) what it does not know; so that
this does not depend on the order of parts, each part is asked.
Source: Sigma rules and modifiers 2.1; where they are silent, DECISIONS.md.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final

MANY: Final = 0
ONE: Final = 1
_TIME_UNITS: Final = ("minute", "hour", "day", "week", "month", "year")
_PLACES: Final = ("contains", "startswith", "endswith")
_FLAGS: Final = {"i": re.I, "ignorecase": re.I, "m": re.M, "multiline": re.M, "s": re.S, "dotall": re.S}
_WORK: Final = 200_000


class Unjudged(Exception):  # noqa: N818 - no error: another reading knows
    """Raised for what this reading leaves to others."""


def answer(detection: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return whether an event matches a detection section."""
    found = detection["condition"]
    names = [name for name in detection if name not in ("condition", "rules")]
    return True in [_Condition(one, detection, names, event).answer() for one in (found if isinstance(found, list) else [found])]


class _Condition:
    """Evaluates while it reads; state is what is left of the words."""

    def __init__(self, text: object, detection: Mapping[str, Any], names: list[Any], event: Mapping[str, Any]) -> None:
        if not isinstance(text, str) or "|" in text or len(text) > 3000:
            raise Unjudged("condition")
        self.words = re.sub(r"([()])", r" \1 ", text).split()
        self.detection, self.names, self.event = detection, names, event

    def answer(self) -> bool:
        found = self.any_of()
        if self.words:
            raise Unjudged("words are left")
        return found

    def any_of(self) -> bool:
        found = self.all_of()
        while self.words[:1] == ["or"]:
            del self.words[0]
            found = self.all_of() or found
        return found

    def all_of(self) -> bool:
        found = self.one()
        while self.words[:1] == ["and"]:
            del self.words[0]
            found = self.one() and found
        return found

    def one(self) -> bool:
        if not self.words:
            raise Unjudged("the condition ends")
        word = self.words.pop(0)
        if word == "not":
            return not self.one()
        if word == "(":
            found = self.any_of()
            if self.words[:1] != [")"]:
                raise Unjudged("no closing parenthesis")
            del self.words[0]
            return found
        if self.words[:1] == ["of"] and word in ("1", "any", "all"):
            pattern = self.words[1] if len(self.words) > 1 else ""
            del self.words[:2]
            chosen = [one for one in self.names if _chosen(pattern, one)]
            answers = [_selection(self.detection[one], self.event) for one in chosen]
            if not answers:
                raise Unjudged("nothing is chosen")
            return all(answers) if word == "all" else any(answers)
        if word not in self.names:
            raise Unjudged("an unknown name")
        return _selection(self.detection[word], self.event)


def _chosen(pattern: str, name: str) -> bool:
    if pattern == "them":
        return not name.startswith("_")
    tokens: list[str | int] = [MANY if one == "*" else one for one in pattern]
    return fits(tokens, name, cased=True) and (pattern.startswith("_") or not name.startswith("_"))


def _selection(value: Any, event: Mapping[str, Any]) -> bool:
    if isinstance(value, dict):
        if not value:
            raise Unjudged("empty")
        return False not in [_item(key, one, event) for key, one in value.items()]
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return True in [_selection(one, event) for one in value]
    return _item("", value, event)


def _item(key: str | None, value: Any, event: Mapping[str, Any]) -> bool:
    field, *modifiers = (key or "").split("|")
    values = value if isinstance(value, list) else [value]
    every, negated = "all" in modifiers, "neq" in modifiers
    modifiers = [one for one in modifiers if one not in ("all", "neq")]
    if not values:
        raise Unjudged("an empty list")
    if len(values) > 300:
        raise Unjudged("a long list")
    answers = [_value(field, modifiers, one, event) for one in values]
    found = all(answers) if every else any(answers)
    return not found if negated else found


def _value(field: str, modifiers: list[str], value: Any, event: Mapping[str, Any]) -> bool:
    if modifiers and modifiers[0] in (*_TIME_UNITS, "re", "cidr", "exists", "lt", "lte", "gt", "gte", "fieldref"):
        return _special(field, modifiers, value, event)
    if isinstance(value, str):
        patterns, cased = _patterns(value, modifiers)
        given = (
            [_text(one) for one in _every_text(event)] if not field else [_text(one) for one in values_at(event, field) if _is_scalar(one)]
        )
        tokens = [[MANY, *one, MANY] for one in patterns] if not field else patterns
        return True in [fits(one, text, cased) for one in tokens for text in given]
    if modifiers:
        raise Unjudged("a modifier of texts")
    given = values_at(event, field) if field else list(_every_text(event))
    if value is None and field:
        return all(one is None for one in given)
    if isinstance(value, bool) and field:
        return any(
            one is value or one == ("true" if value else "false") for one in given if not isinstance(one, int) or isinstance(one, bool)
        )
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
        return any((isinstance(one, int | float) and not isinstance(one, bool) and one == value) or one == str(value) for one in given)
    raise Unjudged(type(value).__name__)


def _special(field: str, modifiers: list[str], value: Any, event: Mapping[str, Any]) -> bool:
    if not field:
        raise Unjudged("a keyword with this modifier")
    found = values_at(event, field)
    match modifiers:
        case ["exists"] if isinstance(value, bool):
            return has(event, field) is value
        case ["cidr"] if isinstance(value, str):
            network = ipaddress.ip_network(value)
            return any(_in_network(one, network) for one in found if isinstance(one, str))
        case ["lt" | "lte" | "gt" | "gte" as operator] if _is_number(value):
            return any(_compared(operator, number, value) for one in found if (number := _number(one)) is not None)
        case ["re", *flags] if isinstance(value, str) and all(one in _FLAGS for one in flags):
            return any(_search(value, flags, _text(one)) for one in found if _is_scalar(one))
        case ["fieldref", *place] if (
            isinstance(value, str) and len(place) < 2 and set(place) <= set(_PLACES) and not re.search(r"[*?\\]", value)
        ):
            if value.endswith("."):
                raise Unjudged("a field's name that ends in a dot")
            others = [_text(one) for one in values_at(event, value) if _is_scalar(one)]
            texts = [_text(one) for one in found if _is_scalar(one)]
            return any(fits(_around([*other], place), text, cased=False) for text in texts for other in others)
        case [unit, *operator] if unit in _TIME_UNITS and _is_number(value) and operator in ([], ["lt"], ["lte"], ["gt"], ["gte"]):
            parts = [part for one in found if isinstance(one, str) and (part := _part(one, unit)) is not None]
            return any(part == value if not operator else _compared(operator[0], part, value) for part in parts)
    raise Unjudged("|".join(modifiers))


def _patterns(value: str, modifiers: list[str]) -> tuple[list[list[str | int]], bool]:
    patterns, cased, mark = [tokens(value)], False, b""
    for name in modifiers:
        if name in _PLACES:
            patterns = [_around(one, [name]) for one in patterns]
        elif name == "cased":
            cased = True
        elif name == "windash":
            patterns = [other for one in patterns for other in _dashes(one)]
        elif name in ("wide", "utf16le", "utf16be", "utf16"):
            codec = "utf-16be" if name == "utf16be" else "utf-16le"
            mark = b"\xff\xfe" if name == "utf16" else b""
            patterns = [[*_literal(one).encode(codec).decode("latin-1")] for one in patterns]
        elif name in ("base64", "base64offset"):
            wide = any(one in modifiers for one in ("wide", "utf16le", "utf16be", "utf16"))
            datas = [mark + _literal(one).encode("latin-1" if wide else "utf-8") for one in patterns]
            encoded = [text for data in datas for text in (_offsets(data) if name == "base64offset" else [base64.b64encode(data).decode()])]
            patterns = [[*one] for one in encoded]
        elif name != "expand":
            raise Unjudged(name)
    if any(isinstance(one, str) and ord(one) > 127 for pattern in patterns for one in pattern) and "utf16be" in modifiers:
        raise Unjudged("encoded letters outside ASCII")
    return patterns, cased


def tokens(text: str) -> list[str | int]:
    """Return a Sigma text as characters and wildcards."""
    found: list[str | int] = []
    at = 0
    while at < len(text):
        one = text[at]
        if one == "\\" and text[at + 1 : at + 2] in ("*", "?", "\\"):
            found.append(text[at + 1])
            at += 2
            continue
        found.append(MANY if one == "*" else ONE if one == "?" else one)
        at += 1
    return found


def _around(pattern: list[str | int], names: list[str]) -> list[str | int]:
    before = [MANY] if names and names[0] in ("contains", "endswith") else []
    after = [MANY] if names and names[0] in ("contains", "startswith") else []
    return [*before, *pattern, *after]


def _literal(pattern: list[str | int]) -> str:
    if any(isinstance(one, int) for one in pattern):
        raise Unjudged("an encoded wildcard")
    return "".join(str(one) for one in pattern)


def _dashes(pattern: list[str | int]) -> list[list[str | int]]:
    """Return the spellings of dashes before a word and behind no word; beside a wildcard another reading knows."""
    spots = []
    for at, one in enumerate(pattern):
        if one in ("-", "/"):
            before, after = pattern[at - 1] if at else " ", pattern[at + 1] if at + 1 < len(pattern) else " "
            if isinstance(before, int) or isinstance(after, int):
                raise Unjudged("a dash beside a wildcard")
            if _is_word(after) and not _is_word(before):
                spots.append(at)
    if len(spots) > 3:
        raise Unjudged("many dashes")
    found = [pattern]
    for at in spots:
        found = [[*one[:at], dash, *one[at + 1 :]] for one in found for dash in "-/\u2013\u2014\u2015"]
    return found


def _is_word(one: str) -> bool:
    return one.isalnum() or one == "_"


def _offsets(data: bytes) -> list[str]:
    """Return the characters of each of the three encodings that do not depend on what stands around the bytes."""
    found = []
    for shift in range(3):
        bits = "0" * (8 * shift) + "".join(f"{one:08b}" for one in data)
        first = -(-8 * shift // 6)
        signs = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        found.append(signs[first : len(bits) // 6])
    return found


def fits(pattern: list[str | int], text: str, cased: bool) -> bool:
    """Return whether the pattern describes the whole text: by the set of places that its beginning can end at."""
    if len(pattern) * len(text) > _WORK or len(pattern) > 5000:
        raise Unjudged("a long pattern")
    places = {0}
    for one in pattern:
        if one == MANY:
            places = set(range(min(places), len(text) + 1)) if places else places
        elif one == ONE:
            places = {place + 1 for place in places if place < len(text)}
        else:
            places = {place + 1 for place in places if place < len(text) and _same(str(one), text[place], cased)}
        if not places:
            return False
    return len(text) in places


def _same(one: str, other: str, cased: bool) -> bool:
    if one == other or cased:
        return one == other
    if one.isascii() != other.isascii():
        return False
    return one.lower() == other.lower() if len(one.lower()) == len(other.lower()) == 1 and _keeps(one) and _keeps(other) else False


def _keeps(one: str) -> bool:
    return one.lower().isascii() == one.isascii()


def has(value: Any, path: str) -> bool:
    """Return whether a key is there, whatever it holds."""
    if isinstance(value, list):
        return True in [has(one, path) for one in value]
    if not isinstance(value, dict):
        return False
    key = _longest(value, path)
    return key is not None and (key == path or has(value[key], path[len(key) + 1 :]))


def values_at(value: Any, path: str) -> list[Any]:
    """Return the values at a field, lists taken apart."""
    if isinstance(value, list):
        return [found for one in value for found in values_at(one, path)]
    if not isinstance(value, dict):
        return []
    key = _longest(value, path)
    if key is None:
        return []
    return _flat(value[key]) if key == path else values_at(value[key], path[len(key) + 1 :])


def _longest(value: Mapping[str, Any], path: str) -> str | None:
    found = [one for one in value if path == one or (path.startswith(f"{one}.") and one)]
    return max(found, key=len, default=None)


def _flat(value: Any) -> list[Any]:
    return [found for one in value for found in _flat(one)] if isinstance(value, list) else [value]


def _every_text(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [found for one in value.values() for found in _every_text(one)]
    if isinstance(value, list):
        return [found for one in value for found in _every_text(one)]
    return [] if value is None else [value]


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 2**53


def _text(value: object) -> str:
    return value if isinstance(value, str) else {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _number(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return (
        float(value)
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?", value)
        else None
    )


def _compared(operator: str, given: float, bound: float) -> bool:
    return {"lt": given < bound, "lte": given <= bound, "gt": given > bound, "gte": given >= bound}[operator]


def _in_network(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        raise Unjudged("a wrapped address")
    return address in network


_SAFE: Final = re.compile(
    r"(?:[\w .,:;/<>=@!\"'&~#%-]|\\[dDwWbB.\\/\-()*+?|\[\]{}]|[.^|]|\((?!\?)|\)|\[[\w.-]+\]|[*+](?![+])|(?<=[\w.)\]])\?(?![+]))*", re.ASCII
)


def _search(pattern: str, flags: list[str], text: str) -> bool:
    """Search with Python's ``re`` where it means what PCRE does, and cannot take long."""
    if (
        len(text) > 40
        or len(pattern) > 200
        or not _SAFE.fullmatch(pattern)
        or not (pattern + text).isascii()
        or "--" in pattern
        or "&&" in pattern
    ):
        raise Unjudged("an expression")
    if len(re.findall(r"[*+?]", pattern)) > 4:
        raise Unjudged("an expression of many repetitions")
    options = re.ASCII
    for one in flags:
        options |= _FLAGS[one]
    try:
        return re.search(pattern, text, options) is not None
    except re.error:
        raise Unjudged("an expression") from None


def _part(text: str, unit: str) -> int | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?", text, re.ASCII):
        if re.match(r"\d{4}-\d\d-\d\d", text):
            raise Unjudged("a time")
        return None
    try:
        moment = datetime.datetime.fromisoformat(text.rstrip("Z"))
    except ValueError:
        return None
    if unit in ("hour", "minute") and "T" not in text:
        return None
    return moment.isocalendar().week if unit == "week" else int(getattr(moment, unit))
