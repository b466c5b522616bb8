"""What to do about the mistakes that people make in KQL: one sentence for a place where reading stopped."""

from __future__ import annotations

import re

_SPACE = "[ \t\r\n\u00a0]"
_NOT_AHEAD = re.compile(rf"not{_SPACE}", re.IGNORECASE)
_NOT_BEHIND = re.compile(rf"(?:^|[\s(])not{_SPACE}+\Z", re.IGNORECASE)
_KEYWORD_BEHIND = re.compile(rf"(and|or|not){_SPACE}*\Z", re.IGNORECASE)
_COLON_BEHIND = re.compile(rf":{_SPACE}*\Z")


def help_for(text: str, at: int) -> str:
    """Return what the author can do about the character at ``at``; ``""`` when only the message helps."""
    behind, ahead = text[max(0, at - 200) : at], text[at : at + 8]
    match ahead[:1]:
        case "":
            return _at_the_end(behind)
        case "\\":
            return _backslash(ahead[1:2])
        case ":":
            return "a colon inside a value is written `\\:`, or put the value in double quotes"
        case '"':
            return "close the string with a double quote; a backslash before the last quote makes it part of the text"
        case "<" | ">" if _COLON_BEHIND.search(behind):
            return "a comparison has no colon: write `field > value`"
        case "<" | ">":
            return "write `\\<` and `\\>` for the characters, or put the value in double quotes"
        case "(" if _KEYWORD_BEHIND.search(behind):
            return "put a space between the word and the bracket"
        case "(":
            return "join two conditions with `and` or `or`; a bracket inside a value is written `\\(`"
        case ")" if _KEYWORD_BEHIND.search(behind) or behind.rstrip().endswith("("):
            return "put a condition before the bracket"
        case ")" | "}":
            return "remove the bracket, or write a backslash before it when it belongs to the value"
        case "{":
            return "a nested query is written `field:{ … }`; a brace inside a value is written `\\{`"
    return _negation(behind) if _NOT_AHEAD.match(ahead) else "join two conditions with `and` or `or`"


def _at_the_end(behind: str) -> str:
    """Return the help for a query that ends too early."""
    if _COLON_BEHIND.search(behind):
        return 'write the value after the colon; `field:*` asks for any value, `field:""` for the empty one'
    if _KEYWORD_BEHIND.search(behind):
        return "write a condition after the last word, or put the word in double quotes"
    return "close the bracket"


def _backslash(escaped: str) -> str:
    """Return the help for a backslash that KQL does not know before this character."""
    match escaped:
        case "":
            return "a backslash for itself is written `\\\\`"
        case " " | "\u00a0":
            return "a space needs no backslash in KQL; put the value in double quotes unless it has a wildcard"
        case "?":
            return "`?` is an ordinary character in KQL, which has no wildcard for a single one: remove the backslash"
        case "u":
            return "`\\u` needs four hexadecimal digits; a backslash for itself is written `\\\\`"
    return f'remove the backslash: only `\\ ( ) : < > " * {{ }}` are escaped, `{escaped}` is not; a backslash for itself is written `\\\\`'


def _negation(behind: str) -> str:
    """Return the help for a ``not`` where there can be none."""
    if _COLON_BEHIND.search(behind):
        return "write `not field:value` or `field:(not value)`"
    if _NOT_BEHIND.search(behind):
        return "negate twice with brackets, `not (not …)`, or remove both"
    return "`not` followed by a space ends the value, even inside a word: put the value in double quotes, or write `and not`"
