"""Mutators of bytes: what a disk, an editor or an attacker leaves of a file.

A mutator takes a source of chance and a file's bytes, and returns other
bytes; it knows nothing of YAML but the characters that mean something in it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

Mutator: TypeAlias = Callable[[random.Random, bytes], bytes]

_SYNTAX: Final = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b"?",
        b"-",
        b"#",
        b"&",
        b"*",
        b"!",
        b"|",
        b">",
        b"'",
        b'"',
        b"%",
        b"@",
        b"`",
        b"---",
        b"...",
        b"<<",
        b"=",
    ),
    *(b"~", b"\\", b";", b": ", b"- ", b"? ", b"&a ", b"*a ", b"!!str ", b"!!python/name:os.system ", b"<<: *a ", b"%YAML 1.1\n"),
)
_WORDS: Final = (
    *(b"null", b"true", b"yes", b"off", b"1e999", b".inf", b".nan", b"0x7f", b"0b1", b"017", b"1_000", b"190:20:30", b"2024-01-02"),
    *(b"2024-13-45", b"2001-12-14t21:59:43.10-05:00", b"|all", b"|re", b"|contains", b"*", b"?", b"%a%", b"\\", b"\\*"),
)
_INVALID: Final = (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe9", b"\x80", b"\xf0\x9f\x98")
_ODD: Final = tuple(
    one.encode("utf-8")
    for one in ("\u2028", "\u2029", "\x85", "\u00a0", "\ufeff", "\u202e", "\x7f", "\x1b[31m", "\x07", "\ufffe", "\U000e0001")
)
_MANY: Final = 30_000


def _at(chance: random.Random, data: bytes) -> int:
    return chance.randrange(len(data) + 1)


def _stretch(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = _at(chance, data)
    return start, min(len(data), start + chance.choice((1, 2, 8, 60, 400)))


def _inserted(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at:]


def flip(chance: random.Random, data: bytes) -> bytes:
    """One bit is another."""
    if not data:
        return b"\x01"
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def byte(chance: random.Random, data: bytes) -> bytes:
    """One byte is any other."""
    at = _at(chance, data)
    return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]


def cut(chance: random.Random, data: bytes) -> bytes:
    """A stretch is missing."""
    start, end = _stretch(chance, data)
    return data[:start] + data[end:]


def truncate(chance: random.Random, data: bytes) -> bytes:
    """The file ends early, or begins late."""
    at = _at(chance, data)
    return data[:at] if chance.random() < 0.8 else data[at:]


def double(chance: random.Random, data: bytes) -> bytes:
    """A stretch stands twice, or often."""
    start, end = _stretch(chance, data)
    return data[:end] + data[start:end] * chance.choice((1, 1, 1, 50)) + data[end:]


def move(chance: random.Random, data: bytes) -> bytes:
    """A stretch stands elsewhere."""
    start, end = _stretch(chance, data)
    rest = data[:start] + data[end:]
    return _inserted(rest, _at(chance, rest), data[start:end])


def syntax(chance: random.Random, data: bytes) -> bytes:
    """A character of YAML's own is put in."""
    return _inserted(data, _at(chance, data), chance.choice(_SYNTAX))


def word(chance: random.Random, data: bytes) -> bytes:
    """A word is put in whose type YAML guesses, or that means something in a rule."""
    return _inserted(data, _at(chance, data), chance.choice(_WORDS))


def space(chance: random.Random, data: bytes) -> bytes:
    """Indentation changes, by blanks, tabs or line ends."""
    found = [index for index, one in enumerate(data) if one in b" \n"]
    if not found:
        return data + b"\t"
    at = chance.choice(found)
    return data[:at] + chance.choice((b"", b"\t", b"  ", b"\n", b"\n\n", b"\r", b"\r\n", b" \t ")) + data[at + chance.choice((0, 1)) :]


def line(chance: random.Random, data: bytes) -> bytes:
    """A line is missing, doubled, empty, moved, or indented otherwise."""
    lines = data.splitlines(keepends=True)
    if not lines:
        return b"\n"
    at = chance.randrange(len(lines))
    match chance.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = b" " * chance.randrange(9) + lines[at].lstrip()
        case 4:
            lines.insert(at, chance.choice((b"---\n", b"...\n", b"--- !x\n", b"%TAG ! x:\n", b"- \n", b"? \n", b"#\n")))
        case _:
            chance.shuffle(lines)
    return b"".join(lines)


def ends(chance: random.Random, data: bytes) -> bytes:
    """Lines end as on another system, in all of the file or in a part of it."""
    kind = chance.choice((b"\r\n", b"\r", "\u2028".encode(), "\x85".encode()))
    if chance.random() < 0.5:
        return data.replace(b"\n", kind)
    at = _at(chance, data)
    return data[:at] + data[at:].replace(b"\n", kind)


def encoding(chance: random.Random, data: bytes) -> bytes:
    """The file is of another encoding, has a mark, or bytes that are no text."""
    match chance.randrange(5):
        case 0:
            return b"\xef\xbb\xbf" * chance.choice((1, 1, 2)) + data
        case 1:
            return data.decode("utf-8", "replace").encode(chance.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32")))
        case 2:
            return data.decode("utf-8", "replace").encode("latin-1", "replace")
        case 3:
            return _inserted(data, _at(chance, data), b"\0" * chance.choice((1, 1, 9)))
    return _inserted(data, _at(chance, data), chance.choice(_INVALID))


def odd_character(chance: random.Random, data: bytes) -> bytes:
    """A character is put in that is not seen, moves a cursor, or ends a line for some."""
    return _inserted(data, _at(chance, data), chance.choice(_ODD))


def anchor(chance: random.Random, data: bytes) -> bytes:
    """A value gets an anchor, and aliases of it, or of nothing, stand elsewhere."""
    colons = [index for index in range(len(data) - 1) if data[index : index + 2] == b": "]
    if not colons:
        return data + b"*a"
    at = chance.choice(colons) + 2
    data = _inserted(data, at, b"&z ")
    for _ in range(chance.choice((1, 1, 3))):
        later = [one for one in colons if one + 5 > at] or colons
        place = chance.choice(later) + 5
        end = data.find(b"\n", place)
        new = chance.choice((b"*z", b"*z", b"*z", b"*y", b"{<<: *z}", b"[*z, *z]", b"{<<: [*z, *z]}"))
        data = data[:place] + new + (data[end:] if end >= 0 else b"")
    return data


def bomb(chance: random.Random, data: bytes) -> bytes:
    """Aliases of aliases, as a value of the file."""
    width, depth = chance.choice(((10, 4), (10, 9), (2, 30), (100, 3), (3, 60)))
    kind = chance.choice(("[{}]", "{{{}}}"))
    lines = [f"b0: &b0 {chance.choice(('x', '[x, y]', '{k: v}'))}\n"]
    for level in range(1, depth):
        names = [f"*b{level - 1}"] * width
        inner = ", ".join(names if kind == "[{}]" else [f"k{number}: {one}" for number, one in enumerate(names)])
        lines.append(f"b{level}: &b{level} {kind.format(inner)}\n")
    return data + b"\n" * (not data.endswith(b"\n")) + "".join(lines).encode()


def deep(chance: random.Random, data: bytes) -> bytes:
    """Something is opened again and again."""
    one = chance.choice((b"[", b"{", b"{a: ", b"- ", b"? ", b"!x ", b"&a ", b"'", b'"', b"(", b"not ", b"[{"))
    return _inserted(data, _at(chance, data), one * chance.choice((3, 63, 64, 70, 2000, _MANY)))


def long(chance: random.Random, data: bytes) -> bytes:
    """Something stands very often in a row."""
    one = chance.choice(
        (b"a", b" ", b"\t", b"\n", b"#", b"*", b"?", b"\\", b"9", b"-", b"|", b"%", b".", "é".encode(), b"x: y\n", b"- a\n", b",a")
    )
    return _inserted(data, _at(chance, data), one * chance.choice((40, 300, 5000, _MANY)))


MUTATORS: Final[Mapping[str, Mutator]] = {
    f"bytes.{one.__name__}": one
    for one in (flip, byte, cut, truncate, double, move, syntax, word, space, line, ends, encoding, odd_character, anchor, bomb, deep, long)
}
