"""An object without services of its own allows nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.ieee20601.agent_objects import AgentObject, Moment, OperationError, selected
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.remote_operations import ErrorCode

AT = Moment(0.0, datetime(2026, 11, 23, tzinfo=UTC))


def test_a_metric_is_neither_read_nor_set_nor_acted_upon() -> None:
    metric = AgentObject()
    for ask, code in (
        (lambda: metric.read(AT), ErrorCode.NOT_ALLOWED_BY_OBJECT),
        (lambda: metric.judge(()), ErrorCode.NOT_ALLOWED_BY_OBJECT),
        (lambda: metric.act(1, b"", AT), ErrorCode.NO_SUCH_ACTION),
    ):
        with pytest.raises(OperationError) as refused:
            ask()
        assert refused.value.code is code
    metric.adopt(AttributeValue(1, b""), AT)


def test_a_get_without_names_wants_all_and_unknown_names_are_left_out() -> None:
    attributes = (AttributeValue(1, b"a"), AttributeValue(2, b"b"))
    assert selected(attributes, ()) == attributes
    assert selected(attributes, (2, 99)) == attributes[1:]
    assert selected(attributes, (99,)) == ()
