"""The connection to Redis, with one repair: a worker outlives a broker that went away.

A worker that loses its broker still gives back and acknowledges tasks through the old channel,
whose transport has been taken apart. kombu 5.7 then stumbles over an AttributeError, which nobody
expects, and the worker ends. Here it is a lost connection, which everybody does expect. What could
not be given back is found again by the sweep.
"""

from typing import Any

from kombu.transport import redis
from redis.exceptions import ConnectionError as ConnectionLost


class Channel(redis.Channel):
    """A channel that knows when its connection is gone."""

    def close(self) -> None:
        """Close; give nothing back when there is nobody to give to."""
        self.do_restore = self._is_connected()
        super().close()

    def _is_connected(self) -> bool:
        return bool(self.connection and self.connection.client)

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        if not self._is_connected():
            raise ConnectionLost
        return super()._connparams(*args, **kwargs)  # type: ignore[misc]  # the stubs leave it out


class Transport(redis.Transport):
    """Redis, through such channels."""

    Channel = Channel
