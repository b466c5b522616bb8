"""Elastic's field tables, guards and mappings agree with one another, for every log source."""

from __future__ import annotations

from typing import Any

import pytest

from converter.data import bindings, elastic_document, elastic_mappings, fields, indexed, sources
from converter.languages import kql

SOURCES = [source.id for source in sources().values() if "elastic" in source.targets]

UNNAMED = ("winlog.event_data.", "winlog.user_data.", "auditd.log.")
"""Objects of which the mappings name no field, or some."""


def mapping(source: str) -> kql.Mapping:
    compiled = kql.compile_mapping(elastic_mappings(source))
    assert isinstance(compiled, kql.Mapping)
    return compiled


def type_at(known: kql.Mapping, path: str) -> str:
    """Return the type of a field; below a flattened one everything is flattened."""
    found = next((kind for name, kind in known.flattened.items() if path.startswith(f"{name}.")), None)
    if found is None and path not in known.fields and path.startswith(UNNAMED):
        return "keyword"  # what the template for texts that no row of the mapping names gives; asked by the next test
    return found.type if found else known.fields[path].type


@pytest.mark.parametrize("source", SOURCES)
def test_bindings_name_fields_of_the_index(source: str) -> None:
    """Each path is mapped with the table's type, integers as long; a caseless one is a second index in lower case, `ip` is one."""
    known = mapping(source)
    wrong = []
    for name, binding in ((name, part) for name, one in bindings("elastic", source).items() for part in indexed(one)):
        kind = type_at(known, binding.path)
        if ("long" if kind == "integer" else kind) != binding.type:
            wrong.append((name, kind))
        if binding.caseless and not (binding.caseless.startswith(f"{binding.path}.") and known.fields[binding.caseless].lowercase):
            wrong.append((name, binding.caseless))
        if binding.ip and known.fields[binding.ip].type != "ip":
            wrong.append((name, binding.ip))
    assert wrong == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_row_says_when_an_index_may_lack_its_field(source: str) -> None:
    """What the mapping does not name is `dynamic`, so that EQL asks for it with `?`; nothing else is."""
    known = mapping(source)
    named = [one for name, row in bindings("elastic", source).items() for one in indexed(row) if "*" not in name]
    assert [one.path for one in named if one.dynamic is (known.find(one.path) is not None)] == []


@pytest.mark.parametrize(
    "source", [one for one in SOURCES if any(row.dynamic for binding in bindings("elastic", one).values() for row in indexed(binding))]
)
def test_a_channels_own_data_becomes_keywords(source: str) -> None:
    """The mapping's first template is for every text, and gives a keyword."""
    template = elastic_mappings(source)["dynamic_templates"][0]["strings"]
    assert template == {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 1024}}


@pytest.mark.parametrize("source", SOURCES)
def test_caseless_fields_are_the_ones_that_the_index_has(source: str) -> None:
    """No table forgets the caseless index of a field that has one, nor names one that drops texts which are to be expected."""
    known = mapping(source)
    for name, one in bindings("elastic", source).items():
        caseless = known.fields.get(f"{one.path}.caseless")
        assert bool(one.caseless) == (caseless is not None and not (one.field.long and caseless.ignore_above is not None)), name


@pytest.mark.parametrize("source", SOURCES)
def test_the_guard_selects_every_document_of_the_log_source(source: str) -> None:
    """What the guard asks for is a constant of the index, or in the document of any event."""
    known, document = mapping(source), elastic_document({}, source)
    wrong = []
    for path, value in sources()[source].targets["elastic"]["guard"].items():
        held: Any = known.fields[path].value or _at(document, path)
        if not {*(value if isinstance(value, list) else [value])} & {*(held if isinstance(held, list) else [held])}:
            wrong.append((path, held))
    assert wrong == []


@pytest.mark.parametrize("source", SOURCES)
def test_the_guard_has_a_constant(source: str) -> None:
    """A query that is run on other indexes too finds nothing of another log source."""
    known = mapping(source)
    assert any(known.fields[path].type == "constant_keyword" for path in sources()[source].targets["elastic"]["guard"])


def _at(document: Any, path: str) -> Any:
    for key in path.split("."):
        document = document.get(key, {})
    return document


def test_a_row_for_a_family_stands_for_each_name_below() -> None:
    """A parameter of a call has no row of its own; one that has is not the family's."""
    table, elastic = fields("aws_cloudtrail"), bindings("elastic", "aws_cloudtrail")
    assert table["requestParameters.userName"].name == "requestParameters.userName"
    assert elastic["requestParameters.a.b"].path == "aws.cloudtrail.flattened.request_parameters.a.b"
    assert elastic["responseElements.ConsoleLogin"].field.values == ("Success", "Failure")
    assert all(name not in table for name in ("requestParameters", "requestParameters.", "requestParametersX", "nothing.*"))


def test_a_field_in_lower_case_there_has_one_spelling() -> None:
    """The event's own table claims no case; what the index holds is lower case."""
    assert not fields("windows_process_creation")["IntegrityLevel"].one_spelling
    assert bindings("elastic", "windows_process_creation")["IntegrityLevel"].spelling("High") == "high"


def test_a_rule_without_a_table_is_told_which_fields_need_one() -> None:
    """A log source that the tables do not know is refused with the fields that the rule asks for, so that a table can be made for them."""
    from converter.ir import lower
    from converter.readers import read_rules
    from converter.targets import resolve

    (rule,), problems = read_rules(
        b"title: t\nid: 6d1f7c0e-3a0f-4b27-9d0e-5b1d6c2f8a09\nlogsource: {category: database}\n"
        b"detection:\n  s: {statement|contains: a, account: b}\n  condition: s\n",
        "rule.yml",
    )
    assert not problems
    tree = lower(rule)
    assert not isinstance(tree, tuple)
    told = resolve(rule, tree, "elastic")
    assert isinstance(told, tuple)
    assert [one.code for one in told] == ["T002"]
    assert "statement, account" in told[0].help
