"""YAML that import writes is read back as it was meant."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from converter.formats import read_text
from converter.model import Source
from converter.readers.elastic_rules import yaml_text

_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40),
    st.text("ab \n\t:#-'\"|>{}[]&*!%@`\\,?~=\r\u0085\u2028\ufeff\u00a0é😀", max_size=12),
    st.sampled_from(
        ["yes", "null", "~", "1e3", "0x1f", "1_000", "2001-01-01", "12:30:45", "---", "...", "=", "<<", "", " ", "\n", "\n a\n", "{{ x }}"]
    ),
)
_VALUES = st.recursive(
    st.one_of(_TEXTS, st.integers(-(10**20), 10**20), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXTS, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_TEXTS, _VALUES, min_size=1, max_size=4))
def test_written_yaml_reads_back(document: dict[str, object]) -> None:
    """Our own reader finds the same document, whatever stands in its texts."""
    documents = read_text(Source("rule.yml", yaml_text(document)))

    assert isinstance(documents, tuple), (documents.render(), yaml_text(document))
    assert [one.value for one in documents] == [document]
