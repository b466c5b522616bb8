"""Splunk: texts that were cut out of XML, in which ``&``, ``<`` and ``>`` are still entities.

A test reads such a field as it is where an entity cannot mislead it, else
with its entities resolved.  Equals and starts-with of a text without those
characters are never misled; a text that may begin in the middle is, when it
could be a piece of an entity: ``amp`` is found in ``a &amp; b``.

Source: converter/data/views/splunk/windows_process_creation.yml, ``entities``.
"""

from __future__ import annotations

from typing import Final

from converter.data import Binding
from converter.ir import Text, Wild

XML: Final = "xml"
"""The type of a field whose text was cut out of XML."""
SPECIAL: Final = "&<>"
"""What XML writes as entities; a quote between tags is written as it is."""
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""In the order in which they are resolved: the ampersand last, so that none is resolved twice."""
_TAILS: Final = tuple(one[at:] for one in _ENTITIES for at in range(1, len(one)))


def is_misled(test: Text) -> bool:
    """Whether a text test differs between a text and the same with entities."""
    for place, part in enumerate(test.parts):
        if part is Wild.ONE:
            return True
        if not isinstance(part, str):
            continue
        if any(one in part for one in SPECIAL):
            return True
        open_left = place > 0
        open_right = place + 1 < len(test.parts)
        if open_left and (part.lower().startswith(_TAILS) or (open_right and any(part.lower() in one for one in _TAILS))):
            return True
    return False


def resolved_text(name: str, binding: Binding) -> str:
    """Return an expression for a field's text as its producer wrote it; ``name`` is the field's name as ``where`` takes it."""
    if binding.type != XML:
        return name
    for entity, character in _ENTITIES.items():
        name = f'replace({name}, "{entity}", "{character}")'
    return name
