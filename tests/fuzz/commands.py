"""Whole commands on other input than rules: configuration, field files, what systems say of fields, events, files of events.

A command ends with one of its exit codes, within its time, and tells what is
wrong with a place inside the file; nothing else leaves it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import re
import time
import tomllib
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from click.testing import CliRunner

from converter.cli import cli
from converter.data import load
from converter.pack import Config, load_config
from converter.readers.fields import read_fields
from tests.fuzz.documents import MUTATORS as EVERY
from tests.fuzz.documents import ROOT, Seed, own_seeds
from tests.fuzz.on_bytes import MUTATORS as ON_BYTES
from tests.fuzz.on_bytes import Mutator
from tests.fuzz.on_json import MUTATORS as ON_JSON
from tests.fuzz.on_json import PACKED
from tests.fuzz.on_text import MUTATORS as ON_TEXT
from tests.fuzz.on_tree import MUTATORS as ON_TREE

HANG_S: Final = 2.0
"""CPU seconds of one command."""
_EXITS: Final = (0, 1, 2, 3, 4)
_TOLD: Final = re.compile(
    r"^(?:error|warning|note)\[(?P<code>\w+)\]: (?P<message>.*)$(?:\n --> (?P<path>.+):(?P<line>\d+):(?P<column>\d+)$)?", re.M
)


@dataclass(frozen=True)
class Kind:
    """A kind of input: where its file stands in a pack, what it is made of, by which mutators, and which commands read it.

    ``law`` compares what was read with an independent reading; it returns problems.
    """

    name: str
    file: str
    seeds: tuple[Seed, ...]
    mutators: Mapping[str, Mutator]
    commands: tuple[tuple[str, ...], ...]
    law: Callable[[bytes, Path], list[str]] = field(default=lambda _data, _path: [])


def run(kind: Kind, data: bytes, pack: Path) -> tuple[list[str], dict[str, float], list[int], int]:
    """Give a file to its commands; return problems, the seconds of each command, the exit codes, and how much was told."""
    path = pack / kind.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    problems: list[str] = []
    times: dict[str, float] = {}
    codes: list[int] = []
    told = 0
    with contextlib.chdir(pack):
        for words in kind.commands:
            began = time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                result = CliRunner().invoke(cli, list(words), prog_name="converter")
            gc.enable()
            times[" ".join(words)] = time.process_time() - began
            codes.append(int(result.exit_code))
            told += len(_TOLD.findall(result.stderr))
            problems += [f"{' '.join(words[:3])}: {one}" for one in _wrong(result, kind, data)]
            if times[" ".join(words)] > HANG_S:
                problems.append(f"slow: {' '.join(words)} {times[' '.join(words)]:.1f} s")
    if not problems:
        problems += kind.law(data, path)
    path.unlink()
    return problems, times, codes, told


def _wrong(result: Any, kind: Kind, data: bytes) -> list[str]:
    found = []
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        place = next((one for one in reversed(traceback.extract_tb(result.exc_info[2])) if "/converter/" in one.filename), None)
        where = f"{Path(place.filename).name}:{place.lineno} {place.name}" if place else "?"
        return [f"exception {type(result.exception).__name__}: {str(result.exception)[:200]} at {where}"]
    if result.exit_code not in _EXITS:
        found.append(f"exit code {result.exit_code}")
    if result.exit_code in (2, 3) and not result.stderr.strip():
        found.append(f"exit code {result.exit_code} without a word")
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
    for one in _TOLD.finditer(result.stderr):
        if one["code"] not in load("codes.yml"):
            found.append(f"{one['code']} has no line in codes.yml")
        if one["path"] is None:
            found.append(f"{one['code']} has no place: {one['message'][:80]!r}")
        elif one["path"] == kind.file:
            line, column = int(one["line"]), int(one["column"])
            if not kind.file.endswith(".gz") and not (1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1):
                found.append(f"{one['code']} stands outside the file, at {line}:{column} of {len(lines)}")
    if any(not (sign.isprintable() or sign == "\n") for sign in result.stderr):
        found.append("stderr would move a cursor")
    return found


def _config_law(data: bytes, path: Path) -> list[str]:
    """What was read is what tomllib reads, key for key."""
    found = load_config(path.parent)
    try:
        said = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return ["a configuration was read that tomllib refuses"] if isinstance(found, Config) else []
    if not isinstance(found, Config):
        return []
    pack, check = said.get("pack", {}), said.get("check", {})
    problems = []
    for key in ("name", "version", "author", "license"):
        if getattr(found, key) != pack.get(key, ""):
            problems.append(f"dropped: pack.{key}")
    if (
        list(found.targets) != pack.get("targets", [])
        or list(found.select) != check.get("select", [])
        or list(found.ignore) != check.get("ignore", [])
    ):
        problems.append("dropped: a list")
    accepted = [(one.code, one.reason, one.until, list(one.targets), list(one.paths)) for one in found.accepts]
    if accepted != [
        (one["code"], one["reason"], str(one.get("until", "")), one.get("targets", []), one.get("paths", []))
        for one in said.get("accept", [])
    ]:
        problems.append("dropped: an acceptance")
    if {name: dict(one) for name, one in found.options.items()} != said.get("targets", {}):
        problems.append("dropped: an option")
    return problems


def _fields_law(data: bytes, path: Path) -> list[str]:
    """What was read is what PyYAML reads, row for row."""
    found = read_fields(data, path.name)
    whole = [one for one in found if hasattr(one, "targets")]
    if len(whole) < len(found):
        return []
    documents = [one for one in yaml.load_all(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader) if one is not None]
    if len(documents) != len(whole):
        return [f"dropped: {len(documents)} documents, {len(whole)} were read"]
    problems = []
    for own, said in zip(whole, documents, strict=True):
        if {name: dict(one) for name, one in own.fields.items()}.keys() != {str(name) for name in said.get("fields") or {}}:
            problems.append("dropped: a field")
        for target, one in (said.get("targets") or {}).items():
            if {str(name) for name in (one or {}).get("fields") or {}} != set(own.targets[target].rows):
                problems.append(f"dropped: a row of {target}")
            if bool((one or {}).get("complete", False)) != own.targets[target].complete:
                problems.append(f"dropped: complete of {target}")
    return problems


def _written_law(target: str) -> Callable[[bytes, Path], list[str]]:
    """Return the law of an import: what it writes can be read."""

    def law(_: bytes, path: Path) -> list[str]:
        words = [
            "fields",
            "import",
            target,
            str(path),
            "--logsource",
            "shop//orders",
            "-o",
            "-",
            "--index",
            "x",
            "--event-source",
            "k8s_audit",
        ]
        words = [
            one
            for one in words
            if not (target == "falco" and one in ("--index", "x")) and not (target != "falco" and one in ("--event-source", "k8s_audit"))
        ]
        result = CliRunner().invoke(cli, words)
        if result.exit_code != 0:
            return []
        found = read_fields(result.stdout.encode("utf-8"), "fields.yml")
        bad = [one for one in found if hasattr(one, "message")]
        return [f"what was written cannot be read: {bad[0].code} {bad[0].message[:200]}"] if bad else []

    return law


def _lines_law(data: bytes, path: Path) -> list[str]:
    """Each line that is a JSON object is an event, with its number and its values; every other is told."""
    from converter.cli.events import read_events

    if b"\0" in data:  # another encoding, whose line ends are others
        return []
    found = {one.index: one.event for one in read_events([str(path)])}
    for index, line in enumerate(data.split(b"\n")):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        if index not in found:
            return [f"dropped: line {index + 1}"]
        read = found[index]
        if read is not None and repr(read) != repr(said):
            return [f"another event on line {index + 1}"]
        if read is None and isinstance(said, dict) and _depth(said) <= 60:
            return [f"an event on line {index + 1} was refused"]
    return []


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        level = [child for one in level if isinstance(one, dict | list) for child in (one.values() if isinstance(one, dict) else one)]
        depth += 1
    return depth


PACK: Final = "tests/fuzz/seeds/pack"
"""The files that are mutated, by the names that they have in a pack."""


@cache
def kinds() -> tuple[Kind, ...]:
    """Return every kind of input."""
    answers = "docs/examples/fields/answers"
    events = _events()
    lines, more = Seed("lines", b"\n".join(events) + b"\n"), Seed("lines of one form", b"\n".join(events[:4] * 3) + b"\n")
    text = {name: ON_TEXT[name] for name in ("text.value", "text.quoted", "text.swap", "text.alike")}
    imported = ("fields", "import")
    place = ("--logsource", "shop//orders", "-o", "-")
    match = ("match", "rules", "events.jsonl")
    return (
        Kind(
            "converter.toml",
            "converter.toml",
            _seeds(f"{PACK}/converter.toml"),
            {**text, **ON_BYTES},
            (("check",), ("config",)),
            _config_law,
        ),
        Kind(
            "fields",
            "fields/shop.yml",
            _seeds(f"{PACK}/fields.yml"),
            {**{name: one for name, one in ON_TREE.items() if name != "tree.action"}, **text, "text.key": ON_TEXT["text.key"], **ON_BYTES},
            (
                ("fields", "check"),
                ("build", "-t", "elastic", "-t", "splunk", "--check", "--allow", "unknown,mixed,narrower"),
                ("fields", "show", "action"),
            ),
            _fields_law,
        ),
        Kind(
            "mapping",
            "answer.json",
            _seeds(f"{answers}/mapping.json", f"{PACK}/field_caps.json"),
            ON_JSON,
            ((*imported, "elastic", "answer.json", *place, "--index", "x"),),
            _written_law("elastic"),
        ),
        Kind(
            "fieldsummary",
            "answer.json",
            _seeds(f"{answers}/fieldsummary.json"),
            ON_JSON,
            ((*imported, "splunk", "answer.json", *place, "--index", "x"),),
            _written_law("splunk"),
        ),
        Kind(
            "props.conf",
            "props.conf",
            _seeds(f"{PACK}/props.conf"),
            {**ON_BYTES, "text.alike": ON_TEXT["text.alike"]},
            ((*imported, "splunk", "props.conf", *place, "--index", "x"),),
            _written_law("splunk"),
        ),
        Kind(
            "falco list",
            "answer.json",
            _seeds(f"{PACK}/falco.json", f"{PACK}/falco.txt"),
            ON_JSON,
            ((*imported, "falco", "answer.json", *place, "--event-source", "k8s_audit"),),
            _written_law("falco"),
        ),
        Kind(
            "events",
            "events.jsonl",
            (lines, more),
            ON_JSON,
            (
                (*match, "--any-source", "--format", "json"),
                match,
                ("explain", "rules/shop.yml", "--event", "events.jsonl"),
                ("query", "kuery", "action : cancel", "events.jsonl"),
            ),
            _lines_law,
        ),
        Kind(
            "documents",
            "events.json",
            (lines, Seed("one", events[0]), Seed("list", b"[" + b",".join(events) + b"]")),
            ON_JSON,
            (("match", "rules", "events.json", "--count"),),
        ),
        Kind("packed events", "events.jsonl.gz", (lines,), PACKED, (("match", "rules", "events.jsonl.gz", "--count"),)),
        Kind(
            "rule",
            "rules/rule.yml",
            own_seeds(),
            EVERY,
            (
                ("check", "--output-format", "sarif"),
                ("check", "--fix", "--diff"),
                ("test",),
                ("explain", "rules/rule.yml"),
                ("build", "--check", "--details", "--allow", "unknown,mixed,narrower"),
                ("match", "rules", "rules/rule.yml", "--any-source"),
            ),
        ),
        Kind("events of a test", "rules/events.jsonl", (lines,), ON_JSON, (("test",),)),
    )


def pack_in(folder: Path) -> Path:
    """Write a pack of one rule, which every kind of input joins."""
    (folder / "rules").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "rules" / "shop.yml").write_bytes((ROOT / PACK / "shop.yml").read_bytes())
    return folder


def _seeds(*names: str) -> tuple[Seed, ...]:
    return tuple(Seed(name, (ROOT / name).read_bytes()) for name in names)


def _events() -> Sequence[bytes]:
    """Return events as lines: of the pack's own rule, of two known forms, wrapped, and a rule's own."""
    shop, sysmon = (ROOT / PACK / "events.jsonl").read_bytes().splitlines()
    rule = yaml.safe_load((ROOT / "rules/kubernetes/audit/user_exec_into_pod.yml").read_text(encoding="utf-8"))
    found = [json.dumps(one["event"]).encode() for one in rule["x-converter"]["tests"] if "event" in one]
    return (shop, sysmon, json.dumps({"Records": [json.loads(shop)] * 2}).encode(), *found[:3])
