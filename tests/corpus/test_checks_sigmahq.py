"""The checks on every rule of SigmaHQ, which many people reviewed: few findings, and corrections that keep every meaning."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from converter.checks import find_all, fix_pack
from converter.checks.sameness import shape
from converter.model import Severity
from converter.pack import Pack, load_bytes, load_pack

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def pack(corpora: Path) -> Pack:
    """The rules as a pack."""
    return load_pack([corpora / "corpora" / "sigmahq"])


def test_no_check_cries_wolf(pack: Pack) -> None:
    """Missing tests aside, which no rule there has, no check warns of more than one rule in a hundred."""
    assert len(pack.rules) > 3000
    found = find_all(pack, "2026-11-24")
    rules = Counter(code for code, _ in {(one.code, one.diagnostic.span) for one in found if one.diagnostic.severity is Severity.WARNING})
    assert rules.pop("S003") == len(pack.rules)
    assert {code: count for code, count in rules.items() if count > len(pack.rules) / 100} == {}
    assert len(rules) >= 6, "a corpus without any mistake shows nothing"


def test_corrections_keep_every_meaning(pack: Pack) -> None:
    """Each corrected file has the trees, ids and comments that it had, and a second run has nothing to do."""
    fixed = fix_pack(pack, find_all, unsafe=False)
    assert len(fixed) >= 5
    for one in fixed:
        before, after = (load_bytes(data, one.file)[0] for data in (one.before, one.after))
        assert [loaded.rule.id for loaded in before] == [loaded.rule.id for loaded in after]
        assert [loaded.tree and shape(loaded.tree) for loaded in before] == [loaded.tree and shape(loaded.tree) for loaded in after]
        assert one.before.count(b"#") == one.after.count(b"#")
        assert fix_pack(Pack(after, ()), lambda small: [cure for cure in find_all(small) if cure.fix], unsafe=False) == ()
