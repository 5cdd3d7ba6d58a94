"""Messages in line: bounded, first come first served; batches that wait are taken together."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Final

from paho.mqtt.client import Client, MQTTMessage

LENGTH: Final = 256
MOST_TOGETHER: Final = 32
OCTETS_TOGETHER: Final = 1 << 20

Waiting = tuple[Client, MQTTMessage]
"""A message, and the connection it is to be acknowledged on."""


class MessageLine:
    """A queue between the connection's thread and the recording one.

    `is_batch` says by its topic which message may share a transaction with its neighbours.
    """

    def __init__(self, is_batch: Callable[[str], bool]) -> None:
        self._queue: queue.Queue[Waiting] = queue.Queue(LENGTH)
        self._is_batch = is_batch
        self._held: Waiting | None = None

    def __len__(self) -> int:
        """How many wait."""
        return self._queue.qsize()

    def put(self, waiting: Waiting, timeout: float) -> bool:
        """Put a message at the end; False when the line was full for `timeout` seconds."""
        try:
            self._queue.put(waiting, timeout=timeout)
        except queue.Full:
            return False
        return True

    def take(self, timeout: float) -> list[Waiting]:
        """What is to be recorded next: one message, or the batches that wait behind each other.

        Nothing when there was none for `timeout` seconds. One thread alone may ask.
        """
        held, self._held = self._held, None
        try:
            first = held or self._queue.get(timeout=timeout)
        except queue.Empty:
            return []
        taken, octets = [first], len(first[1].payload)
        if not self._is_batch(first[1].topic):
            return taken
        while len(taken) < MOST_TOGETHER and octets < OCTETS_TOGETHER:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if not self._is_batch(following[1].topic):
                self._held = following
                break
            taken.append(following)
            octets += len(following[1].payload)
        return taken
