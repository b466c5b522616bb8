"""Kubernetes Secrets Read by a Person

Secrets were read, listed or watched by somebody who is neither a part of Kubernetes nor a service account.
Their user names begin with system:, a prefix that Kubernetes reserves. A list or a watch returns the values
of every secret at once.

Made from the Sigma rule e0b7d8a1-9a53-4f6c-b2b4-7c1e5d3f2a06; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': 'e0b7d8a1-9a53-4f6c-b2b4-7c1e5d3f2a06',
    'title': 'Kubernetes Secrets Read by a Person',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.credential-access', 'attack.t1552.007'),
    'references': ('https://kubernetes.io/docs/concepts/security/rbac-good-practices/',),
    'falsepositives': ('Operators who look after certificates and passwords by hand',),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            (
                equals(event, "verb", "get")
                or equals(event, "verb", "list")
                or equals(event, "verb", "watch")
            )
            and equals(event, "objectRef.resource", "secrets")
            and equals(event, "annotations.authorization.k8s.io/decision", "allow")
        )
        and not startswith(event, "user.username", "system:", cased=True)
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


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
