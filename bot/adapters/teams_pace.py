"""Not faster than Teams takes it: 50 requests a second in a tenant, and fewer messages in one conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.adapters.teams_reference import Reference
from bot.adapters.teams_transport import JSON, Transport
from core.errors import RateLimited
from tools.kit.pace import Bucket, Kept

T = TypeVar("T")
Buckets = Callable[[float, float], Bucket]

TENANT_RATE, TENANT_BURST = 40.0, 10.0  # together at most 50 in any second
CHAT_RATE, CHAT_BURST = 1.8, 4.0  # at most 7 in a second, 8 in two, 60 in thirty


class PacedTransport:
    """Another transport, at the pace that Teams allows; whoever comes too early waits in turn."""

    def __init__(self, transport: Transport, bucket: Buckets = Bucket) -> None:
        self._transport = transport
        self._tenants: Kept[Bucket] = Kept(lambda: bucket(TENANT_RATE, TENANT_BURST))
        self._chats: Kept[Bucket] = Kept(lambda: bucket(CHAT_RATE, CHAT_BURST))

    async def send(self, place: Reference, activity: JSON) -> str:
        return await self._in_turn(place, lambda: self._transport.send(place, activity), is_message=True)

    async def update(self, place: Reference, activity_id: str, activity: JSON) -> None:
        await self._in_turn(place, lambda: self._transport.update(place, activity_id, activity), is_message=True)

    async def member(self, place: Reference, user: str) -> JSON:
        return await self._in_turn(place, lambda: self._transport.member(place, user))

    async def members(self, place: Reference, page: str) -> tuple[list[JSON], str]:
        return await self._in_turn(place, lambda: self._transport.members(place, page))

    async def open(self, place: Reference) -> str:
        return await self._in_turn(place, lambda: self._transport.open(place))

    async def _in_turn(self, place: Reference, call: Callable[[], Awaitable[T]], *, is_message: bool = False) -> T:
        tenant = self._tenants.of(place.directory)
        if is_message:
            await self._chats.of((place.directory, place.conversation)).take()
        await tenant.take()
        try:
            return await call()
        except RateLimited as error:  # after the wire has tried again: then everybody waits
            tenant.hold(error.retry_after_s or 1.0)
            raise
