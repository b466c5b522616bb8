"""Corrections change what they name and nothing else, however the rule is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.checks import Finding, find_all, fix_pack
from converter.checks.sameness import shape
from converter.pack import Pack, RuleFile, load_bytes, write_bytes

HEAD = """\
title: {title}
id: 3b1c0a52-0000-4000-8000-000000000001 # an id
date: {date}
license: {license}
tags: {tags}
logsource: {{product: kubernetes, service: audit}} # no {{ map
detection:
  selection: &all
"""
WORDS = st.text(alphabet="aB*?\\ '\"#:,[]é", min_size=1, max_size=6)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


SCALARS = st.builds(lambda write, text: write(text), st.sampled_from([_single, _double]), WORDS) | st.sampled_from(["plain", "a b"])
FIELDS = st.sampled_from(
    ["verb", "userAgent|contains", "user.username|startswith", "requestURI|endswith", "objectRef.name|contains|all", "userAgent|re"]
)


@st.composite
def sections(draw: st.DrawFn) -> str:
    """A detection in block or flow lists, with comments."""
    lines = []
    for field in draw(st.lists(FIELDS, min_size=1, max_size=4, unique=True)):
        values = draw(st.lists(SCALARS, min_size=1, max_size=4))
        values += draw(st.lists(st.sampled_from(values), max_size=2))
        if draw(st.booleans()):
            lines.append(f"    {field}: [{', '.join(values)}] # '{field}'")
        else:
            lines.append(f"    {field}:")
            for value in values:
                lines.append(f"      - {value}" + draw(st.sampled_from(["", " # why", "  "])))
    return "\n".join(lines)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """A rule with mistakes that can be corrected, and with hard spellings."""
    head = HEAD.format(
        title=draw(st.sampled_from(["One", "'Two.'", '"Three  four"', "Five. # six", ">-\n  A folded\n  title."])),
        date=draw(st.sampled_from(["2026/01/02", "'2026/01/02'", "2026-01-02", '"2026/13/02"'])),
        license=draw(st.sampled_from(["apache 2", "'MIT License'", "MIT", "no licence"])),
        tags=draw(st.sampled_from(["[attack.t1086, attack.t1086]", "\n  - attack.T1609 # a\n  - attack.T1609", "[tlp.amber]"])),
    )
    end = draw(st.sampled_from(["", "  filter: *all\n"]))
    condition = "selection" if not end else draw(st.sampled_from(["selection or filter", "selection and not filter"]))
    text = head + draw(sections()) + f"\n{end}  condition: {condition}\nlevel: low\n"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


def _pack(data: bytes, file: RuleFile) -> Pack:
    return Pack(load_bytes(data, file)[0], ())


def _edited_lines(cure: Finding) -> set[str]:
    """Return the lines, as they were, on which a correction's edits lie."""
    text = cure.source.text
    found = set()
    for edit in cure.fix.edits if cure.fix else ():
        first, last = text.rfind("\n", 0, edit.start) + 1, text.find("\n", max(edit.start, edit.end - 1))
        found |= set(text[first : last if last >= 0 else len(text)].split("\n"))
    return found


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("fix"))
        yield


@settings(deadline=None, max_examples=60)
@given(text=rules(), unsafe=st.booleans())
def test_a_correction_keeps_everything_else(text: str, unsafe: bool) -> None:
    """The lines of a corrected file are those of the file, but for the lines of its edits; a safe correction keeps the meaning."""
    path = Path("rule.yml")
    file = RuleFile(path, "rule.yml", "rule")
    data = text.encode("utf-8")
    pack = _pack(data, file)
    write_bytes(path, data)
    fixed = fix_pack(pack, find_all, unsafe=unsafe)
    for one in fixed:
        assert one.before == data
        touched = {line for cure in one.cured for line in _edited_lines(cure)}
        kept = [line for line in text.split("\n") if line not in touched]
        left = iter(one.after.decode("utf-8").split("\n"))
        assert all(line in left for line in kept), "the other lines stand in their order"
        after = _pack(one.after, file)
        assert [loaded.rule.id for loaded in after.rules] == [loaded.rule.id for loaded in pack.rules]
        if not unsafe:
            assert [loaded.tree and shape(loaded.tree) for loaded in after.rules] == [
                loaded.tree and shape(loaded.tree) for loaded in pack.rules
            ]
        write_bytes(path, one.after)
        assert fix_pack(after, find_all, unsafe=unsafe) == (), "a second run has nothing to do"
