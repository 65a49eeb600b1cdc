"""Who asks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict


class Principal(BaseModel):
    """A person of a tenant, as the chat platform vouches for them.

    `timezone` is an IANA name, `locale` such as `de_DE` or `de-DE`, or "" where it is not known.
    """

    model_config = ConfigDict(frozen=True)

    tenant: str
    id: str
    name: str
    email: str = ""
    timezone: str = "UTC"
    locale: str = ""
    roles: frozenset[str] = frozenset({"member"})

    @property
    def zone(self) -> ZoneInfo:
        """The person's time zone."""
        return ZoneInfo(self.timezone)
