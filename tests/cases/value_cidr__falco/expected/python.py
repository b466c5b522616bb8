"""A network on a text field on Falco 0.39

A case of the tests.

Made from the Sigma rule 01a372c5-9bb0-554c-a757-70bbaaa68e39; change the rule, not this file.
"""

from __future__ import annotations

import ipaddress

RULE = {
    'id': '01a372c5-9bb0-554c-a757-70bbaaa68e39',
    'title': 'A network on a text field on Falco 0.39',
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
        in_network(event, "userAgent", "10.32.0.0/11")
    )


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
