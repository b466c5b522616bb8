"""Two names of a rule for which a target has one field: it cannot hold the one beside the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from converter.model import Status
from converter.pack import Outcome, compile_rule, load_pack
from converter.targets import target

RULE = """title: A test
id: 00000000-0000-4000-8000-00000000a5a5
status: test
logsource: {{product: azure, service: auditlogs}}
detection:
  selection: {selection}
  condition: selection
level: low
"""


def compiled(folder: Path, selection: str) -> Outcome:
    (folder / "rule.yml").write_text(RULE.format(selection=selection), encoding="utf-8")
    (loaded,) = load_pack([folder]).rules
    return compile_rule(loaded, target("elastic"), {}, frozenset())


@pytest.mark.parametrize("name", ["OperationName", "operationName", "properties.message"])
def test_each_name_alone_is_asked_for(tmp_path: Path, name: str) -> None:
    """One of the names, however often, is a test of the field."""
    outcome = compiled(tmp_path, f"{{{name}: [Update user, Delete user]}}")
    assert outcome.status is Status.EXACT


def test_two_names_of_one_field_are_refused(tmp_path: Path) -> None:
    """The operation's name cannot be two texts, so a rule that asks for both names would never fire there; it is told where and why."""
    outcome = compiled(tmp_path, "{OperationName: Update user, properties.message: Guest}")
    assert outcome.status is Status.UNSUPPORTED
    (one,) = outcome.diagnostics
    assert (one.code, one.span.line) == ("T005", 6)
    assert "'azure.auditlogs.operation_name', for 'OperationName' and 'properties.message'" in one.message
