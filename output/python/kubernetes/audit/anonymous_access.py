"""Kubernetes API Answered an Anonymous Request

Somebody without any credentials was let in by the API server, on something else than its health and version
pages. Those are open by default; everything beyond them is a mistake in the cluster's roles.

Made from the Sigma rule 2e7d5b90-6c2f-4f0e-8b7a-1d9c4e3f5a11; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': '2e7d5b90-6c2f-4f0e-8b7a-1d9c4e3f5a11',
    'title': 'Kubernetes API Answered an Anonymous Request',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.initial-access', 'attack.t1190'),
    'references': ('https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests',),
    'falsepositives': ('Clusters whose discovery pages are open to everybody',),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            equals(event, "annotations.authorization.k8s.io/decision", "allow")
            and at_least(event, "responseStatus.code", 200)
            and less_than(event, "responseStatus.code", 400)
        )
        and (
            equals(event, "user.username", "system:anonymous", cased=True)
            or equals(event, "user.groups", "system:unauthenticated", cased=True)
        )
        and not (
            startswith(event, "requestURI", "/healthz", cased=True)
            or startswith(event, "requestURI", "/livez", cased=True)
            or startswith(event, "requestURI", "/readyz", cased=True)
            or startswith(event, "requestURI", "/version", cased=True)
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def at_least(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is the bound or more."""
    return any(number >= bound for number in numbers(event, field))


def less_than(event: dict[str, object], field: str, bound: float) -> bool:
    """Return whether any number of the field is less than the bound."""
    return any(number < bound for number in numbers(event, field))


def startswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field begins with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).startswith(wanted) for text in texts(event, field))


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
