"""Mutated documents: the same ones from the same seed, each of which can be made alone."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Final

import yaml
from hostile_texts import KEYS, TEXTS, rule_of

from tests.fuzz import on_bytes, on_text, on_tree
from tests.fuzz.on_bytes import Mutator

ROOT: Final = Path(__file__).resolve().parents[2]
MUTATORS: Final[Mapping[str, Mutator]] = {**on_tree.MUTATORS, **on_text.MUTATORS, **on_bytes.MUTATORS}
"""Every mutator by name, in the order in which several are applied: who parses the file comes before who breaks it."""
_ORDER: Final = {name: number for number, name in enumerate(MUTATORS)}
_KINDS: Final = ("tree", "tree", "text", "text", "bytes")


@dataclass(frozen=True, slots=True)
class Seed:
    """A document before mutation: a name that says where it is from, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutated document: its number under the run's seed, what it was made of and by what."""

    number: int
    seed: Seed
    mutators: tuple[str, ...]
    data: bytes


def mutants(seed: int, numbers: range, seeds: Sequence[Seed], mutators: Mapping[str, Mutator] = MUTATORS) -> Iterator[Mutant]:
    """Yield the documents of some numbers; each number has a source of chance of its own."""
    for number in numbers:
        yield mutant(seed, number, seeds, mutators)


def mutant(seed: int, number: int, seeds: Sequence[Seed], mutators: Mapping[str, Mutator] = MUTATORS) -> Mutant:
    """Return one document: every mutator has its turn first, and up to two more are drawn for half of the documents."""
    chance = random.Random(f"{seed}/{number}")
    names = list(mutators)
    chosen = [names[number % len(names)]]
    kinds = [kind for kind in _KINDS if any(name.startswith(f"{kind}.") for name in names)]
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2))):
        kind = chance.choice(kinds) if kinds else ""
        chosen.append(chance.choice([name for name in names if name.startswith(kind)]))
    start = chance.choice(seeds)
    data = start.data
    for name in sorted(chosen, key=names.index):
        data = mutators[name](chance, data)
    return Mutant(number, start, tuple(chosen), data)


@cache
def own_seeds() -> tuple[Seed, ...]:
    """Return the project's own documents: its rules, its cases and checks, the semantic rows as rules, and one of every kind."""
    found = [*_files("rules", "**/*.yml"), *_files("tests/cases", "*/rule.yml"), *_files("tests/checks", "*/*.yml")]
    every = _files("tests/fuzz/seeds", "*.yml")
    # What only these few hold is drawn as often as what all others hold.
    return (*found, *_rows(), *_hostile(), *every * (len(found) // len(every) // 2))


def corpus_seeds(folder: Path) -> tuple[Seed, ...]:
    """Return the rules of a corpus."""
    return tuple(Seed(path.name, path.read_bytes()) for path in sorted(folder.rglob("*.yml")))


def _files(folder: str, pattern: str) -> list[Seed]:
    return [Seed(path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in sorted((ROOT / folder).glob(pattern))]


def _rows() -> list[Seed]:
    found = []
    for path in sorted((ROOT / "tests" / "semantics").glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8")).get("row", ()):
            section = row.get("detection") or (
                f"selection:\n{indent(row['selection'], '  ')}\ncondition: selection" if "selection" in row else ""
            )
            if section:
                head = "title: a row\nlogsource: {category: process_creation, product: windows}\ndetection:\n"
                found.append(Seed(f"tests/semantics/{path.name} {row['name']}", f"{head}{indent(section, '  ')}\n".encode()))
    return found


def _hostile() -> list[Seed]:
    return [
        Seed(
            f"hostile text {number}",
            yaml.safe_dump(rule_of(dict.fromkeys(KEYS, text)), sort_keys=False, allow_unicode=True).encode("utf-8"),
        )
        for number, text in enumerate(TEXTS)
    ]
