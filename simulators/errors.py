"""What can go wrong on the simulators' side.

SimulatorError
  LinkClosedError      the other end of a byte link went away
  DeviceSettingsError  a device cannot be built as asked
  ScenarioError        a scenario file says something nobody can play
  ProcessError         a program of the demo did not do what it should
    ProcessEndedError    it ended by itself
    NotReadyError        it never said that it is ready
  PortTakenError       a fixed port belongs to somebody else
  CloudRefusedError    the cloud answered a request with an error
  JournalError         a journal holds a line that is no journal line
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Root of everything the simulators raise; the text says the cause and the mend."""


class LinkClosedError(SimulatorError):
    """The other end of a byte link went away."""


class DeviceSettingsError(SimulatorError):
    """A device cannot be built as asked."""


class ScenarioError(SimulatorError):
    """A scenario file says something nobody can play; the text names the line and the mend."""


class JournalError(SimulatorError):
    """A journal holds a line that is no journal line."""


class PortTakenError(SimulatorError):
    """A fixed port belongs to somebody else."""


class ProcessError(SimulatorError):
    """A program of the demo did not do what it should."""


class ProcessEndedError(ProcessError):
    """A program ended by itself."""


class NotReadyError(ProcessError):
    """A program never said that it is ready."""


class CloudRefusedError(SimulatorError):
    """The cloud answered a request with an error; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, reason: str = "") -> None:
        self.status = status
        self.reason = reason
        super().__init__(message)
