r"""Whether a target keeps the values that a test asks for as the event has them.

A target's table names the values of a field that it leaves out or writes in another way (``changed``, ``#`` for a hexadecimal
digit), and the parts of values that it writes in another way (``replaced``).  A test that could meet one would be answered
differently, so the rule is refused; what no form of these can satisfy is the same before and after, and passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from converter.data import Binding
from converter.ir import Exists, FieldMatch, Null, Parts, Shape, Text, Wild, evaluate, fold, unevaluable
from converter.model import Source

START: Final = "^"
"""Before a replaced part: it begins the value.  No part of a value that is replaced begins with this character."""
HEX: Final = "#"
"""In a changed value: any hexadecimal digit."""


def met(atom: FieldMatch, name: str, binding: Binding) -> str:
    """Return a value, or part of one, that the target changes and that the test could ask for; ``""`` when there is none.

    ``name`` is the field of the binding: the test's own, or the one that it compares with.
    """
    text = atom.test if isinstance(atom.test, Text) and name == atom.field else None
    unknown = text is None and bool(unevaluable(atom, Source("", "")))  # a regular expression without an answer could match anything
    open_ended = HEX in "".join(binding.changed)
    if not open_ended and (isinstance(atom.test, Null | Exists) or (text is not None and text.shape is Shape.PRESENT)):
        return ""  # a value that is left out counts as absent, which the target's own table accounts for
    least = sum([len(part) for part in text.parts if isinstance(part, str)]) if text else 0
    for value in binding.changed:
        if len(value) < least:
            continue  # folding keeps lengths
        if (text is None or _fits(text.parts, value)) if HEX in value else (unknown or evaluate(atom, {name: value})):
            return value
    if binding.digits and (text is None or all(isinstance(part, Wild) or part.isdecimal() for part in text.parts)):
        return "a number"
    for old, new in binding.replaced:
        if text is None or Wild.ONE in text.parts or any(_touches(part, old, new) for part in text.parts if isinstance(part, str)):
            return old
    return ""


def _fits(parts: Parts, value: str) -> bool:
    """Whether a value with some hexadecimal digits in the marked places matches a pattern, without regard to case."""
    text = fold(value)
    ends = {0}  # where what was read of the pattern can end in the value
    for part in parts:
        if part is Wild.MANY:
            ends = set(range(min(ends), len(text) + 1)) if ends else ends
        elif part is Wild.ONE:
            ends = {end + 1 for end in ends if end < len(text)}
        else:
            literal = fold(str(part))
            ends = {end + len(literal) for end in ends if _agree(literal, text[end : end + len(literal)])}
    return len(text) in ends


def _agree(literal: str, text: str) -> bool:
    return len(literal) == len(text) and all(
        one == other or (other == HEX and one in "0123456789abcdef") for one, other in zip(literal, text, strict=True)
    )


def _touches(literal: str, old: str, new: str) -> bool:
    """Whether a literal of a pattern can lie over a replaced part, before or after, in a way that replacing undoes or makes.

    A literal that lies wholly inside both forms, and over neither's edge, is found in either.
    """
    before, after = (_overlaps(fold(literal), fold(form)) for form in (old, new))
    inside = bool(before and after) and all(within for _, within in (*before, *after))
    return bool(before or after) and not inside


def _overlaps(literal: str, form: str) -> list[tuple[int, bool]]:
    """Return where a literal can begin so that it agrees with a form and covers a part of it; and whether it lies inside.

    The form stands between two backslashes, or begins the value: what the literal has there must agree as well.
    """
    framed = form if form.startswith(START) else f"\\{form}"
    framed += "\\"
    size, length = len(framed), len(literal)
    begins = [*_places(framed, literal[0])]
    begins += (place + 1 - length for place in _places(framed, literal[-1]) if place + 1 < length)
    begins += (-place for place in _places(literal, framed) if 0 < place < length - size)
    found = []
    for begin in begins:
        start, end = max(begin, 0), min(begin + length, size)
        if framed[start:end] == literal[start - begin : end - begin] and max(start, 1) < min(end, size - 1):
            found.append((begin, begin > 0 and begin + length < size))
    return found


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)
