"""A worker's old channel says "connection lost" once its transport is taken apart."""

from typing import Any

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from smsmanager.broker import Channel, Transport


class Abandoned(Channel):
    """A channel as a worker finds it after its broker went away; it was never connected here."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection


class TakenApart:
    """A transport without its client."""

    client = None


@pytest.mark.parametrize("connection", [None, TakenApart()], ids=["none", "taken apart"])
def test_channel_without_its_connection_reports_a_lost_connection(connection: Any) -> None:
    with pytest.raises(ConnectionLost):
        Abandoned(connection)._connparams()


def test_workers_expect_a_lost_connection() -> None:
    assert issubclass(ConnectionLost, Transport.connection_errors)
