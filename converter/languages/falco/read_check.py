"""Read one check of a Falco condition: a field or transformer, an operator, and its right side.

Source: libs 48dfd53c userspace/libsinsp/filter/parser.cpp (parse_check, parse_condition and below).
"""

from __future__ import annotations

import re
from typing import Final

from converter.languages.falco import tokens
from converter.languages.falco.facts import OPERATORS, TRANSFORMERS, known_since
from converter.languages.falco.problem import CALLS, LEVELS, VALUE_BYTES, ReadError, problem
from converter.languages.falco.syntax import (
    PROFILES,
    Argument,
    Call,
    Check,
    Compare,
    Exists,
    Field,
    Macro,
    Operand,
    Right,
    Row,
    Value,
    Values,
)
from converter.model import Source, pack

_CALL: Final = re.compile("(" + "|".join(TRANSFORMERS) + r")\(")


class CheckReader:
    """A place in the text, and what may stand there.  Public methods move ``at``."""

    def __init__(self, source: Source, profile: str) -> None:
        self.source = source
        self.text = source.text
        self.profile = profile
        self.at = 0

    def blank(self) -> bool:
        """Skip blanks; say whether there were any."""
        start = self.at
        self.at = tokens.BLANK.match(self.text, start).end()  # type: ignore[union-attr]  # it matches the empty string
        return self.at > start

    def skip(self, word: str) -> bool:
        """Skip ``word`` if it stands here: only its characters count, not what follows."""
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def deepen(self, level: int) -> None:
        """Refuse what the engine's parser would recurse into too deeply."""
        if level >= LEVELS:
            message = f"parentheses are nested deeper than the engine's {LEVELS} levels"
            raise problem(self.source, pack(self.at, self.at + 1), "R222", message, "each pair takes five levels; split the rule")

    def expected(self, what: str, instead: str = "add it here, or correct what stands before it") -> ReadError:
        """Return the error for something that is missing here."""
        return problem(self.source, pack(self.at, self.at + 1), "R220", f"expected {what}", instead)

    def read(self, level: int) -> Check:
        """Return the check that stands here; ``level`` is the engine's recursion level."""
        self.deepen(level)
        start = self.at
        left = self.operand(level)
        if left is not None:
            return self._condition(left, start, level + 1)
        name = tokens.IDENTIFIER.match(self.text, start)
        if name is None:
            raise self.expected("a field, a macro name or '('", "a check looks like: ka.verb = create")
        self.at = name.end()
        return Macro(name.group(), None, pack(start, self.at))

    def operand(self, level: int) -> Operand | None:
        """Return the field or transformer that stands here, if one does."""
        found = tokens.FIELD.match(self.text, self.at)
        if found is not None:
            self.deepen(level + 1)
            return self._field(found.group())
        called = _CALL.match(self.text, self.at)
        return None if called is None else self._call(called.group(1), level + 1, 1)

    def _field(self, name: str) -> Field:
        start = self.at
        self.at += len(name)
        argument = self._bracket() if self.skip("[") else None
        return Field(name, argument, pack(start, self.at))

    def _bracket(self) -> str:
        """Return the argument after an opening bracket, and skip the closing one."""
        argument = self._quoted()
        if argument is None:
            bare = tokens.BARE_ARGUMENT.match(self.text, self.at)
            if bare is None:
                raise self.expected("a field's argument", "quote it, or write it without blanks, quotes and brackets")
            self.at, argument = bare.end(), bare.group()
        if not self.skip("]"):
            raise self.expected("']' after the field's argument")
        return argument

    def _quoted(self) -> str | None:
        """Return the quoted string that stands here, if one does and has an end."""
        if self.text[self.at : self.at + 1] not in ("'", '"'):
            return None
        found = tokens.quoted(self.source, self.at, known_since("hexadecimal_escape", self.profile))
        if found is None:
            return None
        value, self.at = found
        return value

    def _since(self, construct: str, start: int) -> None:
        """Refuse a construct that the profile's engine does not know yet."""
        if not known_since(construct, self.profile):
            first = next(profile for profile in PROFILES if known_since(construct, profile))
            message = f"{construct.removesuffix('_')} is read by Falco {first} and later, not by {self.profile}"
            raise problem(self.source, pack(start, self.at), "R224", message, "use a newer profile, or write it another way")

    def _call(self, name: str, level: int, nested: int) -> Call:
        """Return the transformer whose name and parenthesis stand here."""
        start = self.at
        self.at += len(name) + 1
        self._since(name, start)
        self.deepen(level + 1)
        if nested > CALLS:
            raise problem(
                self.source, pack(start, self.at), "R222", f"more than {CALLS} transformers inside each other", "write fewer of them"
            )
        arguments: list[Argument] = []
        while True:
            self.blank()
            arguments.append(self._argument(level + 1, nested, in_row=False))
            self.blank()
            if not self.skip(","):
                break
        if not self.skip(")"):
            raise self.expected(f"')' to close {name}(")
        selector = self._bracket() if name == "getopt" and self.skip("[") else None
        return Call(name, tuple(arguments), selector, pack(start, self.at))

    def _argument(self, level: int, nested: int, *, in_row: bool) -> Argument:
        start = self.at
        operand = self._nested_operand(level, nested)
        if operand is not None:
            return operand
        number = tokens.NUMBER.match(self.text, start)
        if number is not None:
            self.at = number.end()
            return Value(number.group(), False, pack(start, self.at))
        text = self._quoted()
        if text is not None:
            return Value(text, True, pack(start, self.at))
        if not in_row and self.skip("("):
            return self._row(start, level, nested)
        raise self.expected("a field, a transformer, a quoted string or a number", "a bare word is no argument")

    def _nested_operand(self, level: int, nested: int) -> Operand | None:
        called = _CALL.match(self.text, self.at)
        if called is not None:
            return self._call(called.group(1), level + 1, nested + 1)
        found = tokens.FIELD.match(self.text, self.at)
        return None if found is None else self._field(found.group())

    def _row(self, start: int, level: int, nested: int) -> Row:
        items: list[Argument] = []
        self.blank()
        if not self.skip(")"):
            while True:
                self.blank()
                items.append(self._argument(level, nested, in_row=True))
                self.blank()
                if not self.skip(","):
                    break
            if not self.skip(")"):
                raise self.expected("')' to close the list")
        return Row(tuple(items), pack(start, self.at))

    def _condition(self, left: Operand, start: int, level: int) -> Check:
        self.deepen(level)
        self.blank()
        operator = next((one for one in OPERATORS if self.text.startswith(one, self.at)), None)
        if operator is None:
            raise self.expected("an operator", f"one of: {', '.join(OPERATORS)}")
        word = self.at
        self.at += len(operator)
        if operator == "exists":
            return Exists(left, pack(start, self.at))
        self._since(operator, word)
        blank = self.blank()
        if operator in ("<", "<=", ">", ">="):
            right: Right = self._reference(level + 1) or self._number()
            return Compare(left, operator, right, "", pack(start, self.at))
        if operator in ("in", "intersects", "pmatch"):
            right = self._reference(level + 1) if not self.text.startswith("(", self.at) else None  # type: ignore[assignment]
            right = right or self._list(level + 1)
            return Compare(left, operator, right, "", pack(start, self.at))
        if operator[-1].isalpha() and not blank:
            raise self.expected(f"a blank after '{operator}'", "Falco's word operators end at a blank")
        modifier = self._modifier()
        right = self._list(level + 1) if modifier else self._reference(level + 1) or self._value()
        return Compare(left, operator, right, modifier, pack(start, self.at))

    def _modifier(self) -> str:
        found = tokens.MODIFIER.match(self.text, self.at)
        if found is None:
            return ""
        start, self.at = self.at, found.end()
        self.blank()
        if not self.text.startswith("(", self.at) and not known_since(found.group(), self.profile):
            self.at = start  # older engines read the word as a value
            return ""
        self._since(found.group(), start)
        return found.group()

    def _reference(self, level: int) -> Operand | None:
        """Return the field or transformer on the right side, if one stands here."""
        self.deepen(level + 1)
        start = self.at
        if not self.skip("val("):
            called = _CALL.match(self.text, self.at)
            return None if called is None else self._call(called.group(1), level + 1, 1)
        self.blank()
        found = tokens.FIELD.match(self.text, self.at)
        if found is None:
            raise self.expected("a field in val(")
        field = self._field(found.group())
        self.blank()
        if not self.skip(")"):
            raise self.expected("')' to close val(")
        return Field(field.name, field.argument, pack(start, self.at))

    def _number(self) -> Value:
        start = self.at
        found = tokens.NUMBER.match(self.text, start)
        if found is None:
            raise self.expected("a number or a field in val()", "an order is only read with a number on its right side")
        self.at = found.end()
        return self._short(Value(found.group(), False, pack(start, self.at)))

    def _value(self) -> Value:
        start = self.at
        value = self._quoted()
        if value is not None:
            return self._short(Value(value, True, pack(start, self.at)))
        found = tokens.BARE.match(self.text, start)
        if found is None:
            help_text = "a value that ends in a backslash cannot be quoted: write it without quotes, or with \\x5c"
            quote = self.text[start : start + 1] in ("'", '"')
            raise self.expected(
                "a value" if not quote else "a string that ends in its quote", help_text if quote else "quote it, or write a word"
            )
        self.at = found.end()
        return self._short(Value(found.group(), False, pack(start, self.at)))

    def _short(self, value: Value) -> Value:
        size = len(value.text.encode("utf-8", "surrogateescape"))
        if size > VALUE_BYTES:
            message = f"a value of {size} bytes; Falco's limit is {VALUE_BYTES}"
            raise problem(self.source, value.offsets, "R223", message, "compare a shorter part of it")
        return value

    def _list(self, level: int) -> Value | Values:
        """Return the list in parentheses, or the bare word that stands for one."""
        start = self.at
        if not self.skip("("):
            name = tokens.IDENTIFIER.match(self.text, start)
            if name is None:
                raise self.expected("a list in parentheses", "like: in (create, update)")
            self.at = name.end()
            return self._short(Value(name.group(), False, pack(start, self.at)))
        self.deepen(level + 1)
        items: list[Value] = []
        self.blank()
        if not self.skip(")"):
            while True:
                self.blank()
                items.append(self._value())
                self.blank()
                if not self.skip(","):
                    break
            if not self.skip(")"):
                raise self.expected("',' or ')' in the list")
        return Values(tuple(items), pack(start, self.at))
