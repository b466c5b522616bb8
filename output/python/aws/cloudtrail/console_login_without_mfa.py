"""AWS Console Login Without a Second Factor

Somebody logged in to the console with a password alone, and not from the company's network. Federated users
show no second factor here, theirs is checked elsewhere.

Made from the Sigma rule 4e6c8b20-9d17-4f3a-8a5e-2c0b7d9f1a30; change the rule, not this file.
"""

from __future__ import annotations

import ipaddress

RULE = {
    'id': '4e6c8b20-9d17-4f3a-8a5e-2c0b7d9f1a30',
    'title': 'AWS Console Login Without a Second Factor',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.initial-access', 'attack.t1078.004'),
    'references': ('https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html',),
    'falsepositives': ('Users who wait for their first device',),
    'logsource': 'product aws, service cloudtrail',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            equals(event, "eventSource", "signin.amazonaws.com")
            and equals(event, "eventName", "ConsoleLogin")
            and equals(event, "responseElements.ConsoleLogin", "Success")
            and equals(event, "additionalEventData.MFAUsed", "No")
        )
        and not (
            (
                equals(event, "userIdentity.type", "AssumedRole")
                or equals(event, "userIdentity.type", "FederatedUser")
                or equals(event, "userIdentity.type", "IdentityCenterUser")
            )
            or (
                in_network(event, "sourceIPAddress", "192.0.2.0/24")
                or in_network(event, "sourceIPAddress", "2001:db8:5::/48")
            )
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


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


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
