"""What one part of a query string means on one field: a test of an indexed document, or nothing where a text has no words.

Every function raises ``Refusal`` where the engine refuses; a query string
over all fields forgives that, and the part finds nothing.

Source: Elasticsearch 8.19 QueryStringQueryParser.java, StringFieldType.java; ``engine.yml``.
"""

from __future__ import annotations

from itertools import product
from typing import Final

from converter.languages.elasticsearch import (
    STRINGS,
    TOKENIZED,
    FieldType,
    Predicate,
    Refusal,
    Wild,
    any_value,
    begins,
    between,
    compares,
    exists,
    fits,
    folded,
    matches,
    searchable,
    tokens,
)
from converter.languages.lucene.edits import usual_distance, within
from converter.languages.lucene.expression import described, read_expression
from converter.languages.lucene.syntax import Expression, Fuzzy, Leaf, Pattern, Phrase, Prefix, Range, Words

_MAX_EXPRESSION: Final = 1000
_GAP: Final = 100
"""Positions between the words of two values (``position_increment_gap``)."""
_MAX_PLACES: Final = 20_000
_WHOLE: Final = frozenset({"keyword", "wildcard"})


def on_field(kind: FieldType, leaf: Leaf) -> Predicate | None:
    """Return the test of a part on a field; ``None`` for a text without words."""
    match leaf:
        case Words():
            return matches(kind, leaf.text)
        case Phrase():
            return _phrase(kind, leaf)
        case Prefix():
            return _prefix(kind, leaf.text)
        case Pattern():
            return _pattern(kind, leaf.raw)
        case Expression():
            return _expression(kind, leaf.raw)
        case Fuzzy():
            return _fuzzy(kind, leaf)
        case Range():
            return _range(kind, leaf)


def _phrase(kind: FieldType, leaf: Phrase) -> Predicate | None:
    """Match the words in this order, moved by no more than the slop."""
    wanted = tokens(leaf.text) if kind.type in TOKENIZED else ()
    if not leaf.slop or len(wanted) < 2:
        return matches(kind, leaf.text, phrase=True)
    searchable(kind)
    if len(set(wanted)) < len(wanted) or leaf.slop >= _GAP:
        raise Refusal("a phrase with slop that repeats a word, or reaches from one value to the next", unknown=True)
    return any_value(kind.path, lambda words: _is_near(wanted, words, leaf.slop))


def _is_near(wanted: tuple[str, ...], words: tuple[str, ...], slop: int) -> bool:
    """Say whether the words stand so that moving them by ``slop`` places in all makes the phrase."""
    places = [[at - number for at, word in enumerate(words) if word == one] for number, one in enumerate(wanted)]
    size = 1
    for one in places:
        size *= len(one)
    if size > _MAX_PLACES:
        # The closest window: take the least place, and the nearest of the others at or above it.
        return any(_width(start, places) <= slop for one in places for start in one)
    return any(max(found) - min(found) <= slop for found in product(*places))


def _width(start: int, places: list[list[int]]) -> int:
    """Return the width of the smallest window that begins at ``start``."""
    ends = [min((at for at in one if at >= start), default=None) for one in places]
    return 1 << 30 if None in ends else max(at for at in ends if at is not None) - start


def _prefix(kind: FieldType, text: str) -> Predicate | None:
    """Match the beginning; on words, the last word's beginning or any of the words before it."""
    if kind.type not in TOKENIZED:
        return begins(kind, text)
    searchable(kind)
    wanted = tokens(text)
    if not wanted:
        return None
    whole, last = frozenset(wanted[:-1]), wanted[-1]
    return any_value(kind.path, lambda words: any(word in whole or word.startswith(last) for word in words))


def parts_of(raw: str, fold: bool) -> tuple[str | Wild, ...]:
    """Return a pattern as texts and wildcards; ``fold`` puts all but escaped characters in lower case, as the engine does."""
    found: list[str | Wild] = []
    piece: list[str] = []
    at = 0
    while at < len(raw):
        char = raw[at]
        if char in "*?":
            found += ["".join(piece)] if piece else []
            piece = []
            found.append(Wild.MANY if char == "*" else Wild.ONE)
        elif char == "\\" and at + 1 < len(raw):
            at += 1
            piece.append(raw[at])
        else:
            piece.append(folded(char) if fold else char)
        at += 1
    return (*found, "".join(piece)) if piece else tuple(found)


def _pattern(kind: FieldType, raw: str) -> Predicate:
    """Match the whole value, or a word, by its pattern."""
    if raw == "*":
        return exists(kind)
    searchable(kind)
    if kind.type not in STRINGS or kind.type == "constant_keyword":
        # elastic/elasticsearch issue 138778: a query string has no pattern for a constant field.
        raise Refusal(f"Can only use wildcard queries on keyword, text and wildcard fields - not on [{kind.path}] of type [{kind.type}]")
    parts, key = parts_of(raw, kind.lowercase or kind.type in TOKENIZED), kind.key
    if kind.type == "flattened":
        # The engine looks through the index of all keys: key, NUL, value.
        return any_value(kind.path, lambda pair: fits(parts, f"{pair[0]}\0{pair[1]}" if key else pair[1]))
    if kind.type in TOKENIZED:
        return any_value(kind.path, lambda words: any(fits(parts, word) for word in words))
    return any_value(kind.path, lambda found: fits(parts, found))


def too_long(raw: str) -> bool:
    """Say whether the engine refuses an expression before it looks at any field (``index.max_regex_length``)."""
    return len(raw) > _MAX_EXPRESSION


def _expression(kind: FieldType, raw: str) -> Predicate:
    """Match the whole value, or a word, by a regular expression."""
    searchable(kind)
    if kind.type in ("flattened", "constant_keyword"):
        raise Refusal(f"a regular expression on [{kind.path}] of type [{kind.type}]", unknown=True)
    if kind.type not in STRINGS:
        raise Refusal(f"Can only use regexp queries on keyword and text fields - not on [{kind.path}] of type [{kind.type}]")
    if kind.type in TOKENIZED and folded(raw) != raw:
        message = f"capitals in a regular expression on [{kind.path}], which versions fold or do not"
        raise Refusal(message, unknown=True, help="write it in lower case: the index of a text field holds no capitals")
    test = described(read_expression(folded(raw) if kind.lowercase else raw))
    if kind.type in TOKENIZED:
        return any_value(kind.path, lambda words: any(map(test, words)))
    return any_value(kind.path, test)


def check_distance(distance: str) -> None:
    """Refuse what is no number behind a tilde, which the engine refuses before it looks at any field."""
    try:
        number = float(distance.rstrip("fFdD") or "x") if distance and distance.upper() != "AUTO" else 0.0
    except ValueError:
        raise Refusal(f'For input string: "{distance}"', help="write `~`, `~1` or `~2`") from None
    if number > 1 and not number.is_integer():
        raise Refusal("Fractional edit distances are not allowed!", help="write `~`, `~1` or `~2`")


def _fuzzy(kind: FieldType, leaf: Fuzzy) -> Predicate:
    """Match values, or words, within some edits."""
    searchable(kind)
    distance = "" if leaf.distance.upper() == "AUTO" else leaf.distance
    if distance not in ("", "0", "1", "2"):
        raise Refusal(f"a distance of [{leaf.distance}] edits", unknown=True, help="write `~`, `~1` or `~2`")
    if kind.type in ("flattened", "constant_keyword"):
        raise Refusal(f"a fuzzy query on [{kind.path}] of type [{kind.type}]", unknown=True)
    if kind.type not in STRINGS:
        raise Refusal(f"Can only use fuzzy queries on keyword and text fields - not on [{kind.path}] of type [{kind.type}]")
    text = folded(leaf.text) if kind.lowercase or kind.type in TOKENIZED else leaf.text
    most = int(distance) if distance else usual_distance(leaf.text)
    if kind.type in TOKENIZED:
        return any_value(kind.path, lambda words: any(within(text, word, most) for word in words))
    return any_value(kind.path, lambda found: within(text, found, most))


def _range(kind: FieldType, leaf: Range) -> Predicate:
    """Match values between two bounds, of which any may be open."""
    fold = kind.type in TOKENIZED
    low = None if leaf.low is None else ("gte" if leaf.includes_low else "gt", folded(leaf.low) if fold else leaf.low)
    high = None if leaf.high is None else ("lte" if leaf.includes_high else "lt", folded(leaf.high) if fold else leaf.high)
    if low and high:
        return between(kind, low, high)
    if low or high:
        return compares(kind, *(low or high or ("", "")))
    searchable(kind)
    if kind.type == "flattened" and kind.key:
        raise Refusal("[range] queries on keyed [flattened] fields must include both an upper and a lower bound.")
    return exists(kind)


def compared(leaf: Words) -> Range | Words:
    """Return what a text is that begins with a sign of order: a range; anything else stays."""
    text = leaf.text
    if len(text) < 2 or text[0] not in "<>":
        return leaf
    includes = len(text) > 2 and text[1] == "="
    bound: str | None = text[1 + includes :]
    bound = None if bound == "*" else bound
    if text[0] == ">":
        return Range(leaf.field, bound, None, includes, True, leaf.offsets)
    return Range(leaf.field, None, bound, True, includes, leaf.offsets)
