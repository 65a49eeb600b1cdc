"""Pace: turns, breakers, the budget of retries, on a clock of the test's own."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.kit.pace import COOL_S, KEYS_KEPT, LEAST_CALLS, RETRY_FLOOR, WINDOW_S, Breaker, Bucket, Kept, RetryBudget


class Time:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def bucket(rate: float, burst: float) -> tuple[Bucket, Time]:
    time = Time()
    return Bucket(rate, burst, time, time.sleep), time


@given(rate=st.floats(0.5, 50), burst=st.floats(1, 50), calls=st.integers(1, 200))
def test_no_more_leave_than_burst_and_rate_allow(rate: float, burst: float, calls: int) -> None:
    pace, time = bucket(rate, burst)

    async def take() -> None:
        for done in range(1, calls + 1):
            await pace.take()
            assert done <= burst + rate * time.now + 1e-6

    asyncio.run(take())


async def test_callers_leave_in_the_order_they_came() -> None:
    pace = Bucket(200, 1)
    order: list[int] = []

    async def call(number: int) -> None:
        await pace.take()
        order.append(number)

    await asyncio.gather(*(call(number) for number in range(10)))
    assert order == sorted(order)


async def test_nothing_leaves_while_the_vendor_asked_to_wait() -> None:
    pace, time = bucket(10, 20)
    pace.hold(3)
    await pace.take()
    assert time.now == pytest.approx(3)
    slow, later = bucket(0.5, 5)
    slow.hold(4)
    await slow.take()
    assert later.now == pytest.approx(4)


async def test_whoever_gives_up_waiting_frees_the_turn() -> None:
    pace, time = bucket(1, 1)
    pace.sleep = asyncio.sleep
    await pace.take()
    waiting = [asyncio.create_task(pace.take()) for _ in range(50)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    pace.sleep = time.sleep
    await pace.take()
    assert time.now == pytest.approx(1)


def broken(time: Time) -> Breaker:
    breaker = Breaker(time)
    for _ in range(LEAST_CALLS):
        assert breaker.allows()
        breaker.record(failed=True)
    assert not breaker.allows()
    return breaker


def test_one_trial_at_a_time_decides() -> None:
    time = Time()
    breaker = broken(time)
    time.now += COOL_S
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.record(failed=True)
    assert not breaker.allows()
    time.now += COOL_S
    assert breaker.allows()
    breaker.release()
    assert breaker.allows()
    breaker.record(failed=False)
    assert breaker.allows()
    assert breaker.allows()


def test_what_was_sent_before_it_opened_changes_nothing() -> None:
    time = Time()
    breaker = broken(time)
    time.now += COOL_S - 1
    breaker.record(failed=True)
    breaker.record(failed=False)
    assert not breaker.allows()
    time.now += 1
    assert breaker.allows()


def test_it_takes_half_of_enough_calls_within_the_window() -> None:
    time = Time()
    breaker = Breaker(time)
    for number in range(100):
        breaker.record(failed=number % 3 == 0)
    assert breaker.allows()
    breaker = Breaker(time)
    for _ in range(LEAST_CALLS - 1):
        breaker.record(failed=True)
    time.now += WINDOW_S + 1
    breaker.record(failed=True)
    assert breaker.allows()


def test_retries_are_a_tenth_or_the_floor() -> None:
    time = Time()
    budget = RetryBudget(time)
    assert [budget.spend(is_retry=True) for _ in range(RETRY_FLOOR + 1)] == [True] * RETRY_FLOOR + [False]
    for _ in range(200):
        budget.spend(is_retry=False)
    assert sum(budget.spend(is_retry=True) for _ in range(100)) == pytest.approx(200 // 10 + 1 - RETRY_FLOOR, abs=3)
    time.now += WINDOW_S + 1
    assert budget.spend(is_retry=True)


def test_the_least_recently_used_is_forgotten() -> None:
    kept: Kept[list[int]] = Kept(list)
    first = kept.of(0)
    for key in range(1, KEYS_KEPT):
        kept.of(key)
    assert kept.of(0) is first
    kept.of("one more")
    assert kept.of(0) is first
    assert len(kept._kept) == KEYS_KEPT
