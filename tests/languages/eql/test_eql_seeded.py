"""Seeded bugs: the package, broken in one line each, must answer otherwise than its tables say; that it falls over is not enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
RUNNER = """
import importlib.machinery, importlib.util, sys
import pytest
from tests.noticed import Judge
name, sound, broken = sys.argv[1:4]
class Finder:
    def find_spec(self, wanted, path=None, target=None):
        if wanted != name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(wanted, path)
        text = open(spec.origin, encoding="utf-8").read()
        assert text.count(sound) == 1, (text.count(sound), sound)
        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname):
                return compile(text.replace(sound, broken), spec.origin, "exec")
        return importlib.util.spec_from_file_location(wanted, spec.origin, loader=Loader(wanted, spec.origin))
sys.meta_path.insert(0, Finder())
judge = Judge()
code = pytest.main(["-q", "-n0", "-p", "no:cacheprovider", *sys.argv[4:]], plugins=[judge])
print(f"noticed {judge.noticed}, crashes {judge.crashes}, code {int(code)}")
sys.exit(0 if judge.noticed else 9)
"""
TABLES = ("test_eql_cases.py", "test_eql_sigma.py")
BUGS = [
    ("tokens", '"n": "\\n"', '"n": "n"', "an escape is its letter"),
    ("tokens", '.replace("``", "`")', "", "two backquotes stay two"),
    ("tokens", "text[3:-3]", "text[3:-3].replace('\\\\\\\\', '\\\\')", "a raw text loses backslashes"),
    ("read_expression", 'while tokens.skip("and"):', 'while tokens.skip("and") or tokens.skip("or"):', "and binds no closer than or"),
    ("read_expression", "return Not(found, tokens.since(start)) if negated else found", "return found", "not in is in"),
    ("read_expression", "left = Arithmetic(operator, left, _product(tokens), tokens.since(start))",
     "left = Arithmetic(operator, left, _sum(tokens), tokens.since(start))", "sums are grouped from the right"),
    ("read", '"m": 60_000', '"m": 1_000', "a minute is a second"),
    ("read", "by = (*shared, *_keys(tokens))", "by = (*_keys(tokens),)", "shared keys are lost"),
    ("atoms", "return lambda value: value == text", "return lambda value: folded(str(value)) == folded(text)", "== folds case"),
    ("atoms", "matcher(parts_of(text), insensitive=lookup.insensitive)", "matcher(parts_of(text), insensitive=True)", "like folds case"),
    ("atoms", "matcher(parts_of(pattern, escapes=True)", "matcher(parts_of(pattern)", "a backslash is text in endsWith"),
    ("atoms", 'pattern = f"*{text}" if', 'pattern = f"*{text}*" if', "endsWith is stringContains"),
    ("evaluate", "return None if found is None else not found",
     "return found if found is None else not found or None", "not of true is null"),
    ("evaluate", "value is (operator == \"==\") else _not(inner)", "value is (operator == \"==\") else inner", "== false is == true"),
    ("evaluate", "return _not(atoms.any_value(kind.path, atoms.value_test(\"==\", kind, value, offsets)))",
     "return atoms.any_value(kind.path, lambda one: not atoms.value_test(\"==\", kind, value, offsets)(one))", "!= asks for another value"),
    ("scripts", "document.values.get(path, ()) or (None,) if path", "document.values.get(path, ()) if path", "a missing value is no null"),
    ("scripts", "product(*given)", "zip(*given)", "places are tried together"),
    ("pattern", "return text.lower() if text.isascii() else text.translate(_LOWER)", "return text.lower()", "all letters fold"),
    ("elasticsearch.automaton", "return bool(state & self._last)", "return True", "a regular expression searches"),
    ("elasticsearch.regexp", "ANY: Final[Ranges] = ((0, _LAST),)", "ANY: Final[Ranges] = ((0, 9), (11, _LAST))", "a dot is no line end"),
    ("compute", "quotient = abs(left) // abs(right)", "quotient = -(-abs(left) // abs(right))", "division rounds up"),
    ("compute", "else len(_utf16(_text(arguments[0]))) // 2", "else len(_text(arguments[0]))", "length counts characters"),
    ("compute", "tail, start) if greedy", "tail, start) if not greedy", "between is greedy"),
    ("values", "if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:",
     "if False:", "a wrapped address of a query is another"),
    ("values", "if one >> 32 == 0xFFFF", "if False", "an address of version 4 is one of version 6"),
    ("elasticsearch.document", "utf16_length(text) > kind.ignore_above:\n        return []",
     "utf16_length(text) >= kind.ignore_above:\n        return []", "ignore_above is one less"),
    ("elasticsearch.document", "own = one.null_value if value is None else value",
     "own = kind.null_value if value is None else value", "a multi-field has its field's null_value"),
    ("elasticsearch.document", "own = one.null_value if value is None else value", "own = value", "a null is none"),
    ("mapping", "return next((one for one in inside", "return kind or next((one for one in inside", "a text field's words are asked"),
    ("types", "if found.type in TOKENIZED:", "if False:", "a text field is asked"),
    ("sequences", "> self.maxspan_ns", ">= self.maxspan_ns", "the span is exclusive"),
    ("sequences", "pending = self.pending.pop((state - 1, hit.key), None)",
     "pending = self.pending.get((state - 1, hit.key))", "what is pending stays"),
    ("sequences", "pending[-1].place < end < hit.place", "pending[0].place < end", "until ends later ones, too"),
    ("sequences", "key=lambda one: (one[0], -one[1])", "key=lambda one: (one[0], one[1])", "one event is two"),
    ("sequences", "value is not None or optional", "True", "null joins"),
    ("sequences", "_ms(low) < _ms(time) < _ms(high)", "_ms(low) <= _ms(time) <= _ms(high)", "a neighbour is missing"),
    ("sequences", "return end - begin > maxspan_ns", "return end - begin >= maxspan_ns",
     "a missing event at the span's end does not count"),
    ("run", "return found[-pipe.count :] if pipe.count else ()", "return found[: pipe.count]", "tail is head"),
    ("to_sigma.value", "return Text(parts, cased)", "return Text(parts)", "case is lost"),
    ("elasticsearch.searched", "ends = end == len(parts) and (starts or begin < end)", "ends = False", "an expression is not closed"),
    ("to_sigma.events", "ir.And((FieldMatch(known.name, Text((Wild.MANY,)), offsets), ir.Not(node, offsets)), offsets)",
     "ir.Not(node, offsets)", "!= of a function is true of nothing"),
    ("to_sigma.events", "direction.negated if negated else direction", "direction", "a loss keeps its direction below not"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("module", "sound", "broken", "what"), [pytest.param(*bug, id=bug[3]) for bug in BUGS])
def test_seeded_bugs(module: str, sound: str, broken: str, what: str) -> None:
    """A bug makes a row of the tables say that the answer is wrong."""
    tables = [str(Path(__file__).parent / name) for name in TABLES]
    name = module if module.startswith("elasticsearch.") else f"eql.{module}"
    words = [sys.executable, "-c", RUNNER, f"converter.languages.{name}", sound, broken, *tables]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{what}: {done.returncode}\n{done.stdout[-800:]}{done.stderr[-800:]}"
