"""What systems say of their fields, in the forms that their documentation shows, and what of it becomes a pack's rows.

The answers are written here after Elasticsearch 8.19 ("Get mapping", "Index templates", "Field capabilities"), Splunk 10.0
("fieldsummary", "props.conf") and Falco's plugin API (``get_fields``).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from converter.data import OwnSource
from converter.model import Diagnostic, LogSource
from converter.readers.fields import System, join, read_elastic, read_falco, read_fields, read_splunk, write_fields

KUBERNETES = LogSource("", "kubernetes", "audit")
SHOP = LogSource("", "shop", "orders")
LEAF = {"type": "keyword", "ignore_above": 1024}


def _json(value: object) -> bytes:
    return json.dumps(value).encode("utf-8")


def _elastic(value: object) -> System:
    found = read_elastic(_json(value), "answer.json")
    assert isinstance(found, System), found
    return found


def _rows(system: System, logsource: LogSource = SHOP) -> dict[str, dict[str, Any]]:
    """Return the rows as a pack reads them: what is written is read back, so that no form of a name breaks out of its line."""
    found = read_fields(write_fields(system, join(system, logsource), logsource, "answer.json"), "fields/a.yml")
    assert all(isinstance(one, OwnSource) for one in found), found
    (source,) = found
    assert isinstance(source, OwnSource)
    return {name: dict(row) for name, row in source.targets[system.target].rows.items()}


FORMS = {
    "get mapping": {"shop-1": {"mappings": {"properties": {"a": LEAF}}}},
    "get index": {"shop-1": {"aliases": {}, "mappings": {"properties": {"a": LEAF}}, "settings": {"index": {"number_of_shards": "1"}}}},
    "mapping with a type": {"shop-1": {"mappings": {"_doc": {"properties": {"a": LEAF}}}}},
    "mappings": {"mappings": {"properties": {"a": LEAF}}},
    "properties": {"properties": {"a": LEAF}},
    "index template": {"index_patterns": ["shop-*"], "template": {"mappings": {"properties": {"a": LEAF}}}},
    "get index template": {
        "index_templates": [
            {"name": "t", "index_template": {"index_patterns": ["shop-*"], "template": {"mappings": {"properties": {"a": LEAF}}}}}
        ]
    },
    "get component template": {
        "component_templates": [{"name": "c", "component_template": {"template": {"mappings": {"properties": {"a": LEAF}}}}}]
    },
    "field capabilities": {
        "indices": ["shop-1"],
        "fields": {
            "a": {"keyword": {"type": "keyword", "metadata_field": False, "searchable": True, "aggregatable": True}},
            "_id": {"_id": {"type": "_id", "metadata_field": True, "searchable": True, "aggregatable": False}},
        },
    },
}
PATTERNS = {
    "get mapping": ["shop-1"],
    "get index": ["shop-1"],
    "mapping with a type": ["shop-1"],
    "index template": ["shop-*"],
    "get index template": ["shop-*"],
    "field capabilities": ["shop-1"],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_elasticsearch_gives_its_fields_and_indices(form: str) -> None:
    """The one field, as a keyword; the index patterns, where the form has any, and no other."""
    system = _elastic(FORMS[form])
    assert {path: one.type for path, one in system.fields.items()} == {"a": "keyword"}
    assert list(system.selects.get("index", [])) == PATTERNS.get(form, [])
    assert _rows(system)["a"] == {"path": "a", "type": "keyword"}


def test_a_data_streams_backing_index_is_named_as_the_stream() -> None:
    """The generation of a data stream changes every day, its name does not."""
    system = _elastic({".ds-logs-shop.orders-eu-2026.11.24-000003": {"mappings": {"properties": {"a": LEAF}}}})
    assert system.selects["index"] == ["logs-shop.orders-eu"]


def test_multi_fields_aliases_nested_runtime_and_unsearched() -> None:
    """Each kind of a mapping's entry is a row with what a query can use, or is told as left out."""
    lower = {"type": "keyword", "normalizer": "lowercase"}
    system = _elastic(
        {
            "i": {
                "settings": {
                    "index": {
                        "analysis": {
                            "normalizer": {"folded": {"type": "custom", "filter": ["lowercase"]}, "odd": {"filter": ["uppercase"]}}
                        }
                    }
                },
                "mappings": {
                    "dynamic": "runtime",
                    "properties": {
                        "image": {"type": "keyword", "fields": {"caseless": lower, "text": {"type": "text"}}},
                        "path": {"type": "keyword", "fields": {"low": {"type": "keyword", "normalizer": "folded"}}},
                        "short": {"type": "keyword", "fields": {"low": {**lower, "ignore_above": 64}}},
                        "shout": {"type": "keyword", "normalizer": "odd"},
                        "quiet": {"type": "keyword", "normalizer": "lowercase"},
                        "message": {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}},
                        "who": {"type": "alias", "path": "image"},
                        "lost": {"type": "alias", "path": "nowhere"},
                        "items": {"type": "nested", "properties": {"id": LEAF}},
                        "off": {"type": "object", "enabled": False},
                        "kept": {"type": "text", "index": False},
                        "place": {"type": "geo_shape"},
                        "small": {"type": "short"},
                        "bag": {"type": "flattened"},
                    },
                    "runtime": {"hour": {"type": "long"}},
                },
            }
        }
    )
    rows = _rows(system)
    assert rows["image"] == {"path": "image", "type": "keyword", "caseless": "image.caseless"}
    assert rows["path"]["caseless"] == "path.low"
    assert "caseless" not in rows["short"], "the multi-field keeps fewer characters than the field"
    assert rows["quiet"] == {"path": "quiet", "type": "keyword", "case": "lower"}
    assert rows["message"] == {"path": "message.keyword", "type": "keyword", "words": "message", "ignore_above": 256}
    assert rows["who"] == {"path": "who", "type": "keyword", "caseless": "image.caseless"}
    assert rows["hour"] == {"path": "hour", "type": "long"}
    assert (rows["small"]["type"], rows["bag"]["type"], rows["image.text"]["type"]) == ("short", "flattened", "text")
    assert rows.keys().isdisjoint({"lost", "items", "items.id", "off", "kept", "place", "shout"})
    left = "\n".join(system.left)
    for name in ("lost", "items", "off", "kept", "place", "shout", "dynamic mapping"):
        assert name in left, name
    (warning,) = system.warnings
    assert (warning.code, warning.span is not None, "256 characters" in warning.message) == ("P051", True, True)


@pytest.mark.parametrize(
    "answer",
    [
        {"a-1": {"mappings": {"properties": {"x": {"type": "keyword"}}}}, "a-2": {"mappings": {"properties": {"x": {"type": "text"}}}}},
        {
            "indices": ["a-1", "a-2"],
            "fields": {"x": {"keyword": {"type": "keyword", "searchable": True}, "text": {"type": "text", "searchable": True}}},
        },
    ],
    ids=["mappings", "capabilities"],
)
def test_a_field_of_several_types_is_unknown_and_told(answer: object) -> None:
    """No type of two is chosen."""
    system = _elastic(answer)
    assert _rows(system)["x"] == {"path": "x", "type": "unknown"}
    (warning,) = system.warnings
    assert "keyword" in warning.message
    assert "text" in warning.message


def test_a_known_log_source_is_joined_by_the_shipped_paths_and_by_equal_names() -> None:
    """A rule's name gets the shipped path when the mapping has it, with the mapping's type; what is not there has no row."""
    audit = {"verb": LEAF, "userAgent": {"type": "wildcard"}, "user": {"properties": {"groups": LEAF}}}
    system = _elastic({"mappings": {"properties": {"kubernetes": {"properties": {"audit": {"properties": audit}}}, "requestURI": LEAF}}})
    joined = join(system, KUBERNETES)
    rows = _rows(system, KUBERNETES)
    assert rows["verb"] == {"path": "kubernetes.audit.verb", "type": "keyword"}
    assert rows["userAgent"] == {"path": "kubernetes.audit.userAgent", "type": "wildcard"}
    assert rows["user.groups"] == {"path": "kubernetes.audit.user.groups", "type": "keyword"}, "the shipped table says text"
    assert rows["requestURI"] == {"path": "requestURI", "type": "keyword"}
    assert "objectRef.resource" in joined.missing
    assert "objectRef.resource" not in rows
    assert joined.selects["guard"] == {}, "the shipped condition asks for a field that the index does not have"


RESULTS = [
    {"field": "action", "count": "9", "distinct_count": "2", "values": '[{"value":"create","count":9}]'},
    {"field": "items{}.id", "count": "9", "distinct_count": "2", "values": []},
    {"field": "index", "distinct_count": "1", "values": '[{"value":"main","count":9}]'},
    {"field": "sourcetype", "distinct_count": "1", "values": [{"value": "shop:orders", "count": 9}]},
    {"field": "source", "distinct_count": "1", "values": '[{"value":"/var/log/shop.json","count":9}]'},
    {"field": "date_hour"},
    {"field": "_time"},
    {"field": "punct"},
]


@pytest.mark.parametrize("form", ["array", "results", "export"])
def test_each_form_of_a_fieldsummary(form: str) -> None:
    """The fields without Splunk's own, the event's names without braces, and the index and source type that the events have."""
    forms = {
        "array": _json(RESULTS),
        "results": _json({"preview": False, "init_offset": 0, "fields": [{"name": "field"}], "results": RESULTS}),
        "export": b"\n".join(_json({"preview": False, "offset": number, "result": one}) for number, one in enumerate(RESULTS)),
    }
    system = read_splunk(forms[form], "summary.json")
    assert isinstance(system, System), system
    assert system.selects == {"index": ["main"], "sourcetype": ["shop:orders"]}
    assert _rows(system) == {"action": {"path": "action"}, "items.id": {"path": "items{}.id"}}


def test_a_fieldsummary_of_a_known_log_source() -> None:
    """A rule's name finds its field as the shipped table writes it."""
    rows = [{"field": name} for name in ("verb", "user.groups{}", "sourceIPs{}", "other")]
    system = read_splunk(_json(rows), "summary.json")
    assert isinstance(system, System)
    assert _rows(system, KUBERNETES) == {
        "verb": {"path": "verb"},
        "user.groups": {"path": "user.groups{}"},
        "sourceIPs": {"path": "sourceIPs{}"},
        "other": {"path": "other"},
    }


PROPS = """\
[shop:orders]
KV_MODE = json
EXTRACT-one = ^(?<who>\\S+) did (?P<what>\\w+)
FIELDALIAS-names = act AS action, "actor role" ASNEW role
EVAL-total = round(amount / 100)
LOOKUP-country = countries ip OUTPUT country, code AS country_code
REPORT-more = shop_kv
TRANSFORMS-drop = shop_null
"""


def test_props_conf_names_fields() -> None:
    """Aliases, calculations, extractions and lookups make fields; a REPORT's stand elsewhere, which is told."""
    system = read_splunk(PROPS.encode(), "props.conf")
    assert isinstance(system, System), system
    assert set(system.fields) == {"who", "what", "act", "action", "actor role", "role", "total", "country", "country_code"}
    assert system.selects == {"sourcetype": ["shop:orders"]}
    assert any("REPORT-more" in one for one in system.left)
    assert any("KV_MODE" in one for one in system.left)


FALCO: dict[str, bytes] = {
    "engine": _json({"engine": "x", "fields": [{"field": "ka.verb", "type": "CHARBUF", "list": False, "sources": ["k8s_audit"]}]}),
    "plugin": _json([{"type": "string", "name": "ka.verb", "desc": "the verb"}]),
    "classes": _json({"classes": [{"name": "ka", "event_sources": ["k8s_audit"], "fields": [{"name": "ka.verb", "type": "CHARBUF"}]}]}),
    "names": b"ka.verb\n",
    "markdown": b"Name | Type | Description\n:----|:-----|:-----------\n`ka.verb` | CHARBUF | the verb.\n",
}


@pytest.mark.parametrize("form", FALCO)
def test_each_form_of_a_list_of_falcos(form: str) -> None:
    """The one field, however the list is written."""
    system = read_falco(FALCO[form], "list.json")
    assert isinstance(system, System), system
    assert _rows(system, KUBERNETES)["verb"] == {"path": "ka.verb"}


def test_an_event_source_is_chosen() -> None:
    """Of a list of several event sources only one's fields are taken; one that is not there is told."""
    data = _json(
        [
            {"name": "okta.actor", "type": "string", "sources": ["okta"]},
            {"name": "evt.num", "type": "UINT64", "sources": ["okta", "syscall"]},
            {"name": "proc.name", "sources": ["syscall"]},
            {"name": "okta.value", "type": "string", "arg": {"isRequired": True, "isKey": True}, "sources": ["okta"]},
            {"name": "okta.groups", "type": "string", "isList": True, "sources": ["okta"]},
        ]
    )
    system = read_falco(data, "list.json", "okta")
    assert isinstance(system, System)
    assert set(system.fields) == {"okta.actor", "evt.num", "okta.groups", "okta.value"}
    assert system.selects == {"event_source": "okta"}
    rows = _rows(system)
    assert rows["okta.groups"] == {"path": "okta.groups", "list": True}
    assert rows.keys() == {"okta.actor", "okta.groups"}, "no condition of ours orders numbers of Falco's, or knows an argument"
    left = "\n".join(join(system, SHOP).left)
    assert "evt.num: of type UINT64" in left
    assert "okta.value: needs an argument" in left
    assert isinstance(read_falco(data, "list.json", "aws"), Diagnostic)


NONE = {
    "elastic": [
        b"",
        b"[]",
        b"null",
        b'{"error": {"type": "x"}, "status": 404}',
        b'{"a": {"mappings": {}}}',
        b'{"fields": {}}',
        b"\xff\xfe",
        b"{" * 100_000,
    ],
    "splunk": [
        b"",
        b"{}",
        b'{"results": []}',
        b'[{"name": "x"}]',
        b'{"result": 1}\n{',
        b"1" * 10_000,
        b"[" * 100_000,
        b'[{"field": "_time"}]',
    ],
    "falco": [b"", b"{}", b"no field\n", b'[{"name": 1}]', b"\xff", b"[" * 100_000],
}
READERS = {"elastic": read_elastic, "splunk": read_splunk, "falco": read_falco}


@pytest.mark.parametrize(("target", "number"), [(target, number) for target, all_ in NONE.items() for number in range(len(all_))])
def test_what_is_no_answer_is_told_with_a_place(target: str, number: int) -> None:
    """Whatever the file holds, the answer is one diagnostic, never a system without fields."""
    found = READERS[target](NONE[target][number], "answer.json")
    assert isinstance(found, Diagnostic), found
    assert (found.code, found.span is not None, bool(found.help)) == ("P050", True, True)


@pytest.mark.parametrize(
    "name", ["a b", 'a"b', "a\nb", "a'b", "a`b", "\x1b[2J", "a,b", "*", "ä" * 500, "", "a.*", "#x", "true", "1e3", "- x", "a: b", "{x}"]
)
def test_no_name_breaks_out_of_its_line(name: str) -> None:
    """A name is written so that it means itself, or is left out and told."""
    system = _elastic({"properties": {name: LEAF, "other": LEAF}})
    rows = _rows(system)
    assert rows["other"] == {"path": "other", "type": "keyword"}
    assert set(rows) <= {"other", name}
    assert all(row["path"] == key for key, row in rows.items())
    assert "\x1b" not in write_fields(system, join(system, SHOP), SHOP, "\x1b[2J\n# x.json").decode()
