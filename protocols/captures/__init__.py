"""Recorded exchanges: the capture file format, and the `sessions` of a vectors file."""

from protocols.captures.capture import AGENT_TO_MANAGER, MANAGER_TO_AGENT, Capture, CapturedMessage
from protocols.captures.file_format import format_capture, parse_capture, parse_captures

__all__ = [
    "AGENT_TO_MANAGER",
    "MANAGER_TO_AGENT",
    "Capture",
    "CapturedMessage",
    "format_capture",
    "parse_capture",
    "parse_captures",
]
