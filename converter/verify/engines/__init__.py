"""Real engines that answer for a target; each is optional and says what to install."""

from converter.verify.engines.kibana import kibana_version, parse_kuery
from converter.verify.engines.missing import EngineMissingError
from converter.verify.engines.osmem import Question, osmem_version, running
from converter.verify.engines.run import EngineRun, run_engine

__all__ = ["EngineMissingError", "EngineRun", "Question", "kibana_version", "osmem_version", "parse_kuery", "run_engine", "running"]
