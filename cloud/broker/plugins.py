"""amqtt's doors: authentication and topics, both answered by the access list."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from amqtt.contexts import Action, BaseContext
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from cloud.broker.access import AccessList

LOG: Final = logging.getLogger("vitalwire.broker")


class DoorPlugin(BaseAuthPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Lets in whom our own listener admitted, and nobody who came another way."""

    @dataclass
    class Config:
        """What amqtt hands to the plugin."""

        access: AccessList

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._access: AccessList = self.config.access

    async def authenticate(self, *, session: Session) -> bool:
        """Whether the door before the broker let this client in; it asked all there is to ask."""
        return self._access.was_admitted(
            user=session.username or "", client_id=session.client_id or ""
        )


class TopicPlugin(BaseTopicPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Keeps every client to its own topics."""

    @dataclass
    class Config:
        """What amqtt hands to the plugin."""

        access: AccessList

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._access: AccessList = self.config.access

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """Whether this session may publish, subscribe to or receive from a topic."""
        user = session.username if session is not None else None
        if not user or not topic:
            return False
        if action == Action.PUBLISH:
            allowed = self._access.may_publish(user, topic)
        else:
            allowed = self._access.may_read(user, topic)
        if not allowed:
            LOG.warning("event=topic_refused user=%r action=%s", user[:40], action)
        return allowed
