"""Evidence: the tests in rules, example events and variants, and outputs held against their rules."""

from typing import TYPE_CHECKING

from converter.model import later
from converter.verify.examples import Example, TestResult, examples, plain, run_tests
from converter.verify.timelines import Timeline, alerts_of, timelines, unanswerable

if TYPE_CHECKING:
    from converter.verify.compare import Disagreement, Measured, Verdict
    from converter.verify.counter import counter_example
    from converter.verify.engines import EngineMissingError
    from converter.verify.outputs import Verification, record, verify
    from converter.verify.parts import Part, parts_of_rule

__getattr__ = later(
    __name__,
    {
        "compare": ("Disagreement", "Measured", "Verdict"),
        "counter": ("counter_example",),
        "engines": ("EngineMissingError",),
        "outputs": ("Verification", "record", "verify"),
        "parts": ("Part", "parts_of_rule"),
    },
)

__all__ = [
    "Disagreement",
    "EngineMissingError",
    "Example",
    "Measured",
    "Part",
    "TestResult",
    "Timeline",
    "Verdict",
    "Verification",
    "alerts_of",
    "counter_example",
    "examples",
    "parts_of_rule",
    "plain",
    "record",
    "run_tests",
    "timelines",
    "unanswerable",
    "verify",
]
