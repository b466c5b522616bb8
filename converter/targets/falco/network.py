"""Print a test on a network for a field that is a text: an expression for the addresses as they are written.

Source: Falco's fields of plugins are texts (libs 48dfd53c userspace/libsinsp/filter_compare.cpp:238-433: networks are
for the address fields of system calls).
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Final

_OCTET: Final = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def addresses(network: IPv4Network) -> str:
    """Return the expression that is the whole text of an address in the network, also of one wrapped as ``::ffff:10.0.0.1``."""
    first, last = network.network_address.packed, network.broadcast_address.packed
    octets = [_octet(low, high) for low, high in zip(first, last, strict=True)]
    return "(::ffff:)?" + "[.]".join(octets)


def _octet(low: int, high: int) -> str:
    """Return the decimal numbers from ``low`` to ``high``, without zeros in front."""
    if (low, high) == (0, 255):
        return _OCTET
    if low == high:
        return str(low)
    runs: list[str] = []
    for tens in range(low // 10, high // 10 + 1):
        begin, end = max(low, tens * 10) % 10, min(high, tens * 10 + 9) % 10
        digits = str(begin) if begin == end else f"[{begin}-{end}]"
        runs.append((str(tens) if tens else "") + digits)
    return "(" + "|".join(runs) + ")"
