"""Event files of the command line: JSON documents and lines, compressed with gzip, xz or zstd, folders, standard input."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from converter.ir import too_deep
from converter.match import Seen, see
from converter.model import Diagnostic, Severity, Span
from converter.pack import told, unreadable

LINE = 64 << 20
"""Bytes of one event, or of a document of several."""
_PACKED = (".gz", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Found:
    """An event with its file and index, or what is wrong with a line; ``lined`` says that the index is the line's."""

    file: str
    index: int
    event: Mapping[str, Any] | None
    problem: Diagnostic | None = None
    lined: bool = True


def read_events(names: Iterable[str]) -> Iterator[Found]:
    """Yield the events of files in order; folders are walked, ``-`` is standard input."""
    for name in names:
        if name == "-":
            yield from _stream(sys.stdin.buffer, "<stdin>", lines=True)
            continue
        path = Path(name)
        if path.is_dir():
            files = sorted(one for one in path.rglob("*") if one.is_file() and _kind(one))
            if not files:
                yield Found(
                    told(path), -1, None, unreadable(told(path), OSError(2, "the folder holds no .json, .jsonl, .ndjson or .log file"))
                )
        else:
            files = [path]
        for file in files:
            yield from _file(file)


def seen_events(names: Iterable[str]) -> Iterator[tuple[Found, Seen | None]]:
    """Yield the events of files as rules see them, taken out of what wraps them; ``None`` for what is broken.

    An index in a document counts what was taken out; in lines it stays the line's, whatever a line wraps.
    """
    file, more = "", 0
    for found in read_events(names):
        if found.file != file:
            file, more = found.file, 0
        if found.event is None:
            yield found, None
            continue
        held = 0
        for seen in see(found.event):
            yield (found if found.lined else replace(found, index=found.index + more + held)), seen
            held += 1
        more += held - 1


def _kind(path: Path) -> str:
    name = path.name.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    return "lines" if name.endswith((".jsonl", ".ndjson", ".log")) else "json" if name.endswith(".json") else ""


def _file(path: Path) -> Iterator[Found]:
    name = told(path)
    try:
        if not path.is_file():
            raise OSError(2 if not path.exists() else 22, "no such file" if not path.exists() else "is not a regular file")
        if path.suffix.lower() == ".evtx":
            yield _needs(name, "Windows' binary event logs are not read", "write them as JSON first, for example: evtx_dump -o jsonl FILE")
            return
        with _opened(path) as stream:
            yield from _stream(stream, name, lines=_kind(path) != "json")
    except ImportError:
        yield _needs(name, "this Python does not unpack zstd", "Python 3.14 does; or unpack the file first: zstd -d FILE")
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        yield Found(name, -1, None, unreadable(name, error if isinstance(error, OSError) else OSError(5, str(error))))


def _opened(path: Path) -> IO[bytes]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if suffix == ".xz":
        return cast("IO[bytes]", lzma.open(path))
    if suffix == ".zst":
        import importlib

        return cast("IO[bytes]", importlib.import_module("compression.zstd").open(path))
    return path.open("rb")


def _stream(stream: IO[bytes], name: str, *, lines: bool) -> Iterator[Found]:
    if lines:
        yield from _lines(iter(lambda: stream.readline(LINE + 1), b""), name)
        return
    data = stream.read(LINE + 1)
    begin = io.BytesIO(data)
    opening = next((line for line in begin if line.strip()), b"")
    if len(data) > LINE:
        rest = begin if isinstance(_parsed(opening), dict) else None
        if rest is None:
            problem = _broken(name, 1, "a JSON document of more than 64 MB", "write one event a line, as .jsonl")
            yield Found(name, 0, None, problem, lined=False)
            return
        begin.seek(0)
        yield from _lines(_joined(begin, stream), name)
        return
    value = _parsed(data)
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield _found(one, name, index, 1, lined=False)
    elif isinstance(value, dict):
        yield _found(value, name, 0, 1, lined=False)
    elif isinstance(_parsed(opening), dict):
        yield from _lines(iter(data.splitlines(keepends=True)), name)
    else:
        yield from _documents(data, name)


def _joined(begin: IO[bytes], rest: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a stream of which the beginning was read already."""
    last = b""
    for line in begin:
        if not line.endswith(b"\n"):
            last = line + rest.readline(LINE + 1)
            break
        yield line
    yield from chain([last] if last else [], iter(lambda: rest.readline(LINE + 1), b""))


def _lines(lines: Iterator[bytes], name: str) -> Iterator[Found]:
    for index, line in enumerate(lines):
        if line.strip():
            yield _found(_parsed(line), name, index, index + 1)


def _documents(data: bytes, name: str) -> Iterator[Found]:
    """Yield JSON values written one after the other; what is none ends where a line begins with the next object."""
    text = data.decode("utf-8-sig", "replace")
    decoder = json.JSONDecoder()
    index = place = 0
    line = counted = 0
    while True:
        while place < len(text) and text[place].isspace():
            place += 1
        if place == len(text):
            return
        line += text.count("\n", counted, place)
        counted = place
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            value = None
            following = text.find("\n{", place)
            place = len(text) if following < 0 else following + 1
        yield _found(value, name, index, line + 1, lined=False)
        index += 1


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    if len(data) > LINE:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _found(value: object, name: str, index: int, line: int, *, lined: bool = True) -> Found:
    if not isinstance(value, dict):
        return Found(name, index, None, _broken(name, line, "no JSON object", "write one event a line"), lined)
    deep = too_deep(value, name)
    return Found(name, index, None, deep, lined) if deep else Found(name, index, value, None, lined)


def _broken(name: str, line: int, message: str, help_: str) -> Diagnostic:
    return Diagnostic("R051", Severity.WARNING, Span(name, line, 1, line, 1), message, help=help_)


def _needs(name: str, message: str, help_: str) -> Found:
    return Found(name, -1, None, Diagnostic("R053", Severity.ERROR, Span(name, 1, 1, 1, 1), message, help=help_))
