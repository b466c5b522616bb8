"""What to do about the mistakes that people make in query strings: one sentence for a token where reading stopped."""

from __future__ import annotations

from converter.languages.lucene.tokens import Token

_BOOST = "a boost is a number, `^2`; write `\\^` for the character"
_JOINING = frozenset({"and", "or"})


def help_for(text: str, token: Token, before: Token | None) -> str:
    """Return what the author can do about ``token``; ``before`` is the one in front of it."""
    if token.kind == "error":
        return _broken(text, token)
    if before is not None and before.kind == ":" and token.kind in ("end", ")", *_JOINING):
        return 'write the value behind the colon; `field:*` asks for any value, `field:""` for the empty one'
    if before is not None and before.kind in _JOINING and token.kind in ("end", ")", *_JOINING):
        return "write a condition behind the word, or put the word in double quotes"
    if before is not None and before.kind == "^":
        return _BOOST
    match token.kind:
        case ":" if before is not None and before.kind in ("prefix", "pattern"):
            return "a wildcard in a field's name is written with a backslash, `process.\\*:value`"
        case ":":
            return "a colon inside a value is written `\\:`, or put the value in double quotes"
        case "not" | "plus" | "minus":
            return "one sign is enough before a condition; negate twice with brackets, `NOT (NOT …)`"
        case "and" | "or":
            return "put a condition before the word; AND, OR and NOT as values stand in double quotes"
        case ")":
            return "remove the bracket, or write a backslash before it when it belongs to the value"
        case "bound" | "]" | "to":
            return "a range is written `[low TO high]`; a bound with a space stands in double quotes, `*` is no bound"
        case "end":
            return "close the bracket" if "(" in text or "[" in text or "{" in text else "write a condition"
    return "write a backslash before a character that belongs to the value, or put the value in double quotes"


def _broken(text: str, token: Token) -> str:
    """Return the help for a character that begins no token."""
    match token.text:
        case "/":
            return "a slash begins a regular expression: write `\\/` for the character, or put the value in double quotes"
        case '"':
            return 'close the string with a double quote; `\\"` is one inside of it'
        case "\\":
            return "a backslash for itself is written `\\\\`"
    if token.start and text[token.start - 1] == "^":
        return _BOOST
    return "write a backslash before a character that belongs to the value, or put the value in double quotes"
