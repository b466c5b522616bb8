"""A rule's guide without what a build of ours wrote below it, which the next build writes again.

That is where the rule came from, in the TOML a line, in an import file a
section with its author and licence, and the losses that somebody accepted.
"""

from __future__ import annotations

import re
from typing import Final

_TOLD: Final = re.compile(r"(?:\A|\n\n)Accepted losses of this translation:(?:\n- T[0-9]{3} [^\n]*)+\Z")
_ADAPTED: Final = re.compile(r"(?:\A|\n\n)Adapted from (?P<source>[^\n]+)\Z")
_ORIGIN: Final = re.compile(
    r"(?:\A|\n\n)## Origin\n\n- Author: (?P<author>[^\n]*)\n- License: (?P<license>[^\n]*)(?:\n- Source: (?P<source>[^\n]*))?"
    r"\n- Sigma rule: [^\n]*(?:\n\n## (?:Exception lists that have to exist|Accepted losses of this translation)\n(?:\n- [^\n]*)+)*\Z"
)


def apart(text: str, author: str, license_: str) -> tuple[str, str]:
    """Return a guide and the source that it names below.

    A section of origin that names another author or licence than the rule,
    in Sigma's words, is the guide's own.
    """
    text = text.strip()
    found = _ORIGIN.search(text)
    if found and (found["author"], found["license"]) == (author or "unknown", license_ or "not stated"):
        return text[: found.start()].strip(), (found["source"] or "").strip()
    text = _TOLD.sub("", text).strip()
    found = _ADAPTED.search(text)
    return (text[: found.start()].strip(), found["source"].strip()) if found else (text, "")
