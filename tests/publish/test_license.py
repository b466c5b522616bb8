"""A licence is an SPDX expression: what another reader of such expressions says decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.licenses._spdx import EXCEPTIONS, LICENSES, VERSION

from converter.data import BadLicenseError, load, read_license, spdx_version

IDS = sorted(load("licenses.yml"))


def test_the_lists_are_of_the_spdx_list() -> None:
    """Every identifier and exception is in another copy of the list, spelled so, and is not deprecated there."""
    for name in IDS:
        assert LICENSES[name.lower()] == {"id": name, "deprecated": False}
    assert {"DRL-1.1", "DRL-1.0", "Elastic-2.0", "Apache-2.0", "MIT"} <= set(IDS)
    from converter.data import spdx_exceptions

    assert {EXCEPTIONS[one.lower()]["id"] for one in spdx_exceptions()} == set(spdx_exceptions())
    assert tuple(map(int, spdx_version().split("."))) <= tuple(map(int, VERSION.split(".")))


WORDS = st.lists(
    st.sampled_from([*IDS[:6], "AND", "OR", "WITH", "LLVM-exception", "(", ")", "LicenseRef-own", "Nothing-1.0"]), min_size=1, max_size=8
)


@given(WORDS.map(" ".join))
def test_expressions_are_read_as_another_reader_does(text: str) -> None:
    """What we take, the other reader takes, as it stands; what it takes and we do not are its looser rules."""
    try:
        ours: str | None = read_license(text).text
    except BadLicenseError:
        ours = None
    try:
        theirs: str | None = str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        theirs = None
    assert ours == theirs or (ours is None and "WITH" in text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is an expression or a told mistake."""
    try:
        assert read_license(text).ids
    except BadLicenseError as error:
        assert str(error)
        assert error.help


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Apache-2.0", ("Apache-2.0",)),
        ("Elastic-2.0 AND (MIT OR Apache-2.0+)", ("Elastic-2.0", "MIT", "Apache-2.0+")),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only",)),
        ("LicenseRef-Our-Own", ("LicenseRef-Our-Own",)),
    ],
)
def test_the_licences_in_an_expression(text: str, ids: tuple[str, ...]) -> None:
    """Each licence of an expression is listed once, in its order."""
    assert read_license(text).ids == ids


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "(" * 300,
        "(" * 150 + "MIT",
        "MIT AND",
        "MIT WITH",
        "MIT MIT",
        "MIT and MIT",
        ")",
        "MIT/Apache-2.0",
        "LicenseRef-",
        "LicenseRef-a_b",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    """Broken and over-long expressions are told."""
    with pytest.raises(BadLicenseError):
        read_license(text)
