"""S019 plain-regex: a regular expression that is only a text.

Why it matters: a text comparison is faster everywhere, and targets without
regular expressions refuse the rule for nothing.

Bad::  userAgent|re: curl        Good::  userAgent|contains|cased: curl
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from converter.checks.finding import Edit, Finding, Fix, finding, replaced
from converter.checks.subject import Item, Subject
from converter.ir import sigma_text
from converter.model import unpack

CODE = "S019"
_PLAIN = re.compile(r"(?P<head>\^|\.\*)?(?P<text>(?:[^\\.^$*+?()\[\]{}|]|\\[^A-Za-z0-9])+)(?P<tail>\$|\.\*)?")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for each expression without operators."""
    for item in subject.items:
        if item.modifiers not in (("re",), ("re", "i")) or not item.field:
            continue
        for value, place in item.values:
            found = _PLAIN.fullmatch(value) if isinstance(value, str) else None
            # A dot that is no line break and an end before a final one are not asked for: '.*' and '$' count as open and closed ends.
            if found is None or "\n" in value:
                continue
            text = sigma_text((re.sub(r"\\(.)", r"\1", found["text"]),))
            shape = {("^", "$"): (), ("^", ""): ("startswith",), ("", "$"): ("endswith",)}.get(_ends(found), ("contains",))
            key = "|".join((item.field, *shape, *(() if "i" in item.modifiers else ("cased",))))
            message = f"the regular expression '{value}' is only a text"
            yield finding(CODE, subject.source, place, message, f"write '{key}: {text}'", fix=_fix(subject, item, key, text))


def _ends(found: re.Match[str]) -> tuple[str, str]:
    return tuple("" if found[name] in (None, ".*") else found[name] for name in ("head", "tail"))  # type: ignore[return-value]


def _fix(subject: Subject, item: Item, key: str, text: str) -> Fix | None:
    """Return the fix of a line with one value; it may change what the last line break of a value does, so it is not safe."""
    start, end = unpack(item.key)
    written = subject.source.text[start:end]
    value = replaced(subject.source, item.values[0][1], text, safe=False)
    if len(item.values) > 1 or value is None or written != "|".join((item.field, *item.modifiers)):
        return None
    return Fix((Edit(start, end, key), *value.edits), False)
