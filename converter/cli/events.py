"""Event files of the command line: JSON documents, JSON lines, compressed with gzip or xz, folders, standard input."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from converter.ir import too_deep
from converter.model import Diagnostic, Severity, Span
from converter.pack import told, unreadable

LINE = 64 << 20
"""Bytes of one event."""


@dataclass(frozen=True, slots=True)
class Found:
    """An event with its file and index, or what is wrong with a line."""

    file: str
    index: int
    event: Mapping[str, Any] | None
    problem: Diagnostic | None = None


def read_events(names: Iterable[str]) -> Iterator[Found]:
    """Yield the events of files in order; folders are walked, ``-`` is standard input."""
    for name in names:
        if name == "-":
            yield from _stream(sys.stdin.buffer, "<stdin>", lines=True)
            continue
        path = Path(name)
        files = sorted(one for one in path.rglob("*") if one.is_file() and _kind(one)) if path.is_dir() else [path]
        for file in files:
            yield from _file(file)


def _kind(path: Path) -> str:
    name = path.name.lower()
    for ending in (".gz", ".xz"):
        name = name.removesuffix(ending)
    return "lines" if name.endswith((".jsonl", ".ndjson", ".log")) else "json" if name.endswith(".json") else ""


def _file(path: Path) -> Iterator[Found]:
    name = told(path)
    try:
        if not path.is_file():
            raise OSError(2 if not path.exists() else 22, "no such file" if not path.exists() else "is not a regular file")
        with _opened(path) as stream:
            yield from _stream(stream, name, lines=_kind(path) != "json")
    except (OSError, EOFError, lzma.LZMAError) as error:
        yield Found(name, -1, None, unreadable(name, error if isinstance(error, OSError) else OSError(5, str(error))))


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if path.suffix == ".xz":
        return cast("IO[bytes]", lzma.open(path))
    return path.open("rb")


def _stream(stream: IO[bytes], name: str, *, lines: bool) -> Iterator[Found]:
    if not lines:
        data = stream.read(LINE + 1)
        value = _parsed(data)
        if isinstance(value, list):
            for index, one in enumerate(value):
                yield _found(one, name, index, 1)
            return
        if isinstance(value, dict):
            yield _found(value, name, 0, 1)
            return
        stream = io.BytesIO(data)
    for index, line in enumerate(iter(lambda: stream.readline(LINE + 1), b"")):
        if line.strip():
            yield _found(_parsed(line), name, index, index + 1)


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    if len(data) > LINE:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _found(value: object, name: str, index: int, line: int) -> Found:
    if not isinstance(value, dict):
        problem = Diagnostic("R051", Severity.WARNING, Span(name, line, 1, line, 1), "no JSON object", help="write one event a line")
        return Found(name, index, None, problem)
    deep = too_deep(value, name)
    return Found(name, index, None, deep) if deep else Found(name, index, value)
