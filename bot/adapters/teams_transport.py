"""The seam between the Teams adapter and the SDK that carries its activities."""

from __future__ import annotations

from typing import Any, Protocol

from bot.adapters.teams_reference import Reference

JSON = dict[str, Any]

MEMBERS_A_PAGE = 500
"""The most that Teams gives at once."""


class Transport(Protocol):
    """Carries plain Activity JSON to the Bot Connector; each call raises a `VendorError` where it fails."""

    async def send(self, place: Reference, activity: JSON) -> str:
        """Post an activity there; the id it got."""

    async def update(self, place: Reference, activity_id: str, activity: JSON) -> None:
        """Put an activity in the place of one posted before."""

    async def member(self, place: Reference, user: str) -> JSON:
        """The roster's entry of a person: `email`, `userPrincipalName`, `aadObjectId`, `tenantId`, `name`."""

    async def members(self, place: Reference, page: str) -> tuple[list[JSON], str]:
        """A page of the roster, each as `member` gives it with `userRole`, and the next page's name or ""."""

    async def open(self, place: Reference) -> str:
        """Open the private chat with the person of `place`; its conversation id."""
