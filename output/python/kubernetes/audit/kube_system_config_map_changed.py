"""Kubernetes ConfigMap of the System Changed by a Person

A ConfigMap in the namespace kube-system was written by somebody who is no part of Kubernetes. Name
resolution, network rules and on some clouds the mapping of people to groups are kept there.

Made from the Sigma rule 4f8c2a71-9e3d-4d16-b0c2-8a7e5f1d6b13; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '4f8c2a71-9e3d-4d16-b0c2-8a7e5f1d6b13',
    'title': 'Kubernetes ConfigMap of the System Changed by a Person',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.persistence', 'attack.t1098'),
    'references': ('https://kubernetes.io/docs/concepts/configuration/configmap/',),
    'falsepositives': ('Changes that an administrator made on purpose',),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            (
                equals(event, "verb", "create")
                or equals(event, "verb", "update")
                or equals(event, "verb", "patch")
                or equals(event, "verb", "delete")
            )
            and equals(event, "objectRef.resource", "configmaps")
            and equals(event, "objectRef.namespace", "kube-system")
            and equals(event, "annotations.authorization.k8s.io/decision", "allow")
        )
        and not (
            startswith(event, "user.username", "system:", cased=True)
            or endswith(event, "objectRef.name", "-leader", cased=True)
            or is_null(event, "user.username")
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def startswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field begins with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).startswith(wanted) for text in texts(event, field))


def endswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field ends with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).endswith(wanted) for text in texts(event, field))


def is_null(event: dict[str, object], field: str) -> bool:
    """Return whether the field is missing or holds nothing but null."""
    return all(value is None for value in values(event, field))


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
