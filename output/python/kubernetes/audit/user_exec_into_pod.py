"""Kubernetes User Exec into Pod

Somebody opened a command in a running container through the exec subresource of a pod, and the API server
allowed it. Such a session reads what the pod can read, its service account's token and mounted secrets
included, and runs whatever the image holds. Clients that upgrade over WebSocket send the same request with
the verb get, which a rule of its own covers.

Made from the Sigma rule 7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '7b4a5c0e-3a0f-4b27-9d0e-5b1d6c2f8a11',
    'title': 'Kubernetes User Exec into Pod',
    'level': 'medium',
    'status': 'test',
    'author': 'Elastic; adapted',
    'license': 'Elastic-2.0',
    'source': 'https://www.elastic.co/guide/en/security/current/prebuilt-rule-8-4-2-kubernetes-user-exec-into-pod.html',
    'date': '2022-05-17',
    'tags': ('attack.execution', 'attack.t1609'),
    'references': ('https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/', 'https://kubernetes.io/docs/tasks/debug/debug-application/get-shell-running-container/'),
    'falsepositives': ('Operators who debug a workload by hand', 'Tools that copy files into or out of pods, which use exec underneath'),
    'logsource': 'category application, product kubernetes, service audit',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        equals(event, "verb", "create")
        and equals(event, "objectRef.resource", "pods")
        and equals(event, "objectRef.subresource", "exec")
        and equals(event, "annotations.authorization.k8s.io/decision", "allow")
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


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
