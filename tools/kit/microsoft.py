"""What Microsoft Graph's products share: sign-in, errors as `{error: {code, message}}`, lists, notifications."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import Forbidden, NotFound, RateLimited, VendorError
from core.records import Ref
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, Http, by_status, retry_after
from tools.kit.paging import listed, take, walk
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, in_body

GRAPH = "https://graph.microsoft.com/v1.0"
LOGIN = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
NEXT, DELTA = "@odata.nextLink", "@odata.deltaLink"

_THROTTLED = {
    "applicationthrottled",
    "toomanyrequests",
    "activitylimitreached",
    "mailboxconcurrency",
    "errorserverbusy",
}
_GONE = {"erroritemnotfound", "errorfoldernotfound", "errorinvalididmalformed", "itemnotfound", "notfound"}
_DENIED = {"erroraccessdenied", "accessdenied", "authorization_requestdenied", "forbidden"}
_CONFLICT = {"namealreadyexists", "errorirresolvableconflict", "resourcemodified", "conflict"}
_EXPIRED = {"invalidauthenticationtoken", "unauthenticated"}
_BY_CODE = {429: _THROTTLED, 404: _GONE, 403: _DENIED, 409: _CONFLICT, 401: _EXPIRED}
_NEEDED = re.compile(r"(?:requires one of|required scopes?:?)\s*'([^']+)'", re.IGNORECASE)
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL | re.IGNORECASE)
_BREAKS = re.compile(r"<br\s*/?>|</p>|</div>|</tr>|</li>", re.IGNORECASE)


def microsoft_oauth(*scopes: str) -> OAuth2:
    """The consent of one person of a work or school tenant; the connection outlives an hour."""
    return OAuth2(f"{LOGIN}/authorize", f"{LOGIN}/token", (*scopes, "offline_access"))


def microsoft_error(name: str, answer: Answer) -> VendorError | None:
    """The error that an answer means, also one that came with a 200; None where there is none."""
    error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
    if not isinstance(error, Mapping):
        return None
    code, said = str(error.get("code") or "").lower(), str(error.get("message") or error.get("code") or "")
    coded = next((status for status, codes in _BY_CODE.items() if code in codes), 0)
    status = answer.status if answer.status >= 400 else coded or 500
    if status == 400 and coded == 404:
        return NotFound(f"It is not in {name}.", status=status, cause=said)
    if status == 429 or (coded == 429 and status < 500):
        wait = retry_after(answer.headers)
        return RateLimited(f"{name} asks for fewer requests.", retry_after_s=wait, status=status)
    if status == 403 and (needed := _NEEDED.search(said)):
        names = ", ".join(needed[1].replace(",", " ").split()[:3])
        return Forbidden(f"The connection to {name} lacks a scope for this ({names}).", status=status, cause=said)
    if status == 403 and code in _DENIED:
        more = f"Your account may not do this, or its connection lacks the consent for it. {name} says: {said}"
        return Forbidden(f"{name} denies access. {more}", status=status, cause=said)
    details = error.get("details") or ()
    fields = {str(one.get("target") or one.get("code")): str(one.get("message")) for one in details}
    return by_status(name, replace(answer, status=status), said, fields)


def by_next(
    http: Http, path: str, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Any]:
    """Every item of a list whose pages link to the next one."""

    async def fetch(address: Any) -> tuple[list[Any], Any]:
        answer = await http.send("GET", address or path, params=None if address else query, headers=headers)
        return listed(answer.data, "value"), answer.data.get(NEXT)

    return walk(fetch)


@dataclass(frozen=True)
class Changes:
    """One page of a delta query: raw items, the place to go on from, and whether there is more right away."""

    items: Sequence[Mapping[str, Any]]
    cursor: str
    has_more: bool


async def changes(http: Http, path: str, cursor: str = "", query: Mapping[str, Any] | None = None) -> Changes:
    """The next page of a delta query; an item that is gone holds `@removed` or `deleted`.

    Raises:
        NotFound: Microsoft keeps this place no longer; begin anew.
    """
    data = await http.get(cursor) if cursor else await http.get(path, **(query or {}))
    link = str(data.get(NEXT) or data.get(DELTA) or "")
    place = link.removeprefix(http.address("").rstrip("/"))
    return Changes(listed(data, "value"), place, bool(data.get(NEXT)))


def moment(text: Any) -> datetime | None:
    """A moment as Graph writes it, `2026-11-24T09:30:00.0000000Z`; without a zone it is UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def zoned(value: Mapping[str, Any] | None) -> datetime | None:
    """A `dateTimeTimeZone`; a zone that is not known by its IANA name counts as UTC, which Graph answers in."""
    if not value or not value.get("dateTime"):
        return None
    naive = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value["dateTime"])).removesuffix("Z"))
    try:
        return naive.replace(tzinfo=ZoneInfo(str(value.get("timeZone") or "UTC")))
    except (ZoneInfoNotFoundError, ValueError):
        return naive.replace(tzinfo=UTC)


def in_utc(at: datetime) -> str:
    """A moment as OData filters take it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def quoted(text: str) -> str:
    """A text as an OData literal."""
    return "'" + text.replace("'", "''") + "'"


async def colleagues(http: Http, text: str, most: int = 15) -> list[Mapping[str, Any]]:
    """People of the tenant's directory by name, address or id: `id`, `displayName`, `mail`."""
    wanted = text.strip()
    if "@" in wanted or re.fullmatch(r"[0-9a-f-]{36}", wanted):
        try:
            return [await http.get(f"/users/{wanted.lower()}")]
        except NotFound:
            return []
    asked = " AND ".join(f'"displayName:{word}"' for word in re.sub(r"[\"():]", " ", wanted).split())
    return await take(by_next(http, "/users", {"$search": asked, "$top": most}, {"ConsistencyLevel": "eventual"}), most)


def plain(text: str) -> str:
    """A text without its HTML."""
    if "<" not in text:
        return unescape(text).strip()
    return re.sub(r"\n{3,}", "\n\n", unescape(_TAGS.sub("", _BREAKS.sub("\n", text)))).strip()


class Graph:
    """What an integration over Graph inherits: the address, the tenant, errors, and how notifications begin."""

    name: ClassVar[str]
    base_url: ClassVar[str] = GRAPH
    slots: ClassVar[Mapping[str, str]] = {"tenant": "organizations"}
    webhook: ClassVar[Signature | None] = in_body("value.clientState")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Graph's errors."""
        return microsoft_error(cls.name, answer)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The echo that Graph wants when a subscription is made; None for a notification."""
        token = delivery.query.get("validationToken", "")
        return Greeting(body=token, headers={"content-type": "text/plain"}) if token else None


def notified(
    key: str, delivery: Delivery, kinds: Mapping[str, str], to_id: Callable[[str], str] | None = None
) -> list[WebhookEvent]:
    """The events of a change notification.

    `kinds` says by Graph's type what a record is called; `to_id` makes the id of a record out of the resource's path,
    where it is not the last part of it.
    """
    found = []
    for row in (delivery.data or {}).get("value") or ():
        about = row.get("resourceData") or {}
        kind = kinds.get(str(about.get("@odata.type") or "").rpartition(".")[2].lower(), "")
        number = to_id(str(row.get("resource") or "")) if to_id else str(about.get("id") or "")
        change = str(row.get("changeType") or row.get("lifecycleEvent") or "changed")
        parts = (row.get("subscriptionId"), change, row.get("resource"), about.get("@odata.etag"))
        mark = str(row.get("id") or ":".join(str(one or "") for one in parts))
        ref = Ref(integration=key, kind=kind, id=number) if kind and number else None
        found.append(WebhookEvent(mark, f"{kind}.{change}" if kind else change, ref))
    return found
