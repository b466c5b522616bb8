"""EQL given to Sigma: one event as a condition, a sequence as the plan of a correlation; the only part that knows our nodes."""

from converter.languages.eql.to_sigma.events import to_sigma
from converter.languages.eql.to_sigma.plan import Plan, PlanStep, plan
from converter.languages.eql.to_sigma.value import SigmaField

__all__ = ["Plan", "PlanStep", "SigmaField", "plan", "to_sigma"]
