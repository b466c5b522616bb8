"""Tests on values that Elastic Defend writes in another way: what resolve lets pass is answered alike before and after."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from converter.data import bindings, elastic_document
from converter.ir import FieldMatch, Text, Wild, evaluate, lower
from converter.readers import read_rules
from converter.targets import resolve
from converter.targets.kept import met

SOURCE = "windows_registry_set"
SEGMENTS = ("HKLM", "HKCR", "HKU", "SYSTEM", "CurrentControlSet", "ControlSet001", "Services", "SOFTWARE", "Classes", "clsid", "x", "")
DETAILS = (
    "DWORD (0x00000001)",
    "DWORD (0x0000001a)",
    "QWORD (0x00000000-00000001)",
    "Binary Data",
    "(Empty)",
    "1",
    "10",
    "",
    r"C:\a.exe",
    "d",
)

paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).map("\\".join)
pieces = st.builds(
    lambda text, begin, length: text[begin : begin + length], paths | st.sampled_from(DETAILS), st.integers(0, 12), st.integers(1, 24)
)
patterns = st.lists(pieces.filter(bool) | st.sampled_from((Wild.MANY, Wild.MANY, Wild.ONE)), min_size=1, max_size=4).map(
    lambda parts: tuple(part for at, part in enumerate(parts) if isinstance(part, Wild) or at == 0 or isinstance(parts[at - 1], Wild))
)


def kept(field: str, parts: tuple[str | Wild, ...]) -> bool:
    return not met(FieldMatch(field, Text(parts), 0), field, bindings("elastic", SOURCE)[field])


@given(paths, patterns)
@example(r"HKLM\SYSTEM\CurrentControlSet\Services", (Wild.MANY, "ControlSet", Wild.MANY))
@example(r"HKLM\SYSTEM\CurrentControlSet\Services", (Wild.MANY, "Current", Wild.MANY))
@example(r"HKCR\clsid", (Wild.MANY, r"\Classes\clsid"))
@example(r"HKCR\clsid", (Wild.MANY, "s", Wild.MANY))
def test_a_test_that_passes_means_the_same_of_the_path_as_written_there(path: str, parts: tuple[str | Wild, ...]) -> None:
    """Replacing root keys and control sets changes no answer of a test that is let through."""
    if not kept("TargetObject", parts) or not path:
        return
    after = elastic_document({"TargetObject": path}, SOURCE)["registry"]["path"]
    test = FieldMatch("path", Text(parts), 0)
    assert evaluate(test, {"path": path}) == evaluate(test, {"path": after})


@given(st.sampled_from(DETAILS) | pieces, patterns)
@example("DWORD (0x00000001)", ("1",))
@example("1", (Wild.MANY, "1"))
@example("Binary Data", (Wild.MANY, "data"))
def test_a_test_that_passes_means_the_same_of_the_data_as_written_there(data: str, parts: tuple[str | Wild, ...]) -> None:
    """Numbers become decimal digits and binary data goes, where no test that is let through could tell."""
    if not kept("Details", parts) or data == "-":
        return
    after = elastic_document({"Details": data}, SOURCE)["registry"]["data"]["strings"]
    test = FieldMatch("data", Text(parts), 0)
    assert evaluate(test, {"data": data}) == evaluate(test, {"data": after})


def test_an_expression_without_an_answer_passes_nowhere() -> None:
    """A look-ahead cannot be tried on the values that are left out, so it is refused rather than run."""
    (rule,), problems = read_rules(
        b"title: t\nid: 6d1f7c0e-3a0f-4b27-9d0e-5b1d6c2f8a09\nlogsource: {category: process_creation, product: windows}\n"
        b"detection:\n  s: {ParentImage|re: 'a(?=b)'}\n  condition: s\n",
        "rule.yml",
    )
    tree = lower(rule)
    assert not problems
    assert isinstance(tree, FieldMatch)
    told = resolve(rule, tree, "elastic")
    assert isinstance(told, tuple)
    assert [one.code for one in told] == ["T005"]


def test_tests_of_real_rules_pass() -> None:
    """What is refused is what could be missed, not everything on these fields."""
    run = r"\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
    assert kept("TargetObject", (Wild.MANY, run, Wild.MANY))
    assert kept("TargetObject", (Wild.MANY, "ControlSet", Wild.MANY, r"\Services\\"[:-1], Wild.MANY))
    assert kept("Details", (Wild.MANY, r"\AppData\Local\Temp", Wild.MANY))
    assert kept("Details", ("cmd.exe /c", Wild.MANY))
    assert not kept("TargetObject", (Wild.MANY, r"\CurrentControlSet\Services", Wild.MANY))
    assert not kept("TargetObject", (r"HKCR\clsid", Wild.MANY))
    assert not kept("Details", ("DWORD (0x00000001)",))
    assert not kept("Details", (Wild.MANY, "a", Wild.MANY))
    assert not kept("Details", ("-",))
    assert kept("Image", ("-",))  # nothing is left out of it
