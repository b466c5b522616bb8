"""Envelopes: Jinja templates that lay out an artifact; every value enters through a format filter.

The environment refuses an expression that no filter has escaped, so a
forgotten filter is an error and never an injection.  Queries are built by
printers, not by templates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from json.encoder import encode_basestring
from typing import Any

from converter.data import shipped
from converter.model import Diagnostic, Rule, Severity


class Escaped(str):
    """A text that a filter has made safe for its format."""

    __slots__ = ()


class UnwritableError(Exception):
    """Raised by a filter for a value that its format cannot hold; ``compile`` or ``package`` tells the author."""


def render(template: str, values: Mapping[str, Any]) -> bytes:
    """Return the artifact that ``templates/<template>`` makes of ``values``, in UTF-8.

    Raises:
        TypeError: if the template prints a text that no filter has escaped.
        UnwritableError: if a value cannot be written in the format.
    """
    text: str = _template(template).render(values)
    return text.encode("utf-8")


@cache
def _template(name: str) -> Any:  # noqa: ANN401 - see _environment
    return _environment().get_template(name)


@cache
def _environment() -> Any:  # noqa: ANN401 - jinja2 is imported only where a template is rendered
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(shipped("templates")),
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - see above
        auto_reload=False,
    )
    environment.filters = dict(environment.filters) | {
        "toml": toml,
        "yaml": yaml,
        "conf": conf,
        "conf_line": conf_line,
        "stanza": stanza,
        "py": py,
        "comment": comment,
        "key": key,
        "toml_long": toml_long,
        "toml_block": toml_block,
    }
    environment.globals = {}
    return environment


def _finalize(value: object) -> object:
    if isinstance(value, Escaped):
        return value
    if isinstance(value, str):
        raise TypeError(f"a template prints {value!r} without a format filter")
    if value is None:
        raise TypeError("a template prints nothing where it should print a value")
    return value


def quoted(text: str) -> str:
    """Return a text as a string of TOML: one of JSON, where TOML wants one control character more escaped."""
    return encode_basestring(text).replace("\x7f", "\\u007f")


def toml(value: object) -> Escaped:
    """Return a text, number, truth value or list of them as TOML."""
    return Escaped(_toml(value))


def _toml(value: object) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Iterable):
        return "[" + ", ".join([_toml(one) for one in value]) + "]"
    raise UnwritableError(f"a {type(value).__name__} in TOML")


def toml_long(value: object) -> Escaped:
    """Return a value as ``toml`` does, with long lists one item a line and long texts folded; the value stays the same."""
    if isinstance(value, str):
        return Escaped(quoted_long(value))
    if isinstance(value, list):
        items = [_toml(one) for one in value]
        is_long = sum([len(str(one)) + 3 for one in value]) > _WIDTH - 20
        return Escaped("[\n    " + ",\n    ".join(items) + ",\n]" if is_long else "[" + ", ".join(items) + "]")
    return toml(value)


def quoted_long(text: str) -> str:
    """Return a text as a string of TOML, on several lines if it has or needs them."""
    if len(text) <= _WIDTH and "\n" not in text:
        return quoted(text)
    folded = "\n".join([_folded(line) for line in text.split("\n")])
    # The fold eats white space, so a text that begins with a blank escapes it.
    if folded[:1] == " ":
        folded = "\\u0020" + folded[1:]
    elif folded[:1] == "\n":
        folded = folded.replace("\n", "\\n", 1)
    return f'"""\\\n{folded}"""'


_WIDTH = 120
_WORDS = re.compile(r"(?<= )(?=[^ ])")


def _folded(line: str) -> str:
    """Return a line for a TOML text block: escaped, and broken at blanks by backslashes that TOML removes again."""
    escaped = quoted(line)[1:-1]
    if len(escaped) <= _WIDTH:
        return escaped
    pieces, width = [""], 0
    for word in _WORDS.split(escaped):
        if width and width + len(word) > _WIDTH:
            pieces.append("")
            width = 0
        pieces[-1] += word
        width += len(word)
    return "\\\n".join(pieces)


def toml_block(value: str) -> Escaped:
    """Return a text of several lines verbatim between quotes on lines of their own, which adds a line end; else escaped."""
    if value.replace("\n", "").isprintable() and "'''" not in value and not value.endswith("'"):
        return Escaped(f"'''\n{value}\n'''")
    return toml(value)


def key(value: str) -> Escaped:
    """Return the bare name of a key; the names are the program's own.

    Raises:
        UnwritableError: if it is no bare name.
    """
    if not re.fullmatch("[A-Za-z0-9_]+", value):
        raise UnwritableError(f"the key {value!r}")
    return Escaped(value)


def yaml(value: object) -> Escaped:
    """Return a value as YAML in flow style: JSON, whose strings every YAML reader takes."""
    text = json.dumps(value, ensure_ascii=False)
    return Escaped(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""YAML has no raw control characters; NEL, LS, PS and a BOM are line breaks or marks to some readers; a lone surrogate is no UTF-8."""


def json_line(value: object) -> Escaped:
    """Return a value as JSON on one line, keys sorted, without anything that a reader of lines could take for their end."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return Escaped(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def py(value: object) -> Escaped:
    """Return a text, number, truth value, ``None`` or tuple of them as a Python literal."""
    if value is None or isinstance(value, str | bool | int | float):
        return Escaped(repr(value))
    if isinstance(value, tuple | list):
        inner = ", ".join(py(one) for one in value)
        return Escaped(f"({inner},)" if len(value) == 1 else f"({inner})")
    raise UnwritableError(f"a {type(value).__name__} in Python")


def conf(value: object) -> Escaped:
    r"""Return a value of a Splunk .conf file: lines are continued with a backslash, control characters go.

    A continued line begins with a blank so that it cannot be read as a key,
    and no line ends in a backslash of its own, which would swallow the next.
    """
    if isinstance(value, bool):
        return Escaped("1" if value else "0")
    text = str(value)
    lines = [_plain_line(line) for line in re.split(r"\r\n|\r|\n", text)]
    lines = [line for line in lines if line.strip()]
    return Escaped(" \\\n".join([line if index == 0 else _continued(line) for index, line in enumerate(lines)]))


def conf_line(value: str) -> Escaped:
    """Return prose for one line of a Splunk .conf file: a line of its own could be taken for a stanza or a key."""
    return Escaped(_plain_line(" ".join(value.split())))


def _plain_line(line: str) -> str:
    line = "".join(character if character.isprintable() or character == " " else " " for character in line).rstrip()
    return line + " ." if line.endswith("\\") else line


def _continued(line: str) -> str:
    return line if line.startswith(("|", " ")) else " " + line


def stanza(value: str) -> Escaped:
    """Return the name of a Splunk stanza: brackets, line ends and control characters become blanks."""
    text = "".join(" " if character in "[]" or not character.isprintable() else character for character in value)
    return Escaped(" ".join(text.split()).rstrip("\\"))


def comment(value: str) -> Escaped:
    """Return a text for the end of a ``#`` comment: one line without control characters."""
    return Escaped(" ".join("".join(c if c.isprintable() else " " for c in value).split()))


def refusal(rule: Rule, error: UnwritableError) -> Diagnostic:
    """Return what to tell the author of a rule whose text an artifact cannot hold."""
    return Diagnostic("T019", Severity.ERROR, rule.span(), f"the artifact cannot hold {error}", help="change the text")
