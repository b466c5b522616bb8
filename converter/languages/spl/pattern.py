r"""Regular expressions of ``match``, ``mvfind`` and ``regex``: the part of PCRE that needs no backtracking.

A pattern becomes a small program that is run on all paths at once, so the
time is at most characters × instructions whatever the pattern: rules and
events are untrusted.  PatternError by name: back references, look-around, atomic
groups, possessive quantifiers, conditionals, ``\Q``, POSIX and Unicode
classes, and program or repetition beyond the bounds.

PCRE's meaning, without its UCP option: ``\d \w \s`` are ASCII, ``.`` is
anything but a line feed (``(?s)``: anything), ``$`` also stands before a last
line feed.  Source: pcre2pattern(3).  That Splunk sets no other option is an
assumption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from converter.languages.spl.pattern_parse import Alternatives, Assertion, Characters, Flags, Group, PatternError, Piece, Repeat, parse

PROGRAM: Final = 2_000
"""Instructions of a pattern, repetitions written out."""


@dataclass(slots=True)
class Step:
    """One instruction: take a character (``accepts``), hold at a place (``holds``), go on at ``next``, or be done (no ``next``)."""

    next: tuple[int, ...] = ()
    accepts: Callable[[str], bool] | None = None
    holds: Callable[[str, int], bool] | None = None


Program = tuple[Step, ...]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Program | str:
    """Return the program of ``pattern``, or why there is none."""
    try:
        steps: list[Step] = []
        _emit(steps, parse(pattern))
    except PatternError as refused:
        return str(refused)
    steps.append(Step())
    return tuple(steps)


@lru_cache(maxsize=8192)
def is_in(pattern: str, text: str) -> bool:
    """Say whether a pattern is found anywhere in ``text``; kept, because every reading of a search asks the same again.

    Raises:
        ValueError: if the pattern is none that is read.
    """
    program = compiled(pattern)
    if isinstance(program, str):
        raise ValueError(program)
    return is_found(program, text)


def is_found(program: Program, text: str) -> bool:
    """Say whether the pattern is found anywhere in ``text``."""
    active: list[int] = []
    last = len(program) - 1
    for place in range(len(text) + 1):
        reached = _closure(program, [*active, 0], text, place)
        if last in reached:
            return True
        if place == len(text):
            return False
        character = text[place]
        active = [step.next[0] for at in reached if (step := program[at]).accepts is not None and step.accepts(character)]
    return False


def _closure(program: Program, starts: list[int], text: str, place: int) -> dict[int, None]:
    """Return every instruction that ``starts`` lead to without taking a character."""
    seen: dict[int, None] = {}
    stack = starts[::-1]
    while stack:
        at = stack.pop()
        if at in seen:
            continue
        seen[at] = None
        step = program[at]
        if step.accepts is None and (step.holds is None or step.holds(text, place)):
            stack.extend(step.next)
    return seen


def _add(steps: list[Step], step: Step) -> int:
    """Append an instruction and return its place."""
    if len(steps) >= PROGRAM:
        raise PatternError(f"the pattern needs more than {PROGRAM} instructions")
    steps.append(step)
    return len(steps) - 1


def _emit(steps: list[Step], piece: Piece) -> None:
    """Append the instructions of one piece; it goes on at the instruction after them."""
    match piece:
        case Characters(accepts):
            _add(steps, Step((len(steps) + 1,), accepts=accepts))
        case Assertion(holds):
            _add(steps, Step((len(steps) + 1,), holds=holds))
        case Flags():
            pass
        case Group(pieces):
            for one in pieces:
                _emit(steps, one)
        case Alternatives(branches):
            _emit_alternatives(steps, branches)
        case Repeat(child, least, most):
            _emit_repeat(steps, child, least, most)


def _emit_alternatives(steps: list[Step], branches: tuple[Group, ...]) -> None:
    """Append a fork and the branches, each going on after the last."""
    fork = _add(steps, Step())
    starts, ends = [], []
    for branch in branches:
        starts.append(len(steps))
        _emit(steps, branch)
        ends.append(_add(steps, Step()))
    steps[fork].next = tuple(starts)
    for end in ends:
        steps[end].next = (len(steps),)


def _emit_repeat(steps: list[Step], child: Piece, least: int, most: int | None) -> None:
    """Append the child as often as it must occur, then as often as it may."""
    for _ in range(least):
        before = len(steps)
        _emit(steps, child)
        if len(steps) == before:
            break
    if most is None:
        fork = _add(steps, Step())
        _emit(steps, child)
        back = _add(steps, Step((fork,)))
        steps[fork].next = (fork + 1, back + 1)
        return
    forks = []
    for _ in range(most - least):
        forks.append(_add(steps, Step()))
        _emit(steps, child)
    for fork in forks:
        steps[fork].next = (fork + 1, len(steps))
