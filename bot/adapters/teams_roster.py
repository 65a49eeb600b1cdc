"""Who somebody in Teams is: the roster's entry, as a principal."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from bot.adapters.teams_activity import Activity
from bot.adapters.teams_transport import JSON, Transport
from core.clock import Clock
from core.errors import Forbidden, NotFound, VendorError
from core.log import logger
from core.principal import Principal

TenantOf = Callable[[str, str], str]
"""Our tenant for a platform and its own id of the workspace."""

_KEEP = timedelta(hours=1)
_MOST = 10_000
_MOST_PAGES = 20
_log = logger(__name__)


class Roster:
    """Looks people up once an hour; a person the roster does not show is known by the directory's id."""

    def __init__(self, transport: Transport, tenant_of: TenantOf, clock: Clock) -> None:
        self._transport = transport
        self._tenant_of = tenant_of
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], tuple[datetime, Principal]] = OrderedDict()
        self._mixed: OrderedDict[tuple[str, str], tuple[datetime, bool]] = OrderedDict()

    async def author(self, activity: Activity) -> Principal:
        """Whoever sent the activity; a failing roster is an error, never another identity."""
        key = (activity.directory, activity.sender.aad_object_id or activity.sender.id)
        found = self._known.get(key)
        if found is None or self._clock() - found[0] > _KEEP:
            found = (self._clock(), await self._look_up(activity))
            self._known[key] = found
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return found[1].model_copy(update={"timezone": activity.timezone})

    async def has_outsiders(self, activity: Activity) -> bool:
        """Whether guests or members of other companies read along; where the roster cannot tell, they may."""
        key = (activity.directory, activity.place)
        found = self._mixed.get(key)
        if found is None or self._clock() - found[0] > _KEEP:
            found = (self._clock(), await self._is_mixed(activity))
            self._mixed[key] = found
            if len(self._mixed) > _MOST:
                self._mixed.popitem(last=False)
        return found[1]

    def forget(self, activity: Activity) -> None:
        """Somebody came to this conversation or left it."""
        self._mixed.pop((activity.directory, activity.place), None)

    async def _is_mixed(self, activity: Activity) -> bool:
        place, page = activity.reference.model_copy(update={"conversation": activity.place}), ""
        for _ in range(_MOST_PAGES):
            try:
                members, page = await self._transport.members(place, page)
            except VendorError as error:
                _log.warning("teams.roster_closed", cause=error.cause)
                return True
            if any(_is_outsider(member, activity.directory) for member in members):
                return True
            if not page:
                return False
        return True

    async def _look_up(self, activity: Activity) -> Principal:
        place = activity.reference.model_copy(update={"conversation": activity.place})
        member: JSON = {}
        with suppress(Forbidden, NotFound):  # the person left, or the roster is closed to us
            member = await self._transport.member(place, activity.sender.id)
        email = _email(member)
        directory_id = activity.sender.aad_object_id or member.get("aadObjectId") or activity.sender.id
        return Principal(
            tenant=self._tenant_of("teams", str(member.get("tenantId") or activity.directory)),
            id=email or f"teams:{directory_id}",
            name=str(member.get("name") or activity.sender.name or "Somebody"),
            email=email,
        )


def _email(member: JSON) -> str:
    """The address in lower case; a guest's `#EXT#` name is none."""
    for value in (member.get("email"), member.get("userPrincipalName")):
        if value and "@" in str(value) and "#ext#" not in str(value).lower():
            return str(value).lower()
    return ""


def _is_outsider(member: JSON, directory: str) -> bool:
    """Whether a member is a guest, has not signed in, or belongs to another company."""
    name = str(member.get("userPrincipalName") or "").lower()
    role = str(member.get("userRole") or "user").lower()
    home = str(member.get("tenantId") or directory)
    return role in ("guest", "anonymous") or "#ext#" in name or home != directory
