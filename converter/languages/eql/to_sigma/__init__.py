"""EQL given to Sigma: one event as a condition, a sequence as the plan of a correlation; the only part that knows our nodes."""

from converter.languages.elasticsearch.to_sigma import SigmaField
from converter.languages.eql.to_sigma.events import to_sigma
from converter.languages.eql.to_sigma.plan import Plan, PlanStep, plan

__all__ = ["Plan", "PlanStep", "SigmaField", "plan", "to_sigma"]
