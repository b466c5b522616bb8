"""Certutil Fetches a File

The certificate tool of Windows was asked to fetch something from an address. It is on every machine and often
allowed through, so downloads are disguised as its work.

Made from the Sigma rule 6f2d9b14-8a57-4c3d-b1e6-0d4c7a9f3b22; change the rule, not this file.
"""

from __future__ import annotations

RULE = {
    'id': '6f2d9b14-8a57-4c3d-b1e6-0d4c7a9f3b22',
    'title': 'Certutil Fetches a File',
    'level': 'high',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.command-and-control', 'attack.t1105'),
    'references': ('https://learn.microsoft.com/windows-server/administration/windows-commands/certutil',),
    'falsepositives': ('Administrators who look at the cache of revocation lists',),
    'logsource': 'category process_creation, product windows',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            endswith(event, "Image", "\\certutil.exe")
            and (
                contains(event, "CommandLine", "urlcache")
                or contains(event, "CommandLine", "verifyctl")
            )
        )
        and (
            contains(event, "CommandLine", "://")
            and contains(event, "CommandLine", ".")
        )
    )


def endswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field ends with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).endswith(wanted) for text in texts(event, field))


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
