"""PowerShell Runs an Encoded Command

PowerShell was started with a command in Base64. That hides the command from whoever reads process lists, and
spares its author all quoting.

Made from the Sigma rule 0b6a1c52-4d8f-4b0b-9a3e-2f7d6c5e1a21; change the rule, not this file.
"""

from __future__ import annotations

import re

RULE = {
    'id': '0b6a1c52-4d8f-4b0b-9a3e-2f7d6c5e1a21',
    'title': 'PowerShell Runs an Encoded Command',
    'level': 'medium',
    'status': 'test',
    'author': "The converter's maintainers",
    'license': 'Apache-2.0',
    'date': '2026-11-24',
    'tags': ('attack.execution', 'attack.t1059.001', 'attack.defense-evasion', 'attack.t1027.010'),
    'references': ('https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_powershell_exe',),
    'falsepositives': ('Software distribution that passes scripts this way',),
    'logsource': 'category process_creation, product windows',
}


def match(event: dict[str, object]) -> bool:
    """Return whether an event matches the rule."""
    return (
        (
            (
                endswith(event, "Image", "\\powershell.exe")
                or endswith(event, "Image", "\\pwsh.exe")
            )
            or (
                equals(event, "OriginalFileName", "PowerShell.EXE")
                or equals(event, "OriginalFileName", "pwsh.dll")
            )
        )
        and finds(event, "CommandLine", r"(?a)\s[\-/](?i:e)(?:(?i:c)|(?i:nc)|(?i:ncodedcommand))?\s+[+/-9=A-Za-z]{16}")
        and not endswith(event, "ParentImage", "\\gc_worker.exe")
    )


def endswith(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field ends with the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased).endswith(wanted) for text in texts(event, field))


def equals(event: dict[str, object], field: str, wanted: str, cased: bool = False) -> bool:
    """Return whether any value of the field is the text."""
    wanted = fold(wanted, cased)
    return any(fold(text, cased) == wanted for text in texts(event, field))


def finds(event: dict[str, object], field: str, pattern: str) -> bool:
    """Return whether the pattern is found in any value of the field."""
    return any(re.search(pattern, text) is not None for text in texts(event, field))


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
