"""Example events from a rule alone: for each of its tests two events that show it at work, or why there are none."""

from converter.synthesis.frame import frame
from converter.synthesis.idle import idle_parts
from converter.synthesis.pairs import synthesize
from converter.synthesis.result import COVERED, AtomFound, ExampleEvent, Found, SolverMissingError, Synthesis
from converter.synthesis.words import told

__all__ = ["COVERED", "AtomFound", "ExampleEvent", "Found", "SolverMissingError", "Synthesis", "frame", "idle_parts", "synthesize", "told"]
