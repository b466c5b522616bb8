"""A test that is written anew for what a target has answers on that as the old one does on the event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.data import Binding, Change, Field
from converter.ir import And, Boolean, Exists, FieldMatch, Node, Not, Null, Number, Or, Parts, Regex, Test, Text, Wild, evaluate, parts_of
from converter.targets.rewritten import Rewriting


def binding(change: Change) -> Binding:
    return Binding(Field("f", "keyword"), "x", change=change)


def part(name: str) -> tuple[str, Binding]:
    return name, Binding(Field(f"f ({name})", "keyword"), name)


SPLIT = Change("split", (part("domain"), part("name")), at="\\")
HASHES = Change("hashes", tuple(map(part, ("MD5", "SHA1", "SHA256", "IMPHASH"))))
WORDS = Change("words", (part("direction"),), values=(("true", "egress"), ("false", "ingress")))
MOVED = Change("moved", (part("moved"), part("kept")), values=(("1", "moved"), ("2", "moved"), ("3", "kept"), ("4", "kept")))
ADDRESS = Change("address", (part("ip"),))

texts = st.text(alphabet="abA\\*?", max_size=6)
patterns: st.SearchStrategy[Parts] = st.lists(st.sampled_from([Wild.MANY, Wild.ONE, "a", "B", "\\", "a\\b", "ab"]), max_size=6).map(
    lambda parts: parts_of("".join(one.value if isinstance(one, Wild) else one.replace("\\", "\\\\") for one in parts))
)


def written(test: Test, change: Change) -> Node | None:
    rewriting = Rewriting({"f": binding(change)})
    found = rewriting.tree(FieldMatch("f", test))
    return None if rewriting.problems else found


@settings(max_examples=600, deadline=None)
@given(patterns, st.booleans(), texts.filter(lambda text: "\\" not in text), texts.filter(lambda text: "\\" not in text))
def test_a_divided_text(parts: Parts, cased: bool, domain: str, name: str) -> None:
    """Whatever the pattern, on domain and name the new test answers as the old one on ``domain\\name``; one refused matches none."""
    old = evaluate(FieldMatch("f", Text(parts, cased)), {"f": f"{domain}\\{name}"})
    new = written(Text(parts, cased), SPLIT)
    answer = new is not None and evaluate(new, {"f (domain)": domain, "f (name)": name})
    assert answer is old


@pytest.mark.parametrize("change", [SPLIT, HASHES, WORDS, ADDRESS], ids=lambda change: change.kind)
@pytest.mark.parametrize("test", [Null(), Exists(True), Exists(False)])
def test_a_missing_value(test: Test, change: Change) -> None:
    """Without a value there is no part, with one there is."""
    new = written(test, change)
    assert new is not None
    assert evaluate(new, {}) is evaluate(FieldMatch("f", test), {})
    assert evaluate(new, {f"f ({name})": "x" for name, _ in change.parts}) is evaluate(FieldMatch("f", test), {"f": "x"})


digits = st.text(alphabet="0123456789ABCDEF", min_size=1)
hashes = st.fixed_dictionaries(
    {},
    optional={
        name: st.text("0AbC9", min_size=size, max_size=size) for name, size in (("MD5", 32), ("SHA1", 40), ("SHA256", 64), ("IMPHASH", 32))
    },
)


@settings(max_examples=300, deadline=None)
@given(hashes, st.sampled_from(["MD5", "SHA1", "SHA256", "IMPHASH", ""]), st.data())
def test_hashes(values: dict[str, str], name: str, data: st.DataObject) -> None:
    """A hash by name, whole or its beginning, and digits of any hash, are found where the list of hashes holds them."""
    raw = ",".join(f"{key}={value}" for key, value in values.items())
    source = data.draw(st.sampled_from([*values.values(), "0AC9"]))
    begin = 0 if name else data.draw(st.integers(0, len(source) - 1))
    wanted = source[begin : begin + data.draw(st.integers(1, 64))].swapcase()
    test = Text((Wild.MANY, f"{name}={wanted}" if name else wanted, Wild.MANY))
    new = written(test, HASHES)
    if new is None:
        assert not wanted.strip("0") or (not name and len(wanted) < 5) or not evaluate(FieldMatch("f", test), {"f": raw})
        return
    document: dict[str, Any] = {f"f ({key})": value.lower() for key, value in values.items()}
    assert evaluate(new, document) is evaluate(FieldMatch("f", test), {"f": raw})


@pytest.mark.parametrize(
    "test", [Text(("true",)), Boolean(True), Text(("F", Wild.MANY)), Text((Wild.MANY, "e")), Regex("^tr"), Text(("no",)), Number(1)]
)
def test_words(test: Test) -> None:
    """A closed list of words: those of the values that the test matches; one that matches none is refused."""
    new = written(test, WORDS)
    for value, word in WORDS.values:
        old = evaluate(FieldMatch("f", test), {"f": value})
        assert (new is not None and evaluate(new, {"f (direction)": word})) is old


@pytest.mark.parametrize(
    ("asked", "where"),
    [((1,), "moved"), ((1, 2), "moved"), ((3,), "kept"), ((3, 4), "kept"), ((), None), ((1, 3), None), ((1, 5), None), ((5,), None)],
)
@pytest.mark.parametrize("negated", [False, True])
def test_a_field_that_some_events_have_elsewhere(asked: tuple[int, ...], where: str | None, negated: bool) -> None:
    """Where the rule's event ids all have it in one place, it is asked there; else the test is refused."""
    atom: Node = FieldMatch("f", Text(("a", Wild.MANY)))
    ids = tuple(FieldMatch("EventID", Number(one)) for one in asked)
    rewriting = Rewriting({"f": binding(MOVED)})
    found = rewriting.tree(And((*([Or(ids)] if ids else []), Not(atom) if negated else atom)))
    assert bool(rewriting.problems) is (where is None)
    if where:
        for value in ("abc", "b"):
            event = {"EventID": asked[0], "f": value}
            assert evaluate(found, {"EventID": asked[0], f"f ({where})": value}) is (evaluate(atom, event) is not negated)


addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(lambda one: one.exploded.replace("0000", "0"))


@settings(max_examples=300, deadline=None)
@given(addresses, addresses, st.integers(0, 12), st.booleans())
def test_addresses(asked: str, held: str, cut: int, whole: bool) -> None:
    """An address, and the beginning of one up to a separator, are asked as a network; any other beginning is refused."""
    begin = asked if whole else asked[:cut]
    parts: Parts = (begin,) if whole else (begin, Wild.MANY)
    new = written(Text(parts), ADDRESS) if begin else None
    for value in (asked, held):
        if new is not None:
            assert evaluate(new, {"f (ip)": value}) is evaluate(FieldMatch("f", Text(parts)), {"f": value})
    assert (new is not None) is (whole or (begin[-1:] in (".", ":") and "::" not in begin and begin != ":"))
