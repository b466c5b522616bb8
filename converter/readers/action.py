"""Rule collections: ``action: global``, ``reset`` and ``repeat`` become whole rules.

A global document is merged into every following rule and wins over it, key by
key inside maps; a later one takes its place and ``reset`` ends it.  ``repeat``
is the rule before it, itself already merged, with this document's values over
it.  Correlations and filters are not merged.  Source: the Sigma specification
1, "Rule Collections", as pySigma 1.5.1's SigmaCollection reads it.

One difference: in pySigma a ``repeat`` behind a global document changes that
document for all that follow; here it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from converter.formats import Document, Map, Seq
from converter.model import Diagnostic, Severity

MERGED: Final = 200_000
"""Keys and values that the rules of one file may have after merging: a large global document costs its size for each rule."""
_ACTIONS: Final = ("global", "reset", "repeat")


def resolved(documents: Iterable[Document]) -> Iterator[Document | Diagnostic]:
    """Yield each document that is to be a rule, merged, or why it cannot be; every value keeps the place where it stands."""
    common, before, spent = _empty(), _empty(), 0
    for document in documents:
        value = document.value
        if not isinstance(value, Map) or ("action" not in value and ("correlation" in value or "filter" in value)):
            yield document
            continue
        action = value.get("action")
        if "action" in value and not (isinstance(action, str) and action in _ACTIONS):
            yield _unknown(document, action)
            continue
        own = _without_action(value) if "action" in value else value
        if action == "global":
            common = before = own
        elif action == "reset":
            common = _empty()
        else:
            base, over = (before, own) if action == "repeat" else (own, common)
            if action == "repeat" or common:
                spent += _size(base) + _size(over)
            if spent > MERGED:
                message = f"the rules of this file have more than {MERGED} keys and values after merging"
                yield Diagnostic("R004", Severity.ERROR, document.source.span(document.offsets), message, help="write the rules out")
                return
            before = merged(base, over) if over else base
            yield document if before is value else Document(document.source, before, document.offsets)


def _empty() -> Map:
    found = Map()
    found.offsets = []
    return found


def merged(base: Map, over: Map) -> Map:
    """Return a new map: ``base`` with what ``over`` says, maps in maps likewise, all else replaced."""
    places = dict(zip(base, zip(base.offsets[::2], base.offsets[1::2], strict=True), strict=True))
    found = Map(base)
    for (key, value), key_place, place in zip(over.items(), over.offsets[::2], over.offsets[1::2], strict=True):
        old = found.get(key)
        if isinstance(old, Map) and isinstance(value, Map):
            found[key] = merged(old, value)
        else:
            found[key] = value
        places[key] = (key_place, place)
    found.offsets = [offsets for key in found for offsets in places[key]]
    return found


def _without_action(value: Map) -> Map:
    places = zip(value, value.offsets[::2], value.offsets[1::2], strict=True)
    found = Map({key: one for key, one in value.items() if key != "action"})
    found.offsets = [offsets for key, *pair in places if key != "action" for offsets in pair]
    return found


def _unknown(document: Document, action: object) -> Diagnostic:
    value = document.value
    place = document.source.span(value.offsets[2 * list(value).index("action") + 1])
    message = "'action' is one of global, repeat, reset" if not isinstance(action, str) else f"unknown action '{action[:50]}'"
    return Diagnostic("R012", Severity.ERROR, place, message, help="the actions are: " + " ".join(_ACTIONS))


def _size(value: object) -> int:
    """Return how many keys and values a tree has; its depth is bounded by its reader."""
    stack: list[Any] = [value]
    count = 0
    while stack:
        one = stack.pop()
        count += 1
        if isinstance(one, Map):
            stack.extend(one.values())
        elif isinstance(one, Seq):
            stack.extend(one)
    return count
