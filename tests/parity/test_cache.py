"""The cache with a real Valkey that goes away and comes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache.backends.redis import RedisCache

from smsmanager import cache as caching
from smsmanager.cache import Cache
from tests import processes
from tests.faults.wheels import Valkey

pytestmark = pytest.mark.parity


@pytest.fixture
def valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    monkeypatch.setattr(caching, "PAUSE", 0.0)
    made = Valkey(tmp_path / "valkey", port=processes.free_port())
    made.start()
    yield made
    made.kill()


@pytest.fixture
def cache(valkey: Valkey) -> Cache:
    return Cache(valkey.url, {})


def redis_says(valkey: Valkey, key: str) -> Any:
    return RedisCache(valkey.url, {}).get(key)


def test_what_was_noted_before_an_outage_is_known_in_it(valkey: Valkey, cache: Cache) -> None:
    cache.set("attempts", [1, 2], timeout=60)
    assert cache.add("code", "used", timeout=60)
    valkey.kill()
    assert cache.get("attempts") == [1, 2]
    assert not cache.add("code", "used", timeout=60)


def test_redis_is_told_afterwards_what_it_missed(valkey: Valkey, cache: Cache) -> None:
    cache.set("forgiven", 1, timeout=60)
    cache.set("for-ever", 1, timeout=None)
    valkey.kill()
    cache.set("attempts", [1, 2, 3], timeout=60)
    cache.set("over", 1, timeout=-1)
    cache.set("for-ever", 2, timeout=None)
    assert cache.delete("forgiven")
    valkey.start()
    assert cache.get("attempts") == [1, 2, 3]
    assert redis_says(valkey, "attempts") == [1, 2, 3]
    assert redis_says(valkey, "for-ever") == 2
    assert redis_says(valkey, "forgiven") is None
    assert redis_says(valkey, "over") is None


def test_redis_is_what_counts_while_it_is_there(valkey: Valkey, cache: Cache) -> None:
    cache.set("attempts", [1], timeout=60)
    other = RedisCache(valkey.url, {})
    other.set("attempts", [1, 2], timeout=60)
    assert cache.get("attempts") == [1, 2]
    other.delete("attempts")
    assert cache.get("attempts") is None
    assert cache.add("attempts", [3], timeout=60)
    assert cache.touch("attempts", timeout=60)
    cache.clear()
    assert redis_says(valkey, "attempts") is None
