"""The seam between the Teams adapter and the SDK that carries its activities."""

from __future__ import annotations

from typing import Any, Protocol

from bot.adapters.teams_reference import Reference

JSON = dict[str, Any]


class Transport(Protocol):
    """Carries plain Activity JSON to the Bot Connector; each call raises a `VendorError` where it fails."""

    async def send(self, place: Reference, activity: JSON) -> str:
        """Post an activity there; the id it got."""

    async def update(self, place: Reference, activity_id: str, activity: JSON) -> None:
        """Put an activity in the place of one posted before."""

    async def member(self, place: Reference, user: str) -> JSON:
        """The roster's entry of a person: `email`, `userPrincipalName`, `aadObjectId`, `tenantId`, `name`."""

    async def open(self, place: Reference) -> str:
        """Open the private chat with the person of `place`; its conversation id."""
