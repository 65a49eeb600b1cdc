"""Where a Teams conversation can be reached again, and what the adapter keeps about it."""

from __future__ import annotations

from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict


class Reference(BaseModel):
    """A place to write to: a chat or a channel's thread, as the connector of `service_url` knows it.

    `conversation` is the connector's own id ("" where a private chat was never opened), `directory` the Teams
    tenant's id, `activity` the id of one message there or "".
    """

    model_config = ConfigDict(frozen=True)

    service_url: str
    channel_id: str = "msteams"
    conversation: str
    is_personal: bool
    bot: str
    user: str
    user_name: str = ""
    directory: str = ""
    activity: str = ""


class References(Protocol):
    """Keeps references by tenant and key over restarts; `value` is a small JSON object."""

    async def store(self, tenant: str, key: str, value: dict[str, Any]) -> None:
        """Keep `value` under the key, in place of what was there."""

    async def load(self, tenant: str, key: str) -> dict[str, Any] | None:
        """What was kept under the key, or None."""

    async def drop(self, tenant: str, key: str) -> None:
        """Forget what was kept under the key."""


class Deliveries(Protocol):
    """Knows which events were already taken in."""

    async def first(self, tenant: str, platform: str, event_id: str) -> bool:
        """Whether this event is seen for the first time; asking records it."""


def person_key(person: str) -> str:
    """The key of somebody's private chat."""
    return f"teams:person:{person}"


def thread_key(conversation: str, thread: str) -> str:
    """The key of a chat, or of a thread in a channel."""
    return f"teams:thread:{conversation}:{thread}"


def directory_key(directory_id: str) -> str:
    """The key of the person whom the directory knows by this id."""
    return f"teams:directory:{directory_id}"


def card_key(approval: str) -> str:
    """The key of the message that shows a plan."""
    return f"teams:card:{approval}"


async def remember(references: References, tenant: str, key: str, reference: Reference) -> None:
    """Store a reference, unless the same is stored already."""
    value = reference.model_dump(mode="json")
    if await references.load(tenant, key) != value:
        await references.store(tenant, key, value)


async def recall(references: References, tenant: str, key: str) -> Reference | None:
    """The reference stored under the key, or None."""
    value = await references.load(tenant, key)
    return None if value is None else Reference.model_validate(value)
