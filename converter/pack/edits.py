"""Change keys of a YAML text and leave the rest of it as it is: comments, order, spelling.

Only block style is edited, a line at a time; where a key does not stand alone
on its line there is no text, and the caller writes the value anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from converter.formats import Document, Map, Seq
from converter.model import node, unpack

ABSENT: Final = type("Absent", (), {"__repr__": lambda _: "nothing"})()
"""The value of a key that is not there."""


@node
class Edit:
    """A new value for the key at the end of a path, ``ABSENT`` to remove it."""

    path: tuple[str, ...]
    value: Any


_MOST: Final = 1_000
"""Edits of one document; each looks at all keys beside it."""


class _NotBlockError(Exception):
    """The key does not stand alone on its line."""


_Change = tuple[int, int, str]
"""Where a change begins and ends in the text, and what stands there then."""


def written(value: Any) -> str:  # noqa: ANN401 - any YAML value
    """Return a value as YAML of our own."""
    from converter.readers.elastic_rules import yaml_text

    return yaml_text(_plain(value))


def applied(text: str, document: Document, edits: Sequence[Edit], result: Any, order: Any) -> str | None:  # noqa: ANN401 - YAML values
    """Return the text with the edits, or ``None`` where it is not in block style at all, or much is changed.

    A key inside of what is not in block style is changed with all that it
    stands in.

    Args:
        text: the text of one document, whose offsets ``document`` has.
        document: what it says.
        edits: none of them inside of another.
        result: what the document says with all edits.
        order: a document in whose order new keys are put in.
    """
    if len(edits) > _MOST:
        return None
    found: dict[tuple[str, ...], list[_Change]] = {}
    for edit in edits:
        one = edit
        while one.path and one.path not in found:
            try:
                found[one.path] = _changes(text, document, one, order)
            except _NotBlockError:
                one = Edit(one.path[:-1], _at(result, one.path[:-1]))
        if not one.path:
            return None
    changes = [change for path, own in found.items() if not any(path[:depth] in found for depth in range(1, len(path))) for change in own]
    # From the end on; where one begins as another does, what comes in stands in front of what is replaced, in the order of the edits.
    ordered = sorted(enumerate(changes), key=lambda one: (-one[1][0], -one[1][1], -one[0]))
    for _, (start, end, new) in ordered:
        text = text[:start] + new + text[end:]
    return text


def _at(value: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401 - any YAML value
    for key in path:
        value = value[key]
    return value


def _changes(text: str, document: Document, edit: Edit, order: Any) -> list[_Change]:  # noqa: ANN401 - any YAML value
    holder, beside, offsets = document.value, order, document.offsets
    if not edit.path:
        raise _NotBlockError
    for key in edit.path[:-1]:
        offsets = holder.offsets[2 * _place(holder, key) + 1]
        holder, beside = holder[key], beside.get(key, Map()) if isinstance(beside, Map) else Map()
    _check_block(text, holder, offsets)
    key = edit.path[-1]
    if key not in holder:
        return [_insertion(text, holder, key, edit.value, list(beside))]
    at = _place(holder, key)
    start, value = unpack(holder.offsets[2 * at])[0], holder[key]
    line, end = _line_start(text, start), _line_end(text, _last(text, value, holder.offsets[2 * at + 1], unpack(holder.offsets[2 * at])[1]))
    if edit.value is ABSENT:
        if len(holder) == 1:
            raise _NotBlockError
        return [(line, end, "")]
    if isinstance(value, Seq) and isinstance(edit.value, list) and value and edit.value:
        found = _elements(text, value, edit.value)
        if found is not None:
            return found
    rendered = _indented({key: edit.value}, start - line)
    old_start, old_end = unpack(holder.offsets[2 * at + 1])
    if not isinstance(value, Map | Seq) and "\n" not in text[old_start:old_end] and old_end > old_start and rendered.count("\n") == 1:
        return [(start, old_end, rendered.strip())]
    return [(line, end, rendered)]


def _insertion(text: str, holder: Map, key: str, value: Any, order: list[str]) -> _Change:  # noqa: ANN401 - any YAML value
    """Return how a key comes in, behind the one that stands before it in ``order``."""
    column = unpack(holder.offsets[0])[0] - _line_start(text, unpack(holder.offsets[0])[0])
    before = [one for one in order[: order.index(key)] if one in holder] if key in order else list(holder)
    if before:
        at = _place(holder, before[-1])
        end = _last(text, holder[before[-1]], holder.offsets[2 * at + 1], unpack(holder.offsets[2 * at])[1])
        place = _line_end(text, end)
    else:
        place = _line_start(text, unpack(holder.offsets[0])[0])
    new = _indented({key: value}, column)
    return place, place, new if place == 0 or text[place - 1 : place] == "\n" else f"\n{new}"


def _elements(text: str, old: Seq, new: Sequence[Any]) -> list[_Change] | None:
    """Return how elements go and come in a list in block style; ``None`` for another, or where they change their order."""
    lines = [_line_start(text, unpack(one)[0]) for one in old.offsets]
    prefixes = {text[line : unpack(one)[0]] for line, one in zip(lines, old.offsets, strict=True)}
    if len(prefixes) != 1 or (prefix := next(iter(prefixes))).strip() != "-" or any(isinstance(one, Map | Seq) for one in (*old, *new)):
        return None
    wanted = {(type(one), one) for one in new}
    kept = [one for one in old if (type(one), one) in wanted]
    if not kept or not all(type(one) is type(two) and one == two for one, two in zip(kept, new, strict=False)):
        return None
    ends = [_line_end(text, _last(text, value, place, 0)) for value, place in zip(old, old.offsets, strict=True)]
    found = [(line, end, "") for value, line, end in zip(old, lines, ends, strict=True) if (type(value), value) not in wanted]
    added = "".join(f"{prefix[: prefix.index('-')]}{line[2:]}" for line in _lines(new[len(kept) :]))
    if added:
        found.append((ends[-1], ends[-1], added if text[ends[-1] - 1 : ends[-1]] == "\n" else f"\n{added}"))
    return found


def _lines(values: Sequence[Any]) -> list[str]:
    """Return plain values as lines of a list, two blanks before each."""
    return written({"values": list(values)}).splitlines(keepends=True)[1:] if values else []


def _check_block(text: str, holder: Any, offsets: int) -> None:  # noqa: ANN401 - any YAML value
    """Raise unless a map has its keys on lines of their own."""
    if not isinstance(holder, Map) or not holder or len(holder.offsets) != 2 * len(holder) or text[unpack(offsets)[0]] in "{&*":
        raise _NotBlockError
    for place in holder.offsets[::2]:
        start = unpack(place)[0]
        if text[_line_start(text, start) : start].strip(" "):
            raise _NotBlockError


def _place(holder: Any, key: str) -> int:  # noqa: ANN401 - any YAML value
    if not isinstance(holder, Map) or key not in holder or len(holder.offsets) != 2 * len(holder):
        raise _NotBlockError
    return list(holder).index(key)


def _last(text: str, value: Any, offsets: int, least: int) -> int:  # noqa: ANN401 - any YAML value
    """Return where a value ends, comments behind it left out; ``least`` for one that is not written."""
    start, end = unpack(offsets)
    if isinstance(value, Map | Seq) and value and text[start] not in "{[*&":
        last = list(value.values())[-1] if isinstance(value, Map) else value[-1]
        key_end = unpack(value.offsets[-2])[1] if isinstance(value, Map) else start
        return _last(text, last, value.offsets[-1], max(least, key_end))
    return max(start + len(text[start:end].rstrip()), least)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    """Return where the next line begins."""
    found = text.find("\n", at)
    return found + 1 if found >= 0 else len(text)


def _indented(value: dict[str, Any], column: int) -> str:
    lines = written(value).splitlines(keepends=True)
    return "".join(f"{' ' * column}{line}" if line.strip() else line for line in lines)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """Return a value without places, as the writer takes it."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
