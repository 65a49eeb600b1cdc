"""Who a Slack user is and what a channel is called, remembered for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    async def channel(self, client: AsyncWebClient, team: str, channel: str) -> Mapping[str, Any]:
        """What Slack says of `channel`, with the number of its members.

        Raises:
            Rejected, VendorUnavailable: Slack does not say.
        """
        return await self._look_up(client, "conversations.info", team, channel)

    async def members(self, client: AsyncWebClient, team: str, channel: str) -> Sequence[str]:
        """The people of a small channel, 200 at most.

        Raises:
            Rejected, VendorUnavailable: Slack does not say.
        """
        found: Sequence[str] = (await self._look_up(client, "conversations.members", team, channel)).get("ids") or ()
        return found

    async def is_guest(self, client: AsyncWebClient, team: str, user: str) -> bool:
        """Whether `user` is a guest or of another organisation.

        Raises:
            Rejected, VendorUnavailable: Slack does not say.
        """
        profile = await self._look_up(client, "users.info", team, user)
        return not profile.get("is_bot") and _is_guest(profile, team)

    async def _look_up(self, client: AsyncWebClient, method: str, team: str, key: str) -> Mapping[str, Any]:
        now, name = self._clock(), (team, key if method != "conversations.members" else f"members:{key}")
        known = self._known.get(name)
        if known and known[0] > now:
            return known[1]
        found = _found(method, await self._wire.call(client, method, **_asked(method, key)))
        if len(self._known) >= _KEPT:
            self._known = {k: kept for k, kept in self._known.items() if kept[0] > now}
        self._known[name] = (now + _KEPT_FOR, found)
        return found


def _asked(method: str, key: str) -> dict[str, Any]:
    if method == "users.info":
        return {"user": key}
    return {"channel": key} | ({"limit": 200} if method == "conversations.members" else {"include_num_members": "true"})


def _found(method: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if method == "conversations.members":
        return {"ids": answer.get("members") or ()}
    return answer.get("user" if method == "users.info" else "channel") or {}


def _principal(profile: Mapping[str, Any], team: str, tenant: str, user: str) -> Principal:
    """A mail address counts as identity only where this workspace vouches for it, not another company's."""
    is_stranger, is_guest = _is_stranger(profile, team), _is_guest(profile, team)
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


def _is_stranger(profile: Mapping[str, Any], team: str) -> bool:
    """Whether they belong to another organisation; `team` is an organisation where the app was installed in it."""
    enterprise = profile.get("enterprise_user") or {}
    homes = {profile.get("team_id", team), enterprise.get("enterprise_id"), *enterprise.get("teams", ())}
    return bool(profile.get("is_stranger")) or team not in homes


def _is_guest(profile: Mapping[str, Any], team: str) -> bool:
    is_limited = profile.get("is_restricted") or profile.get("is_ultra_restricted")
    return _is_stranger(profile, team) or bool(is_limited)


def _name(profile: Mapping[str, Any]) -> str:
    shown = profile.get("profile", {})
    names = (shown.get("display_name"), shown.get("real_name"), profile.get("real_name"), profile.get("name"))
    return next((str(name) for name in names if name), "")


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
