"""The tree of a pattern, its bounds and its refusals."""

from __future__ import annotations

import sys
import time

import pytest

from converter.ir import (
    Anchor,
    BackReference,
    Chain,
    CharSet,
    Choice,
    Literal,
    Look,
    Place,
    RegexProblem,
    Repeat,
    fold,
    letter_cases,
    read_regex,
    regex_finder,
    trimmed,
)
from converter.model import pack


def test_a_tree_has_positions() -> None:
    """Literals side by side are one; every node says where it stands."""
    tree = read_regex(r"ab+c\.[0-9]{2}|^x")
    assert tree == Choice(
        (
            Chain(
                (
                    Literal("a", False, pack(0, 1)),
                    Repeat(Literal("b", False, pack(1, 2)), 1, None, False, pack(1, 3)),
                    Literal("c.", False, pack(3, 6)),
                    Repeat(CharSet(((48, 57),), pack(6, 11)), 2, 2, False, pack(6, 14)),
                ),
                pack(0, 14),
            ),
            Chain((Anchor(Place.START, pack(15, 16)), Literal("x", False, pack(16, 17))), pack(15, 17)),
        ),
        pack(0, 17),
    )


def test_flags_are_in_the_tree() -> None:
    """A literal says that it is folded, a class holds both cases, a character without cases has no flag."""
    assert read_regex("a1", "i") == Literal("a1", True, pack(0, 2))
    assert read_regex("1", "i") == Literal("1", False, pack(0, 1))
    assert read_regex("[a-c]", "i") == CharSet(((65, 67), (97, 99)), pack(0, 5))
    assert read_regex(".", "s") == CharSet(((0, 0x10FFFF),), pack(0, 1))
    assert read_regex("(?m)$") == Anchor(Place.LINE_END, pack(4, 5))


def test_looks_and_references_are_named() -> None:
    """What no linear search decides still has a tree, for engines that have it."""
    assert read_regex(r"(?<!a)(b)\1(?P=x)(?=c)") == Chain(
        (
            Look(Literal("a", False, pack(4, 5)), False, True, pack(0, 6)),
            Literal("b", False, pack(7, 8)),
            BackReference("1", pack(9, 11)),
            BackReference("x", pack(11, 17)),
            Look(Literal("c", False, pack(20, 21)), True, False, pack(17, 22)),
        ),
        pack(0, 22),
    )


@pytest.mark.parametrize(
    ("pattern", "message", "offset"),
    [
        ("(a", "a parenthesis that is not closed", 0),
        ("a)", "a closing parenthesis without an opening one", 1),
        ("a(?:[b", "a class that is not closed", 4),
        ("a**", "several repetitions of one thing", 2),
        ("a{2}{3}", "several repetitions of one thing", 4),
        ("|*", "a repetition of nothing", 1),
        ("{2}", "a repetition of nothing", 0),
        ("^*", "a repetition of a place", 1),
        ("a*+", "a possessive repetition, which other engines do not have", 2),
        ("a{3,2}", "a repetition whose most is less than its least", 1),
        ("a{1001}", "more than 1000 repetitions", 1),
        ("[b-a]", "a range of a class that has no order", 2),
        (r"[\d-z]", "a range of a class that has no order", 3),
        (r"[^\s\S]", "a class without a character", 0),
        ("[[:foo:]]", "the class [:foo:], which is not known", 1),
        ("[[.a.]]", "a collating element, which other engines do not have", 1),
        ("ab\\", "a backslash at the end", 2),
        (r"\q", "the escape \\q, which is not known", 0),
        (r"\p{L}", "the escape \\p, which engines read differently or do not have", 0),
        (r"\x{110000}", "a character beyond U+10FFFF", 0),
        ("(?>a)", "an atomic group, which other engines do not have", 0),
        ("(?(1)a)", "a condition on a group, which other engines do not have", 0),
        ("(?R)", "a recursion, which other engines do not have", 0),
        ("(?1)", "a recursion, which other engines do not have", 0),
        ("(*ACCEPT)", "a verb, which other engines do not have", 0),
        ("(?<!", "a parenthesis that is not closed", 0),
        ("(?", "a group of a kind that is not known", 0),
        ("a(?u)", "the flag u, which engines read differently", 1),
        ("(" * 51 + ")" * 51, "groups nest more than 50 deep", 50),
        ("a" * 4001, "the regular expression has more than 4000 characters", 4000),
        ("(a{100}){51}", "the regular expression asks for more than 5000 characters, its repetitions written out", 0),
    ],
)
def test_a_refusal_names_its_place(pattern: str, message: str, offset: int) -> None:
    """Each refusal says what, where and what to do."""
    found = read_regex(pattern)
    assert isinstance(found, RegexProblem)
    assert (found.message, found.offset) == (message, offset)
    assert found.help


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a+b*", "a"),
        (".*ab.*", "ab"),
        (".{200,}", ".{200}"),
        ("x*(?:ab+)+", "ab"),
        ("^a+b+$", "^a+b+$"),
        (r"\ba+", r"\ba"),
        ("(?:a*)*", ""),
        ("a{2,3}", "aa"),
    ],
)
def test_trimmed(pattern: str, expected: str) -> None:
    """Repetitions at the ends are cut to what a search needs."""
    tree, other = read_regex(pattern), read_regex(expected)
    assert not isinstance(tree, RegexProblem)
    assert not isinstance(other, RegexProblem)
    for text in ("", "a", "aa", "ab", "xab", "abb", "." * 200, "-a", "aab"):
        one, two = regex_finder(pattern), regex_finder(expected)
        assert not isinstance(one, RegexProblem)
        assert not isinstance(two, RegexProblem)
        assert one(text) == two(text), text
    shape = trimmed(tree)
    assert not any(
        isinstance(one, Repeat) and one.most != one.least for one in (shape.children[:1] if isinstance(shape, Chain) else (shape,))
    )


def test_a_pattern_that_backtracks_without_end_takes_linear_time() -> None:
    """The classic nested repetition on a long text answers at once."""
    finder = regex_finder("^(a+)+$")
    assert not isinstance(finder, RegexProblem)
    began = time.process_time()
    assert not finder("a" * 200_000 + "!")
    assert time.process_time() - began < 2


def test_letter_cases_leave_no_letter_out() -> None:
    """The blocks that are looked through have every letter beyond ASCII that has two cases."""
    groups: dict[str, list[str]] = {}
    for character in map(chr, range(0x80, sys.maxunicode + 1)):
        groups.setdefault(fold(character), []).append(character)
    assert letter_cases() == tuple("".join(group) for group in groups.values() if len(group) > 1)
