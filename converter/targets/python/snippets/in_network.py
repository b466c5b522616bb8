"""A test on a field's address."""

from __future__ import annotations

import ipaddress

from converter.targets.python.snippets.values import values


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
