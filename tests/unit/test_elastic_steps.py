"""Steps of a view that bring an event into the shape from which its pipeline takes it."""

from __future__ import annotations

from typing import Any

import pytest

from converter.data import elastic_document


@pytest.mark.parametrize(
    "event",
    [
        {"id.orig_h": "10.0.0.1", "id.resp_p": 53, "query": "a.b"},
        {"id": {"orig_h": "10.0.0.1", "resp_p": 53}, "query": "a.b"},
        {"id": {"orig_h": "10.0.0.1"}, "id.resp_p": 53, "query": "a.b"},
    ],
)
def test_a_key_with_dots_is_the_same_as_levels(event: dict[str, Any]) -> None:
    """Zeek writes flat names, a rule's example may have levels: the document is one."""
    document = elastic_document(event, "zeek_dns")
    assert document["source"]["ip"] == "10.0.0.1"
    assert document["destination"]["port"] == 53
    assert document["zeek"]["dns"]["query"] == "a.b"


def test_a_key_whose_level_holds_a_text_stays_whole() -> None:
    """An x509 line has a text `id`; a dotted key below it neither overwrites it nor breaks the view."""
    document = elastic_document({"id": "F1", "id.orig_h": "10.0.0.1", "certificate.serial": "8BB00EE"}, "zeek_x509")
    assert document == {"zeek": {"x509": {"certificate": {"serial": "8BB00EE"}}}}


@pytest.mark.parametrize(
    ("logtype", "name"), [(2000, "LOG_FTP_LOGIN_ATTEMPT"), ("2000", "LOG_FTP_LOGIN_ATTEMPT"), (777, "777"), (True, "true")]
)
def test_a_number_is_a_text_before_it_is_a_word(logtype: object, name: str) -> None:
    """OpenCanary's numbers become names, whether written as numbers or as text; one without a name stays, as text."""
    assert elastic_document({"logtype": logtype}, "opencanary")["log"]["logger"] == name
