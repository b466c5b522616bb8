r"""A pattern that is searched for, as what it says of the whole value: Lucene's expressions have no anchors and no search.

``a$`` becomes anything, then ``a``, then a line feed or nothing.  Choices that
hold an anchor are written out, so that each anchor stands between parts that
are known: an edge of a word is then true, or impossible, or a class beside
the pattern's own end.  Where that cannot be decided the pattern is refused.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from converter.ir import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Expression,
    Literal,
    Look,
    Place,
    Ranges,
    Repeat,
    nodes_of,
    nullable,
    trimmed,
)

Items: TypeAlias = tuple[Expression, ...]
LIMIT: Final = 64
"""Alternatives that a pattern may become."""
WRITTEN_OUT: Final = 4
"""Times that a part with an anchor in it may be repeated."""
_HIGHEST: Final = 0x10FFFF
_WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
_FEED: Final[Ranges] = ((10, 10),)
_ANY: Final = Repeat(CharSet(((0, _HIGHEST),)), 0, None)
_NOTHING: Final = Chain(())
_LINE_FEED: Final = CharSet(_FEED)
_EDGES: Final = (Place.WORD_EDGE, Place.NO_WORD_EDGE)


class UnsaidError(Exception):
    """Raised for a pattern that does not become one of Lucene's; the message says which part."""

    def __init__(self, message: str, help_text: str) -> None:
        super().__init__(message)
        self.message, self.help_text = message, help_text


def whole(tree: Expression) -> Expression:
    """Return an expression without anchors for all texts in which the pattern is found.

    Raises:
        UnsaidError: if there is none, or it is not found by what this module knows.
    """
    for one in nodes_of(tree):
        if isinstance(one, Look):
            raise UnsaidError("a look ahead or behind in a regular expression", "write the expression without (?=, (?!, (?<= and (?<!")
        if isinstance(one, BackReference):
            raise UnsaidError("a reference to a group in a regular expression", "write the expression without it")
    found: list[Expression] = []
    for items in _alternatives(trimmed(tree)):
        for divided in _divided(items):
            made = _whole(divided)
            if made is not None and made not in found:
                found.append(made)
    if not found:
        raise UnsaidError("a regular expression that is found in no text", "check the anchors in it")
    return found[0] if len(found) == 1 else Choice(tuple(found))


def _has_anchor(tree: Expression) -> bool:
    return any(isinstance(one, Anchor) for one in nodes_of(tree))


def _alternatives(tree: Expression) -> list[Items]:
    """Return the pattern as alternatives in which every anchor stands by itself between parts without one."""
    if not isinstance(tree, Chain) and not _has_anchor(tree):
        return [(tree,)]
    match tree:
        case Chain(children):
            found: list[Items] = [()]
            for child in children:
                found = [(*one, *more) for one in found for more in _alternatives(child)]
                _bounded(found)
            return found
        case Choice(children):
            return _bounded([one for child in children for one in _alternatives(child)])
        case Repeat(child, least, int() as most) if most <= WRITTEN_OUT:
            times = [Chain((child,) * number) for number in range(least, most + 1)]
            return _bounded([one for chain in times for one in _alternatives(chain)])
        case Repeat():
            raise UnsaidError("an anchor that is repeated in a regular expression", "move the anchor out of the repetition")
        case _:
            return [(tree,)]


def _bounded(found: list[Items]) -> list[Items]:
    if len(found) > LIMIT:
        raise UnsaidError(f"a regular expression whose anchors make it more than {LIMIT} alternatives", "divide it into several")
    return found


def _divided(items: Items) -> list[Items]:
    """Write out a part beside an edge of a word until it begins and ends in a known way: it may be empty, or begin with both kinds."""
    pending, done = [items], []
    while pending:
        one = pending.pop()
        ways = next((ways for at in _beside_edges(one) if (ways := _ways(one, at))), None)
        if ways is None:
            done.append(one)
        else:
            pending += ways
        _bounded(pending + done)
    return done[::-1]


def _beside_edges(items: Items) -> list[int]:
    """Return where parts stand that an edge of a word looks at."""
    found = []
    for at, one in enumerate(items):
        if isinstance(one, Anchor) and one.place in _EDGES:
            found += [
                next((place for place in side if not isinstance(items[place], Anchor)), -1)
                for side in (range(at - 1, -1, -1), range(at + 1, len(items)))
            ]
    return [at for at in found if at >= 0]


def _ways(items: Items, at: int) -> list[Items] | None:
    """Return the alternatives of a part that is not known yet, ``None`` when it is known."""
    part = items[at]
    before, after = items[:at], items[at + 1 :]
    match part:
        case Repeat(child, 0, most) if most != 0:
            return [(*before, Repeat(child, 1, most), *after), (*before, *after)]
        case Choice(children) if nullable(part) or _kind(_ends(part, first=True)) is None or _kind(_ends(part, first=False)) is None:
            return [(*before, *(child.children if isinstance(child, Chain) else (child,)), *after) for child in children]
        case CharSet(ranges) if _kind(ranges) is None:
            return [(*before, CharSet(kept), *after) for kept in (_both(ranges, _WORD), _both(ranges, _others(_WORD)))]
        case Repeat(CharSet(ranges) as one, least, most) if _kind(ranges) is None:
            less = Repeat(one, least - 1, None if most is None else most - 1)
            edge_behind = any(isinstance(other, Anchor) and other.place in _EDGES for other in after[:1])
            return [(*before, less, one, *after) if edge_behind else (*before, one, less, *after)]
        case _:
            return None


def _whole(items: Items) -> Expression | None:
    """Return an alternative as what it says of the whole text, ``None`` when no text has it."""
    places = [at for at, one in enumerate(items) if not isinstance(one, Anchor)]
    if not places:
        return _of_anchors({one.place for one in items if isinstance(one, Anchor)})
    first, last = places[0], places[-1]
    body = items[first : last + 1]
    plain = tuple(one for one in body if not isinstance(one, Anchor))
    head = _head({one.place for one in items[:first] if isinstance(one, Anchor)}, plain)
    tail = _tail({one.place for one in items[last + 1 :] if isinstance(one, Anchor)}, plain)
    if head is None or tail is None:
        return None
    for at, one in enumerate(body):
        if isinstance(one, Anchor) and not _holds(one.place, _plain(body[:at]), _plain(body[at + 1 :])):
            return None
    return Chain((head, *plain, tail))


def _plain(items: Items) -> Items:
    return tuple(one for one in items if not isinstance(one, Anchor))


def _of_anchors(places: set[Place]) -> Expression:
    """Return what a pattern of anchors alone says."""
    if places <= {Place.START, Place.END}:
        return Repeat(_LINE_FEED, 0, 1) if len(places) == 2 else _ANY
    raise UnsaidError("a regular expression of anchors alone", "add what stands between them")


def _head(places: set[Place], body: Items) -> Expression | None:
    """Return what stands before a pattern that begins with these anchors, ``None`` when nothing can."""
    edges = places & set(_EDGES)
    if places - edges - {Place.START, Place.LINE_START}:
        raise UnsaidError("an end before other parts of a regular expression", "put $ at the end")
    if Place.LINE_START in places and all(map(nullable, body)):
        raise UnsaidError("the start of a line before nothing in a regular expression", "add what the line holds")
    known = Place.START in places or Place.LINE_START in places
    if edges and known:
        if not _is_edge(edges, False, _known(_begins(body))):
            return None
        edges = set()
    if Place.START in places:
        return _NOTHING
    if known:
        return Choice((_NOTHING, Chain((_ANY, _LINE_FEED))))
    if len(edges) == 2:
        return None
    if not edges:
        return _ANY
    wanted = _known(_begins(body)) is not (Place.WORD_EDGE in edges)
    return Chain((_ANY, CharSet(_WORD))) if wanted else Choice((_NOTHING, Chain((_ANY, CharSet(_others(_WORD))))))


def _tail(places: set[Place], body: Items) -> Expression | None:
    """Return what stands behind a pattern that ends with these anchors, ``None`` when nothing can."""
    edges = places & set(_EDGES)
    if places - edges - {Place.END, Place.LINE_END}:
        raise UnsaidError("a start behind other parts of a regular expression", "put ^ at the start")
    known = Place.END in places or Place.LINE_END in places
    if edges and known:
        if not _is_edge(edges, _known(_finishes(body)), False):
            return None
        edges = set()
    if Place.END in places:
        return Repeat(_LINE_FEED, 0, 1)
    if known:
        return Choice((_NOTHING, Chain((_LINE_FEED, _ANY))))
    if len(edges) == 2:
        return None
    if not edges:
        return _ANY
    wanted = _known(_finishes(body)) is not (Place.WORD_EDGE in edges)
    return Chain((CharSet(_WORD), _ANY)) if wanted else Choice((_NOTHING, Chain((CharSet(_others(_WORD)), _ANY))))


def _holds(place: Place, before: Items, after: Items) -> bool:
    """Say whether an anchor between two parts holds."""
    if place in _EDGES:
        return _is_edge({place}, _known(_finishes(before)), _known(_begins(after)))
    if place is Place.LINE_START and not all(map(nullable, after)) and not any(map(nullable, before[-1:])):
        return _is_feed(_finishes(before))
    if place is Place.LINE_END and not any(map(nullable, after[:1])):
        return _is_feed(_begins(after))
    raise UnsaidError("an anchor inside a regular expression", "put ^ at the start and $ at the end")


def _is_edge(edges: set[Place], left: bool, right: bool) -> bool:
    return all((left is not right) is (one is Place.WORD_EDGE) for one in edges)


def _is_feed(ranges: Ranges) -> bool:
    if ranges == _FEED:
        return True
    if _both(ranges, _FEED):
        raise UnsaidError("a line's end inside a regular expression", "say whether a line feed stands there")
    return False


def _known(ranges: Ranges) -> bool:
    """Say whether characters are those of words."""
    kind = _kind(ranges)
    if kind is None:
        raise UnsaidError(r"an edge of a word (\b) beside what may be a word or not", r"write what stands there without \b")
    return kind


def _kind(ranges: Ranges) -> bool | None:
    """Say whether characters are all of words, or all not; ``None`` when both are there, or none."""
    inside = _both(ranges, _WORD)
    if inside == ranges and ranges:
        return True
    return None if inside or not ranges else False


def _begins(items: Items) -> Ranges:
    """Return the characters that can come first; none when there may be nothing."""
    return _ends(Chain(items), first=True) if not all(map(nullable, items)) else ()


def _finishes(items: Items) -> Ranges:
    return _ends(Chain(items), first=False) if not all(map(nullable, items)) else ()


def _ends(tree: Expression, *, first: bool) -> Ranges:
    """Return the characters that a text of the expression can begin with, or end in."""
    match tree:
        case Literal(text, folded):
            letter = text[0 if first else -1]
            return _union(
                [(ord(one), ord(one)) for one in ((letter, letter.lower(), letter.upper()) if folded else (letter,)) if len(one) == 1]
            )
        case CharSet(ranges):
            return ranges
        case Chain(children):
            found: list[tuple[int, int]] = []
            for child in children if first else reversed(children):
                found += _ends(child, first=first)
                if not nullable(child):
                    break
            return _union(found)
        case Choice(children):
            return _union([run for child in children for run in _ends(child, first=first)])
        case Repeat(child):
            return _ends(child, first=first)
        case _:
            return ()


def _union(runs: list[tuple[int, int]]) -> Ranges:
    found: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def _others(ranges: Ranges) -> Ranges:
    edges = [0, *(edge for first, last in ranges for edge in (first, last + 1)), _HIGHEST + 1]
    return tuple((first, last - 1) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last)


def _both(left: Ranges, right: Ranges) -> Ranges:
    found = [(max(one[0], other[0]), min(one[1], other[1])) for one in left for other in right]
    return tuple(sorted(run for run in found if run[0] <= run[1]))
