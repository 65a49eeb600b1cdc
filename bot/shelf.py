"""The adapters' small facts in the database, under the names by which they ask for them."""

from __future__ import annotations

from typing import Any

from bot.delivery import Notes


class Threads:
    """Threads that the assistant takes part in."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def joined(self, thread_key: str) -> bool:
        """Whether the assistant takes part."""
        return await self._notes.get("thread", thread_key) is not None

    async def join(self, thread_key: str) -> None:
        """Take part from now on."""
        await self._notes.put("thread", thread_key, {})


class Cards:
    """In which message the buttons of an approval stand."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def keep(self, approval: str, channel: str, ts: str) -> None:
        """Remember the message of `approval`."""
        await self._notes.put("slack_card", approval, {"channel": channel, "ts": ts})

    async def find(self, approval: str) -> tuple[str, str] | None:
        """Channel and ts of the message, or None."""
        found = await self._notes.get("slack_card", approval)
        return (found["channel"], found["ts"]) if found else None


class Places:
    """How people are reached where they spoke in Slack."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def keep(self, key: str, value: dict[str, str]) -> None:
        """Keep `value` under the key, in place of what was there."""
        await self._notes.put("slack_place", key, value)

    async def find(self, key: str) -> dict[str, str] | None:
        """What was kept under the key, or None."""
        return await self._notes.get("slack_place", key)


class References:
    """Where people and threads are reached in Teams."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def store(self, tenant: str, key: str, value: dict[str, Any]) -> None:
        """Keep `value` under the key, in place of what was there."""
        await self._notes.put("reference", f"{tenant}:{key}", value)

    async def load(self, tenant: str, key: str) -> dict[str, Any] | None:
        """What was kept under the key, or None."""
        return await self._notes.get("reference", f"{tenant}:{key}")

    async def drop(self, tenant: str, key: str) -> None:
        """Forget what was kept under the key."""
        await self._notes.drop("reference", f"{tenant}:{key}")
