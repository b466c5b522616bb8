"""Kubernetes Service Account Token Made by a Person

Somebody asked the API server for a token of a service account. The token works from anywhere until it ends,
and what is done with it is logged under the account's name.

Made from the Sigma rule 7d1a9c3e-2b64-4a8e-9e05-3c8f6b0d7e12; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '7d1a9c3e-2b64-4a8e-9e05-3c8f6b0d7e12',
    'title': 'Kubernetes Service Account Token Made by a Person',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.credential-access', 'attack.t1528'),
    'references': ('https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/',),
    'falsepositives': ('Pipelines that fetch a short token before they deploy',),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            equals(event, "verb", "create")
            and equals(event, "objectRef.resource", "serviceaccounts")
            and equals(event, "objectRef.subresource", "token")
            and equals(event, "annotations.authorization.k8s.io/decision", "allow")
            and exists(event, "userAgent")
        )
        and not (
            (
                startswith(event, "user.username", "system:node:", cased=True)
                or startswith(event, "user.username", "system:serviceaccount:kube-system:", cased=True)
                or startswith(event, "user.username", "system:kube-", cased=True)
            )
            or (
                contains(event, "userAgent", "kubelet/", cased=True)
                and contains(event, "userAgent", "kubernetes/", cased=True)
            )
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def exists(event: dict[str, object], field: str) -> bool:
    """Return whether the field's key is present, whatever its value."""
    pending: list[tuple[object, str]] = [(event, field)]
    while pending:
        value, rest = pending.pop()
        if not rest:
            return True
        if isinstance(value, list):
            pending.extend((one, rest) for one in value)
        elif isinstance(value, dict):
            key = rest
            while key and key not in value:
                key = key.rpartition(".")[0]
            if key:
                pending.append((value[key], rest[len(key) + 1 :]))
    return False


def startswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field begins with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).startswith(wanted) for text in texts(event, field))


def contains(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field holds the text."""
    wanted = fold(wanted, cased)
    return any(wanted in fold(text, cased) for text in texts(event, field))


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
