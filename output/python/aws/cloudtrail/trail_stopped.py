"""AWS Trail Stopped or Deleted

A trail stopped recording, was deleted, or was changed to record less. What happens afterwards is in no log.

Made from the Sigma rule 7a1d3f58-4c96-4b2e-9e07-0d5a8c6b2f31; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '7a1d3f58-4c96-4b2e-9e07-0d5a8c6b2f31',
    'title': 'AWS Trail Stopped or Deleted',
    'level': 'high',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.defense-evasion', 'attack.t1562.008'),
    'references': ('https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html',),
    'falsepositives': ('A trail that is replaced by another',),
    'logsource': 'product aws, service cloudtrail',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            (
                equals(event, "eventSource", "cloudtrail.amazonaws.com")
                and (
                    equals(event, "eventName", "StopLogging")
                    or equals(event, "eventName", "DeleteTrail")
                )
            )
            or (
                equals(event, "eventSource", "cloudtrail.amazonaws.com")
                and equals(event, "eventName", "UpdateTrail")
                and is_bool(event, "requestParameters.isMultiRegionTrail", False)
            )
        )
        and is_null(event, "errorCode")
        and not endswith(event, "userIdentity.invokedBy", ".amazonaws.com")
    )


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def is_bool(event: dict[str, object], field: str, wanted: bool) -> bool:
    """Return whether any value of the field is the truth value, or its lower-case text."""
    text = "true" if wanted else "false"
    return any(value is wanted or value == text for value in values(event, field))


def is_null(event: dict[str, object], field: str) -> bool:
    """Return whether the field is missing or holds nothing but null."""
    return all(value is None for value in values(event, field))


def endswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field ends with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).endswith(wanted) for text in texts(event, field))


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
