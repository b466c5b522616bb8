"""Alternatives of every kind, one of them in any case

A case of the tests.

Made from the Sigma rule 0a0ae19b-cd4a-54ef-b3f4-db1ab28eb05a; change the rule, not this file.
"""

from __future__ import annotations

import ipaddress
import re

RULE = {
    'id': '0a0ae19b-cd4a-54ef-b3f4-db1ab28eb05a',
    'title': 'Alternatives of every kind, one of them in any case',
    'level': 'low',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'logsource': 'product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        equals(event, "userAgent", "Helm/3")
        or is_number(event, "responseStatus.code", 404)
        or at_least(event, "responseStatus.code", 500)
        or in_network(event, "sourceIPs", "10.0.0.0/8")
        or is_bool(event, "requestObject.spec.containers.securityContext.privileged", True)
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def is_number(event: dict[str, object], field: str, wanted: float) -> bool:
    """Return whether any value of the field is the number, or its decimal text."""
    text = str(wanted)
    return any(value == text or (value == wanted and not isinstance(value, bool)) for value in values(event, field))


def at_least(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is the bound or more."""
    return any(number >= bound for number in numbers(event, field))


def in_network(event: dict[str, object], field: str, network: str) -> bool:
    """Return whether any value of the field is an address in the network."""
    return any(is_inside(value, network) for value in values(event, field) if isinstance(value, str))


def is_inside(text: str, network: str) -> bool:
    """Return whether the text is an address in the network; an IPv6 address that wraps an IPv4 address is that one too."""
    inside = ipaddress.ip_network(network)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.version == 6 and address.ipv4_mapped and inside.version == 4:
        return address.ipv4_mapped in inside
    return address in inside


def is_bool(event: dict[str, object], field: str, wanted: bool) -> bool:
    """Return whether any value of the field is the truth value, or its lower-case text."""
    text = "true" if wanted else "false"
    return any(value is wanted or value == text for value in values(event, field))


def fold(text: str, cased: bool = False) -> str:
    """Return the text without regard to case, unless cased; no ASCII letter equals one outside ASCII."""
    if cased:
        return text
    if text.isascii():
        return text.lower()
    return "".join(fold_letter(letter) for letter in text)


def fold_letter(letter: str) -> str:
    """Return a letter's lower case, where that is one letter and as much ASCII as before."""
    lower = letter.lower()
    return lower if len(lower) == 1 and lower.isascii() == letter.isascii() else letter


def texts(event: dict[str, object], field: str) -> list[str]:
    """Return the field's values as texts, without nulls and objects."""
    return [as_text(value) for value in values(event, field) if value is not None and not isinstance(value, dict)]


def values(event: dict[str, object], field: str) -> list[object]:
    """Return what stands at a dotted field: the longest key first, lists taken apart."""
    found: list[object] = []
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif not rest:
            found.append(value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return found


DECIMAL = r"[+-]?[0-9]{1,300}(\.[0-9]{1,300})?([eE][+-]?[0-9]{1,3})?"


def numbers(event: dict[str, object], field: str) -> list[float]:
    """Return the field's numbers, and its texts that are decimal numbers."""
    found: list[float] = []
    for value in values(event, field):
        if isinstance(value, str) and re.fullmatch(DECIMAL, value):
            found.append(float(value) if re.search("[.eE]", value) else int(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found.append(value)
    return found


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
