"""Lowering without pySigma against lowering through it: the same tree, and no item that pySigma refuses."""

from __future__ import annotations

import datetime
import importlib.metadata
import itertools
import os
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.modifiers import modifier_mapping

from converter.formats import Map, Seq
from converter.ir import lower
from converter.ir.direct import direct
from converter.ir.direct_read import reading
from converter.ir.values import LoweringError, atom
from converter.model import LogSource, Rule, Source

MODIFIERS = tuple(sorted(modifier_mapping))
TEXTS = (
    *(
        "",
        "a",
        "abc",
        "cmd.exe",
        "A",
        "é",
        "😀",
        "\u017f",
        "\ufeff",
        "a\0b",
        "a\nb",
        " ",
        "%",
        "%a%",
        "a%b%c%d%",
        r"\%a%",
        "%a",
        "%%",
        "a*%b%",
    ),
    *(
        "*",
        "?",
        "**",
        "*a",
        "a*",
        "*a*",
        "a*b",
        "a?b",
        "?a",
        "a?",
        "*?*",
        r"\*",
        r"\?",
        r"a\*",
        r"\*a",
        r"\\",
        r"\\\\",
        r"\\*",
        r"\\\*",
        "\\",
    ),
    *("a\\", r"\a", r"C:\Windows\*", r"\\host\c$\*", r"a\\?b", "-a", "/a", " -a", "a-b", "--a", "-a /b -c", "*-a*", "-*-a", "\u2013a"),
    *("10.0.0.0/8", "10.0.0.1/8", "10.0.0.1", "::1", "fe80::/10", "fe80::1/10", "::/0", "10.0.0.0/33", "10.0.0.*", "1.2.3.4 "),
    *(
        ".*a",
        "^a$",
        "a+",
        "(",
        "[",
        "[[:alpha:]]",
        "[a--b]",
        "(?i)a",
        "a(?i)",
        r"\d{3}",
        r"\p{L}",
        "a{,3}",
        "(?<!a)b",
        "a++",
        r"a\Z",
        "[a||b]",
    ),
    *("5", "true", "null", "2024-01-02", "f g", "x" * 300, "-a -b -c -d -e -f", "a\\*b", "a\\?", "a\\\\*"),
)
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 7, 2**53 + 1, -(2**63), 10**30, 10**400, 0.0, -0.0, 1.0, 1.5, -2.25, 1e300, 1e-9, 2.0**60),
    *(float("nan"), float("inf"), datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4), b"a"),
)
FIELDS = ("f", "f", "a.b", "f f", "")


def seq(values: Any) -> Seq:
    """Return values as the reader would, each at a place of its own."""
    found = Seq(values)
    found.offsets = [(10 * place) << 24 | (10 * place + 5) for place in range(1, len(found) + 1)]
    return found


def mapping(pairs: dict[Any, Any]) -> Map:
    """Return a map as the reader would."""
    found = Map(pairs)
    found.offsets = [(7 * place) << 24 | (7 * place + 3) for place in range(1, 2 * len(found) + 1)]
    return found


def said(function: Any, *args: Any) -> str:
    """Return a tree with the types of its numbers, or everything that a refusal says."""
    try:
        return repr(function(*args))
    except LoweringError as error:
        return repr((error.code, error.message, error.help, error.offsets))


OLD = importlib.metadata.version("pysigma").startswith("1.")


def differs(key: str | None, value: object) -> bool:
    """Whether pySigma's two versions mean different things, so that the installed one may differ from what we mean.

    1.5.1 encodes an escaped wildcard with its backslash, cuts ``base64offset`` by characters and writes the mark of ``utf16`` in UTF-8;
    2.0.1 expands three dashes at most and takes another engine's word on regular expressions.
    Neither varies long dashes under ``windash``.
    """
    names = (key or "").split("|")[1:]
    texts = [one for one in (value if isinstance(value, Seq) else [value]) if isinstance(one, str)]
    if "windash" in names and any(not one.isascii() for one in texts):
        return True
    if not OLD:
        return "re" in names or "windash" in names
    odd = any(not one.isascii() or "*" in one or "?" in one for one in texts)
    return ("base64" in names or "base64offset" in names) and (odd or "utf16" in names)


def compared(key: str | None, value: object) -> str:
    """Assert that an item means the same by both ways, where both answer; return which way was taken."""
    found = said(direct, key, value, 99)
    if found == "None":
        return "left to pySigma"
    if differs(key, value):
        return "left out"
    expected = said(atom, key, value, 99)
    assert found == expected, f"{key!r}: {value!r}"
    return "refused" if found.startswith("(") else "equal"


def chains(rng: random.Random) -> str:
    """Return a key with up to four modifiers, more often such as people write."""
    names: list[str] = []
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4))):
        names.append(rng.choice(MODIFIERS) if rng.random() < 0.7 else rng.choice(("all", "contains", "endswith", "i", "cased")))
    return "|".join((rng.choice(FIELDS), *names))


def text(rng: random.Random) -> str:
    """Return a text in which wildcards, escapes, dashes and placeholders meet."""
    if rng.random() < 0.4:
        return rng.choice(TEXTS)
    return "".join(
        rng.choice(("a", "B", "\\", "\\", "*", "?", "%", "-", "/", " ", "é", ".", "(", ")", "[", "0", "ab"))
        for _ in range(rng.randint(0, 9))
    )


def value(rng: random.Random) -> Any:
    """Return a scalar, a list of them, or what no rule may hold."""
    kind = rng.random()
    if kind < 0.45:
        return text(rng)
    if kind < 0.6:
        return rng.choice(SCALARS)
    if kind < 0.95:
        return seq(text(rng) if rng.random() < 0.8 else rng.choice(SCALARS) for _ in range(rng.randint(0, 4)))
    return rng.choice((seq([seq(["a"])]), mapping({"a": 1}), seq([mapping({"a": 1}), "b"]), seq([])))


def run(count: int, seed: int) -> Counter[str]:
    """Compare so many random items."""
    rng = random.Random(seed)
    found: Counter[str] = Counter()
    for _ in range(count):
        key = None if rng.random() < 0.05 else chains(rng)
        found[compared(key, value(rng))] += 1
    return found


def test_every_pair_of_modifiers_on_odd_values() -> None:
    """No modifier, each one and each ordered pair of them means on every kind of value what pySigma makes of it."""
    found: Counter[str] = Counter()
    keys = [(), *itertools.product(MODIFIERS), *itertools.product(MODIFIERS, MODIFIERS)]
    for number, names in enumerate(keys):
        values = (*TEXTS, *SCALARS) if len(names) < 2 else (*TEXTS, *SCALARS)[number % 4 :: 4]
        for one in values:
            found[compared("|".join(("f", *names)), one)] += 1
        for one in ([], ["a", r"b\*"], ["*", ""], [1, "a", None], ["-a", "%b%", "/c"]):
            found[compared("|".join((FIELDS[number % 5], *names)), seq(one))] += 1
    assert found["equal"] > 2000
    assert found["refused"] > 15
    assert found.total() > 20_000


def plain_chains() -> list[str]:
    """Return every chain of up to three modifiers that is read directly, and those of four that hold ``all``."""
    found = [names for count in range(4) for names in itertools.product(MODIFIERS, repeat=count) if reading(names)]
    return ["|".join(names) for names in (*found, *((*names, "all") for names in found if len(names) == 3))]


def test_plain_chains_on_random_values() -> None:
    """Each chain that is read directly means what pySigma makes of it, on texts in which wildcards, escapes and dashes meet."""
    rng, found = random.Random(1), Counter[str]()
    for number, chain in enumerate(plain_chains()):
        for _ in range(60):
            found[compared("|".join((FIELDS[number % 5], *filter(None, (chain,)))), value(rng))] += 1
    assert found["equal"] > 15_000
    assert found["refused"] > 50


def test_random_items() -> None:
    """Whatever chain is drawn, what is answered directly is what pySigma answers."""
    found = run(20_000, 1)
    assert found["equal"] > 3000
    assert found["refused"] > 0


WHOLE = os.environ.get("CONVERTER_WHOLE") == "1"
"""Whether the longest runs take all of their seeds."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12 if WHOLE else 5))
def test_many_random_items(seed: int) -> None:
    """The same, a million times; three hundred thousand without CONVERTER_WHOLE=1."""
    run(100_000, seed)


COMMON = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ANY_TEXT = st.one_of(st.sampled_from(TEXTS), st.text("aB\\*?%-/ é.0", max_size=10), st.text(max_size=6))
ANY = st.one_of(ANY_TEXT, st.sampled_from(SCALARS), st.integers(), st.floats())
KEY = st.tuples(st.sampled_from(FIELDS), st.lists(st.sampled_from((*MODIFIERS, "nobody")), max_size=4)).map(
    lambda one: "|".join((one[0], *one[1]))
)


@COMMON
@given(KEY, st.one_of(ANY, st.lists(ANY, max_size=4).map(seq)))
def test_items(key: str, given_value: object) -> None:
    """Whatever direct lowering answers, pySigma answers too."""
    compared(key, given_value)


CONDITIONS = (
    "s",
    "s and t",
    "s or not t",
    "not (s and t)",
    "1 of s*",
    "all of them",
    "1 of them and not u",
    "s |count() > 1",
    "x",
    "",
    "s and",
)


def item(rng: random.Random) -> tuple[str, Any]:
    """Return a key and its value: one in thirty as drawn, of the others only what pySigma takes."""
    while True:
        key, one = chains(rng), value(rng)
        if not differs(key, one) and (rng.random() < 0.03 or not said(atom, key, one, 99).startswith("(")):
            return key, one


def document(rng: random.Random) -> Map:
    """Return a detection section: maps, keyword lists, lists of maps, lists in lists, and conditions of every kind."""

    def detection(depth: int) -> Any:
        kind = rng.random()
        if kind < 0.6 or depth == 2:
            return mapping(
                {} if rng.random() < 0.01 else {5: "a"} if rng.random() < 0.01 else dict(item(rng) for _ in range(rng.randint(1, 3)))
            )
        if kind < 0.8:
            return seq(detection(depth + 1) for _ in range(rng.randint(0 if rng.random() < 0.02 else 1, 3)))
        return item(rng)[1]

    names = rng.sample(("s", "t", "u", "_s", "s2"), rng.randint(1, 4))
    condition = rng.choice((*CONDITIONS, seq(rng.sample(CONDITIONS, 2)), None, 5)) if rng.random() < 0.2 else "1 of *"
    return mapping({**{name: detection(0) for name in names}, "condition": condition})


def lowered(monkeypatch: pytest.MonkeyPatch, count: int, seed: int) -> Counter[str]:
    """Lower random documents by both ways."""
    rng = random.Random(seed)
    source = Source("a.yml", "\n".join("x" * 9 for _ in range(40)))
    found: Counter[str] = Counter()
    for _ in range(count):
        rule = Rule(source, "t", "i", LogSource(), document(rng))
        ours = repr(lower(rule))
        with monkeypatch.context() as patch:
            patch.setattr(importlib.import_module("converter.ir.lower"), "direct", lambda *_: None)
            assert ours == repr(lower(rule)), rule.detection
        found["refused" if ours.startswith("(") else "meant"] += 1
    return found


def test_random_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole detection has the same tree, or the same diagnostics at the same places, with direct lowering and without."""
    found = lowered(monkeypatch, 800, 1)
    assert min(found["refused"], found["meant"]) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7 if WHOLE else 4))
def test_many_random_documents(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """The same, fifty thousand times."""
    lowered(monkeypatch, 10_000, seed)
