"""Who a Slack user is and what a channel is called, remembered for a while."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack_wire import SlackWire
from core.clock import Clock, utc_now
from core.errors import Rejected, VendorUnavailable
from core.principal import Principal

_KEPT_FOR = timedelta(minutes=30)
_KEPT = 20_000


class SlackDirectory:
    """Looks people and channels up once in half an hour; keys are team and id."""

    def __init__(self, wire: SlackWire, *, clock: Clock = utc_now) -> None:
        self._wire = wire
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[datetime, Mapping[str, Any]]] = {}

    async def principal(self, client: AsyncWebClient, team: str, tenant: str, user: str) -> Principal:
        """The person behind `user`.

        Raises:
            VendorUnavailable: Slack does not say now; guessing would give them another identity.
        """
        try:
            profile = await self._look_up(client, "users.info", team, user)
        except (Rejected, VendorUnavailable) as error:
            raise VendorUnavailable(
                "I could not look you up in Slack just now.",
                cause=error.cause,
                next_step="Please send that again in a moment.",
            ) from error
        return _principal(profile, team, tenant, user)

    async def person_name(self, client: AsyncWebClient, team: str, user: str) -> str:
        """The display name of `user`, or the id where Slack does not say."""
        try:
            return _name(await self._look_up(client, "users.info", team, user)) or user
        except (Rejected, VendorUnavailable):
            return user

    async def channel_name(self, client: AsyncWebClient, team: str, channel: str) -> str:
        """The name of `channel`, or the id where Slack does not say."""
        try:
            return str((await self._look_up(client, "conversations.info", team, channel)).get("name") or channel)
        except (Rejected, VendorUnavailable):
            return channel

    async def _look_up(self, client: AsyncWebClient, method: str, team: str, key: str) -> Mapping[str, Any]:
        now = self._clock()
        known = self._known.get((team, key))
        if known and known[0] > now:
            return known[1]
        noun = "user" if method == "users.info" else "channel"
        found: Mapping[str, Any] = (await self._wire.call(client, method, **{noun: key})).get(noun) or {}
        if len(self._known) >= _KEPT:
            self._known = {k: kept for k, kept in self._known.items() if kept[0] > now}
        self._known[team, key] = (now + _KEPT_FOR, found)
        return found


def _principal(profile: Mapping[str, Any], team: str, tenant: str, user: str) -> Principal:
    """A mail address counts as identity only where this workspace vouches for it, not another company's."""
    homes = {profile.get("team_id", team), *(profile.get("enterprise_user") or {}).get("teams", ())}
    is_stranger = bool(profile.get("is_stranger")) or team not in homes
    is_guest = is_stranger or bool(profile.get("is_restricted") or profile.get("is_ultra_restricted"))
    is_confirmed = not is_stranger and profile.get("is_email_confirmed", True)
    email = str(profile.get("profile", {}).get("email") or "").lower() if is_confirmed else ""
    return Principal(
        tenant=tenant,
        id=email or f"slack:{user}",
        name=_name(profile) or user,
        email=email,
        timezone=_zone(str(profile.get("tz") or "")),
        roles=frozenset({"guest" if is_guest else "member"}),
    )


def _name(profile: Mapping[str, Any]) -> str:
    shown = profile.get("profile", {})
    names = (shown.get("display_name"), shown.get("real_name"), profile.get("real_name"), profile.get("name"))
    return next((str(name) for name in names if name), "")


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
