"""Kubernetes Pod Shares a Namespace of Its Node

A pod was created that sees its node's processes, network or interprocess communication instead of its own.
From there other pods' traffic can be read and the node's processes can be reached.

Made from the Sigma rule 1c6b3f52-7d7e-4e55-8d1b-0f5a2c8e9b08; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '1c6b3f52-7d7e-4e55-8d1b-0f5a2c8e9b08',
    'title': 'Kubernetes Pod Shares a Namespace of Its Node',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.privilege-escalation', 'attack.t1611'),
    'references': ('https://kubernetes.io/docs/concepts/security/pod-security-standards/',),
    'falsepositives': ('Agents that look after nodes, such as network plugins and monitoring',),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            equals(event, "verb", "create")
            and equals(event, "objectRef.resource", "pods")
            and equals(event, "annotations.authorization.k8s.io/decision", "allow")
        )
        and (
            is_bool(event, "requestObject.spec.hostPID", True)
            or is_bool(event, "requestObject.spec.hostNetwork", True)
            or is_bool(event, "requestObject.spec.hostIPC", True)
        )
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


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


def as_text(value: object) -> str:
    """Return a value as JSON writes it, a text without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
