"""Teams is not asked faster than it answers."""

from __future__ import annotations

import asyncio
import time

import pytest

from bot.adapters.teams import TeamsAdapter
from bot.adapters.teams_pace import PacedTransport
from bot.adapters.teams_reference import Reference
from bot.adapters.teams_transport import JSON
from bot.assistant import Sink
from core.errors import RateLimited
from core.message import Message, Reply
from tests.bot.teams.conftest import ScriptedAssistant, Shelf, adapter_for
from tests.bot.teams.server import PRIYA, Person, TeamsServer, words
from tools.kit.pace import Bucket


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def bucket(self, rate: float, burst: float) -> Bucket:
        return Bucket(rate, burst, now=lambda: self.now_s, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Counting:
    """A transport that notes when each request left."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.left: list[tuple[float, str]] = []
        self.is_busy = False

    async def send(self, place: Reference, activity: JSON) -> str:
        self.left.append((self.clock.now_s, place.directory))
        if self.is_busy:
            self.is_busy = False
            raise RateLimited("Teams takes no more messages right now.", retry_after_s=30)
        return "1"

    async def update(self, place: Reference, activity_id: str, activity: JSON) -> None:
        await self.send(place, activity)

    async def member(self, place: Reference, user: str) -> JSON:
        await self.send(place, {})
        return {}

    async def members(self, place: Reference, page: str) -> tuple[list[JSON], str]:
        return [], ""

    async def open(self, place: Reference) -> str:
        return await self.send(place, {})


def _person(number: int) -> Person:
    return Person(f"Person {number}", f"p{number}@acme.example")


def place(chat: str, directory: str = "one") -> Reference:
    return Reference(
        service_url="https://t.example", conversation=chat, is_personal=True, bot="b", user="u", directory=directory
    )


@pytest.mark.behaviour("posting-limits")
async def test_a_tenant_is_sent_at_most_50_requests_a_second_and_no_other_tenant_waits_for_it() -> None:
    clock = Clock()
    counting = Counting(clock)
    paced = PacedTransport(counting, clock.bucket)
    for number in range(200):
        await paced.send(place(f"c{number}"), {})
    await paced.send(place("x", "two"), {})
    seconds = [at for at, directory in counting.left if directory == "one"]
    assert max(sum(1 for at in seconds if begin <= at < begin + 1) for begin in seconds) <= 50
    assert clock.now_s == pytest.approx(4.75)
    assert counting.left[-1] == (clock.now_s, "two")


async def test_one_chat_is_sent_fewer_messages_than_a_tenant() -> None:
    clock = Clock()
    counting = Counting(clock)
    paced = PacedTransport(counting, clock.bucket)
    for _ in range(70):
        await paced.send(place("c"), {})
    times = [at for at, _ in counting.left]
    for window_s, most in ((1, 7), (2, 8), (30, 60)):
        assert max(sum(1 for at in times if begin <= at < begin + window_s) for begin in times) <= most
    assert clock.now_s > 15


async def test_a_tenant_that_takes_no_more_is_left_alone_for_as_long_as_it_says() -> None:
    clock = Clock()
    counting = Counting(clock)
    counting.is_busy = True
    paced = PacedTransport(counting, clock.bucket)
    with pytest.raises(RateLimited):
        await paced.send(place("a"), {})
    await paced.send(place("b"), {})
    assert clock.now_s == pytest.approx(30.0)


@pytest.mark.behaviour("throttled")
@pytest.mark.slow
async def test_while_teams_answers_429_an_answer_waits_and_is_posted_once(
    teams: TeamsServer, assistant: ScriptedAssistant, adapter: TeamsAdapter
) -> None:
    async def say(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text("Hello"))

    assistant.on_hear = say
    teams.fail["POST /activities"] = [(429, {"Retry-After": "1"}), (429, {"Retry-After": "0.2"})]
    begun = time.monotonic()
    await teams.message("x")
    await adapter.drain()
    assert [words(one) for one in teams.shown(teams.private_chat(PRIYA))] == ["Hello"]
    assert time.monotonic() - begun >= 1.2


@pytest.mark.slow
async def test_forty_people_at_once_are_all_answered_once(
    teams: TeamsServer, assistant: ScriptedAssistant, shelf: Shelf
) -> None:
    async def say(message: Message, sink: Sink) -> None:
        await sink.send(Reply.of_text(message.text))

    assistant.on_hear = say
    adapter = adapter_for(teams, assistant, shelf)
    await asyncio.gather(*(teams.message(f"m{n}", chat=None, person=_person(n)) for n in range(40)))
    await adapter.drain()
    shown = [teams.shown(teams.private_chat(_person(n))) for n in range(40)]
    assert [[words(one) for one in of_person] for of_person in shown] == [[f"m{n}"] for n in range(40)]
    await adapter.aclose()
