r"""Splunk's configuration files: stanzas of ``key = value``, values over several lines, positions kept.

A line that ends in a backslash goes on in the next one: the backslash goes,
the line break stays.  Nothing else is an escape: ``%``, ``#``, ``;``, quotes
and backslashes in a value stand for themselves.  A file that Splunk would
read without complaint but not as meant is refused: a stanza or key that
occurs twice (the last wins in silence), and a backslash that swallows a
setting, a stanza's header, a blank line or the file's end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from converter.languages.spl.macros import Macro
from converter.model import Diagnostic, Severity, Source, node, pack

SIZE: Final = 8_000_000
"""Characters of a file."""
COMPLAINTS: Final = 50
"""Diagnostics of one file; reading stops there."""


@node
class Setting:
    """One ``key = value``; the offsets are those of the key and of the value."""

    key: str
    value: str
    key_offsets: int
    value_offsets: int


@node
class Stanza:
    """A header's name and its settings in order; settings before any header belong to ``default``."""

    name: str
    settings: tuple[Setting, ...]
    offsets: int

    def get(self, key: str, default: str = "") -> str:
        """Return the value of ``key``, or ``default`` when the stanza lacks it."""
        return next((one.value for one in self.settings if one.key == key), default)


@node
class Conf:
    """A file: its text and its stanzas in order; no two have one name."""

    source: Source
    stanzas: tuple[Stanza, ...]

    def stanza(self, name: str) -> Stanza | None:
        """Return the stanza of this name."""
        return next((one for one in self.stanzas if one.name == name), None)


@node
class _Line:
    """A line without its end, and whether it goes on in the next one (its backslash taken off)."""

    start: int
    text: str
    continues: bool


_LINE = re.compile(r"([^\n]*)(\n|\Z)")
_HEADER = re.compile(r"[ \t]*\[([^\n]*)\][ \t]*")
_LIKE_SETTING = re.compile(r"[A-Za-z_][\w.:-]*[ \t]*=")


def read_conf(text: str, path: str) -> Conf | tuple[Diagnostic, ...]:
    """Return the stanzas of a file, or what is wrong with it, by place.

    Codes: R248 what is no line of a configuration file, R249 what Splunk
    would read in silence, but not as meant.
    """
    source = Source(path, text)
    if len(text) > SIZE:
        return (Diagnostic("R248", Severity.ERROR, source.start, f"the file has {len(text)} characters, more than {SIZE}"),)
    reader = _Reader(source)
    reader.read()
    if reader.found:
        return tuple(reader.found)
    return Conf(source, tuple(Stanza(name, tuple(settings), offsets) for name, (settings, offsets) in reader.stanzas.items()))


def macros_of(conf: Conf) -> dict[str, Macro] | Diagnostic:
    """Return the macros that a macros.conf defines, by name as ``read`` takes them."""
    found: dict[str, Macro] = {}
    for stanza in conf.stanzas:
        keys = {setting.key for setting in stanza.settings}
        if "definition" not in keys:
            message = f"macro '{stanza.name}' has no definition"
            return Diagnostic("R243", Severity.ERROR, conf.source.span(stanza.offsets), message)
        if stanza.get("iseval", "0") not in ("0", "false"):
            message = f"macro '{stanza.name}' is an expression that makes its text, which is not read"
            return Diagnostic("R243", Severity.ERROR, conf.source.span(stanza.offsets), message)
        arguments = tuple(name.strip() for name in stanza.get("args").split(",") if name.strip())
        found[stanza.name] = Macro(stanza.get("definition"), arguments)
    return found


class _Reader:
    """What was read of a file so far, and what is wrong with it."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: list[Diagnostic] = []
        self.stanzas: dict[str, tuple[list[Setting], int]] = {}
        self.current: list[Setting] | None = None
        self.keys: set[str] = set()

    def read(self) -> None:
        """Go through the file, one setting or header at a time."""
        lines = list(_lines(self.source.text))
        index = 0
        while index < len(lines) and len(self.found) < COMPLAINTS:
            last = index
            while lines[last].continues and last + 1 < len(lines):
                last += 1
            self.logical(lines[index : last + 1])
            index = last + 1

    def logical(self, lines: list[_Line]) -> None:
        """Read a line with those that it goes on in."""
        first = lines[0]
        if not first.text.strip() and not first.continues:
            return
        if first.text.lstrip().startswith("#"):
            if first.continues:
                self.complain("R249", first, "a comment ends in a backslash; whether the next line still belongs to it is not known")
            return
        self.check_continuation(lines)
        header = _HEADER.fullmatch(first.text)
        if header is not None and not first.continues:
            self.header(header.group(1), first)
            return
        self.setting(lines)

    def complain(self, code: str, line: _Line, message: str, instead: str = "") -> None:
        """Note what is wrong with a line."""
        span = self.source.span(pack(line.start, line.start + len(line.text)))
        self.found.append(Diagnostic(code, Severity.ERROR, span, message, help=instead))

    def check_continuation(self, lines: list[_Line]) -> None:
        """Note a backslash that swallows what was meant as the next setting."""
        if lines[-1].continues:
            self.complain("R249", lines[-1], "the file ends in a line that a backslash continues", "delete the backslash")
        for line in lines[1:]:
            what = (
                "a blank line" if not line.text.strip() and not line.continues
                else "a stanza's header" if _HEADER.fullmatch(line.text)
                else "what looks like a setting" if _LIKE_SETTING.match(line.text)
                else ""
            )  # fmt: skip
            if what:
                instead = "delete the backslash, or begin the continued line with a blank"
                self.complain("R249", line, f"the backslash before this line makes {what} part of the value above", instead)

    def header(self, name: str, line: _Line) -> None:
        """Begin a stanza."""
        if name in self.stanzas:
            self.complain("R249", line, f"stanza '{name}' occurs twice", "rename one of them; Splunk merges them in silence")
        self.keys = set()
        self.current = []
        self.stanzas.setdefault(name, (self.current, pack(line.start, line.start + len(line.text))))

    def setting(self, lines: list[_Line]) -> None:
        """Read ``key = value`` over its lines."""
        first = lines[0]
        written, equals, rest = first.text.partition("=")
        key = written.strip(" \t")
        if not equals or not key:
            instead = "comments begin with #" if written.lstrip().startswith(";") else "write key = value"
            self.complain("R248", first, "this line is no stanza, setting or comment", instead)
            return
        opening = rest.lstrip(" \t")
        if self.current is None:
            self.header("default", _Line(first.start, "", False))
        if key in self.keys:
            self.complain("R249", first, f"key '{key}' occurs twice in its stanza", "delete one of them; Splunk takes the last")
        self.keys.add(key)
        value = "\n".join([opening, *(line.text for line in lines[1:])]).rstrip(" \t")
        start, end = first.start + len(first.text) - len(opening), lines[-1].start + len(lines[-1].text)
        place = first.start + written.index(key)
        if self.current is not None:
            self.current.append(Setting(key, value, pack(place, place + len(key)), pack(start, end)))


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines of a file; a carriage return before the line's end goes with it."""
    start = 1 if text.startswith("\ufeff") else 0
    for found in _LINE.finditer(text, start):
        line = found.group(1).removesuffix("\r")
        continues = line.endswith("\\")
        if line or found.group(2):
            yield _Line(found.start(), line.removesuffix("\\"), continues)
