"""Not too fast and not against a wall: token buckets, circuit breakers and the budget of retries.

A breaker opens at half of at least 10 calls failed in 30 s and tries again after 15 s;
a 429 never opens it; retries may be at most a tenth of all calls (with a small floor, so that a quiet hour can retry).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
Seconds = Callable[[], float]

WINDOW_S = 30.0
LEAST_CALLS = 10
OPEN_SHARE = 0.5
COOL_S = 15.0
RETRY_SHARE = 0.1
RETRY_FLOOR = 10
KEYS_KEPT = 10_000


@dataclass
class Bucket:
    """A token bucket: `rate` calls a second with bursts of `burst`."""

    rate: float
    burst: float
    now: Seconds = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _level: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._level, self._at = self.burst, self.now()

    async def take(self) -> None:
        """Wait until a call may leave; callers are served in turn."""
        wait = self._reserve()
        if wait > 0:
            try:
                await self.sleep(wait)
            except asyncio.CancelledError:
                self._level += 1  # whoever waits no longer gives the turn back
                raise

    def hold(self, seconds: float) -> None:
        """Let nothing leave for `seconds`: the vendor said so."""
        self._refill()
        self._level = min(self._level, 1 - seconds * self.rate)

    def _reserve(self) -> float:
        self._refill()
        self._level -= 1
        return max(0.0, -self._level / self.rate)

    def _refill(self) -> None:
        now = self.now()
        self._level = min(self.burst, self._level + (now - self._at) * self.rate)
        self._at = now


@dataclass
class Breaker:
    """Opens when the other side keeps failing; then one call at a time may try it again."""

    now: Seconds = time.monotonic
    _calls: deque[tuple[float, bool]] = field(default_factory=deque)
    _opened_at: float | None = None
    _is_trying: bool = False

    def allows(self) -> bool:
        """Whether a call may leave now; after the cooling time the first one is the trial."""
        if self._opened_at is None:
            return True
        if self.now() - self._opened_at < COOL_S or self._is_trying:
            return False
        self._is_trying = True
        return True

    def release(self) -> None:
        """A call ended without telling anything; if it was the trial, the next one is."""
        self._is_trying = False

    def record(self, *, failed: bool) -> None:
        """Count a call's end."""
        now = self.now()
        if self._opened_at is not None:
            if not self._is_trying:  # it was sent before the breaker opened
                return
            self._is_trying = False
            self._opened_at = now if failed else None
            self._calls.clear()
            return
        self._calls.append((now, failed))
        while self._calls and now - self._calls[0][0] > WINDOW_S:
            self._calls.popleft()
        failures = sum(1 for _, bad in self._calls if bad)
        if len(self._calls) >= LEAST_CALLS and failures / len(self._calls) >= OPEN_SHARE:
            self._opened_at = now


@dataclass
class RetryBudget:
    """At most a tenth of the calls of the last window may be repeats."""

    now: Seconds = time.monotonic
    _calls: deque[tuple[float, bool]] = field(default_factory=deque)

    def spend(self, *, is_retry: bool) -> bool:
        """Count a call; for a retry, say whether it may go."""
        now = self.now()
        while self._calls and now - self._calls[0][0] > WINDOW_S:
            self._calls.popleft()
        if is_retry:
            retries = sum(1 for _, again in self._calls if again)
            if retries >= max(RETRY_FLOOR, RETRY_SHARE * len(self._calls)):
                return False
        self._calls.append((now, is_retry))
        return True


class Kept(Generic[T]):
    """One of something per key, the least recently used forgotten beyond `KEYS_KEPT`."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: dict[Hashable, T] = {}

    def of(self, key: Hashable) -> T:
        """The one for `key`, made at first use."""
        found = self._kept.pop(key, None)
        if found is None:
            found = self._make()
            if len(self._kept) >= KEYS_KEPT:
                self._kept.pop(next(iter(self._kept)))
        self._kept[key] = found
        return found
