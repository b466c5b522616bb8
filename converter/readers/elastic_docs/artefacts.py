r"""Undo what the documentation's conversions did to a rule's texts.

A rule's Markdown was read as AsciiDoc, which has other marks, and the result
was later written as Markdown again.  So ``'x'`` (AsciiDoc's old emphasis)
became ``*x*``, ``*x*`` (its bold) became ``**x**``, an apostrophe inside a
word became ``’``, ``--`` and ``...`` became typographic, and an address became
a link to itself.  Source: Asciidoctor 2.0, ``substitutors`` (compat mode
quotes, replacements); counts over 1,902 rules of detection-rules 14cf530f.
"""

from __future__ import annotations

import re

from converter.readers.elastic_docs.page import Reference

# Code spans first, so that nothing inside them is changed.
_EMPHASIS = re.compile(r"`[^`\n]*`|(?<![\w*\\])\*(?=[^\s*])([^*\n]*)(?<=[^\s*])\*(?![\w*])")
# A pair of AsciiDoc's bold marks that were wildcards of one path: /proc/*/maps … /proc/*/maps.
_WILDCARDS = re.compile(r"(?<=[/\\.-])\*\*(?=[^\s*])([^*\n]*)(?<=[^\s*])\*\*")
_LINK = re.compile(r"\[(https?://[^\[\]\s]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_APOSTROPHE = re.compile(r"(?<=\w)’(?=\w)")
_REPLACED = {"\u2009\u2014\u2009": " -- ", "\u2014\u200b": "--", "\u2026\u200b": "..."}
_REPLACED_TEXT = re.compile("|".join(_REPLACED))
_AUTOLINK = re.compile(r"<(https?://[^<>\s]*)>")
_TRADEMARK = re.compile(r"(?:\^TM\^|TM|™)$")


def plain(text: str) -> str:
    """Return a text as it stood in the rule.

    Emphasis was always ``'x'``: of the rules' texts 337 have that and none has
    AsciiDoc's ``_x_``.  An apostrophe inside a word was ``'`` in nine of ten
    (1,827 of 2,075); ``is_typographic`` tells whether the tenth is possible.
    """
    text = _REPLACED_TEXT.sub(lambda found: _REPLACED[found[0]], text)
    text = _LINK.sub(lambda found: found[1] if _is_same(found[1], found[2]) else found[0], text)
    text = _EMPHASIS.sub(lambda found: found[0] if found[1] is None else f"'{found[1]}'", text)
    text = _WILDCARDS.sub(r"*\1*", text)
    return _APOSTROPHE.sub("'", text)


def is_typographic(text: str) -> bool:
    """Say whether ``plain`` changes an apostrophe, which may have been typographic in the rule already."""
    return _APOSTROPHE.search(text) is not None


def index(text: str) -> str:
    """Return an index pattern as it stood in the rule: a ``**`` was bold, and a backslash is Markdown's.

    Elasticsearch allows no backslash in an index's name.
    """
    return text.replace("\\", "").replace("**", "*").strip("`")


def framework(text: str) -> str:
    """Return a framework's name without the trademark sign that the page adds."""
    return _TRADEMARK.sub("", text).rstrip()


def reference(text: str) -> Reference:
    """Return a list entry as a reference.

    A link's text is the rule's address (its target may lead to ``.md``
    instead of ``.html``); of links into Elastic's own documentation only the
    rewritten target is left.
    """
    shown, between, target = text[1:-1].partition("](")
    if not (between and text.startswith("[") and text.endswith(")")):
        bare = _AUTOLINK.fullmatch(text)
        address = bare[1] if bare else _address(text)
        return Reference(address, address, address)
    return Reference(_address(shown) if shown.startswith(("http://", "https://")) else target, shown, target)


def _address(text: str) -> str:
    # No address holds a dash, an ellipsis or an apostrophe that is not ASCII.
    return _REPLACED_TEXT.sub(lambda found: _REPLACED[found[0]], text).replace("\u2014", "--").replace("\u2026", "...").replace("’", "'")


def _is_same(text: str, target: str) -> bool:
    return target in (text, text.removesuffix(".html") + ".md")
