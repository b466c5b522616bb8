"""What is raised when an engine is not there."""


class EngineMissingError(Exception):
    """An engine was asked for and cannot run here; the message says what to install."""
