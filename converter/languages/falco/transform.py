r"""Falco's transformers on extracted values, with the engine's own flaw.

A value is bytes as the C engine holds them.  The string transformers leave a
NUL inside the length of what they return: comparisons of texts stop at it,
set membership of list elements does not, so ``tolower(list) in (…)`` is never
true.  Measured with rules engine 0.63.0.

Source: libs 48dfd53c userspace/libsinsp/sinsp_filter_transformers/ and
sinsp_filtercheck_multivalue_transformer.cpp.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from converter.languages.falco.syntax import Argument, Call, Field, Row, Value
from converter.model import node

Extracted: TypeAlias = str | int | Sequence[str] | None
"""What a lookup returns: a text, a number (``bool`` for a boolean field), the texts of a list, or ``None`` for no value.

A list without elements is no value either.
"""
Lookup: TypeAlias = Callable[[str, str | None], Extracted]
"""Gives the value of a field, by its name and the text in brackets (``None`` without brackets)."""


@node
class Values:
    """Extracted values: the elements of a list, or the one value of a field; a number is kept as such."""

    items: tuple[bytes | int, ...]
    many: bool

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The values as C strings: up to the first NUL."""
        return tuple(c_string(item) for item in self.items if isinstance(item, bytes))


def c_string(value: bytes) -> bytes:
    """Return what a C function sees of the value."""
    return value.partition(b"\0")[0]


def encoded(text: str) -> bytes:
    """Return the bytes of a text, of whatever characters."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def extract(operand: Argument, lookup: Lookup) -> Values | None:
    """Return what stands for a field, transformer or constant on this event; ``None`` when it has no value."""
    match operand:
        case Field(name, argument):
            return _looked_up(lookup(name, argument))
        case Value(text):
            return Values((encoded(text),), many=False)
        case Call():
            return _called(operand, lookup)
        case Row():
            raise ValueError("a list among arguments: check() refuses it")


def _looked_up(found: Extracted) -> Values | None:
    if found is None:
        return None
    if isinstance(found, str):
        return Values((c_string(encoded(found)),), many=False)
    if isinstance(found, int):
        return Values((int(found),), many=False)
    return Values(tuple(c_string(encoded(one)) for one in found), many=True) if found else None


def _called(call: Call, lookup: Lookup) -> Values | None:
    arguments: list[Values] = []
    for argument in call.arguments:
        extracted = extract(argument, lookup)
        if extracted is None:
            return None
        arguments.append(extracted)
    if call.name == "concat":
        return Values((b"".join(one.texts[0] for one in arguments),), many=False)
    if call.name == "join":
        separator = arguments[0].items[0]
        return Values(((separator if isinstance(separator, bytes) else b"").join(arguments[1].texts),), many=False)
    values = arguments[0]
    if call.name == "len":
        return Values((len(values.items) if values.many else len(values.texts[0]),), many=False)
    changed: list[bytes | int] = []
    for text in values.items:
        new = _STRINGS[call.name](text.rstrip(b"\0")) if isinstance(text, bytes) else None
        if new is None:
            return None
        changed.append(new if new.endswith(b"\0") else new + b"\0")
    return Values(tuple(changed), values.many)


def _decoded(text: bytes) -> bytes | None:
    """Return base64 decoded, padding optional; ``None`` for a foreign character or bits left over."""
    body = text[:-1] if text.endswith(b"=") else text
    body = body[:-1] if body.endswith(b"=") and body is not text else body
    if len(body) % 4 == 1:
        return None
    try:
        value = base64.b64decode(body + b"=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        return None
    return value if base64.b64encode(value).rstrip(b"=") == body else None


_STRINGS: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "tolower": bytes.lower,
    "toupper": bytes.upper,
    "basename": lambda text: text.rpartition(b"/")[2],
    "b64": _decoded,
}
