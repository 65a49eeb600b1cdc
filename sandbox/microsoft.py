"""What the simulated products of Microsoft Graph share: sign-in, errors, pages that link on, change notifications."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import MIXED, Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route

TENANT = "organizations"
GATE = {
    "unauthenticated": (401, "InvalidAuthenticationToken", "Access token is empty."),
    "invalid_token": (401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217"),
    "expired": (401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
    "revoked": (401, "InvalidAuthenticationToken", "Continuous access evaluation resulted in challenge."),
    "server_error": (500, "InternalServerError", "An internal server error occurred. The operation failed."),
    "no_route": (404, "ResourceNotFound", "Resource not found for the segment."),
    "invalid_body": (400, "BadRequest", "Unable to read JSON request payload."),
}
BY_STATUS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 412: "PreconditionFailed"}


def refused(status: int, code: str, message: str) -> Refusal:
    """A refusal with Graph's code."""
    return Refusal(code, message, status=status)


class Graph(Vendor):
    """One product below Microsoft Graph."""

    hosts = ("https://login.microsoftonline.com", "https://graph.microsoft.com")
    oauth = OAuth(f"/{TENANT}/oauth2/v2.0/authorize", f"/{TENANT}/oauth2/v2.0/token", refresh_scope="offline_access")
    slots: ClassVar[dict[str, str]] = {"tenant": TENANT}
    hook_secret: ClassVar[str] = "subscription-client-state"
    denied: ClassVar[tuple[str, str]] = ("Forbidden", "Missing scope permissions on the request.")

    def refuse(self, refusal: Refusal) -> Answer:
        """`{error: {code, message, innerError}}`."""
        kind, headers = refusal.kind, {}
        if kind in GATE:
            status, code, message = GATE[kind]
        elif kind == "missing_scope":
            status, (code, message) = 403, self.denied
            message = message.format(**refusal.detail)
        elif kind == "rate_limited":
            status, code, message = 429, "TooManyRequests", "Too many requests."
            headers = {"retry-after": str(refusal.detail.get("retry_after", 1))}
        else:
            status, code, message = refusal.status, kind, refusal.message
            code = BY_STATUS.get(status, "BadRequest") if kind in ("refused", "missing", "invalid") else code
        now, number = stamp(self.world.time()), ident(32, self.key, message, alphabet="0123456789abcdef")
        inner = {"date": now.rstrip("Z"), "request-id": number, "client-request-id": number}
        return Answer(status, {"error": {"code": code, "message": message, "innerError": inner}}, headers)

    def new_token(self, grant: Grant, serial: int) -> str:
        """A token as Microsoft's look."""
        return f"eyJ0eXAiOiJKV1Qi.{ident(64, self.key, grant.email, serial, alphabet=MIXED)}"

    # for handlers

    def number(self, *parts: object) -> str:
        """A GUID that depends on the parts alone."""
        text = ident(32, *parts, alphabet="0123456789abcdef")
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def user_id(self, person: Person) -> str:
        """The object id of a person, the same in every product."""
        return self.number("user", person.email)

    def person_of(self, number: str) -> Person | None:
        """A person by object id or address."""
        return next((one for one in self.company.people if number in (self.user_id(one), one.email)), None)

    def user(self, person: Person) -> Json:
        """A person as the directory shows them."""
        return {
            "id": self.user_id(person), "displayName": person.name, "givenName": person.first,
            "surname": person.last, "jobTitle": person.title, "mail": person.email,
            "userPrincipalName": person.email, "mobilePhone": person.phone, "businessPhones": [],
            "officeLocation": None, "preferredLanguage": "en-GB",
        }  # fmt: skip

    def address(self, call: Call, path: str = "") -> str:
        """The whole address of a path, as the caller reaches it."""
        return f"http://{call.headers['host']}/{self.key}{path or call.path}"

    def paged(self, call: Call, rows: list[Json], size: int = 10, most: int = 1000) -> Json:
        """A page of a list, with a link to the next where there is one."""
        top, skip = call.whole("$top", size, most) or size, call.whole("$skip", 0, 1_000_000)
        answer: Json = {"value": rows[skip : skip + top]}
        if len(rows) > skip + top:
            pairs = [(name, value) for name, value in call.pairs if name != "$skip"] + [("$skip", str(skip + top))]
            answer["@odata.nextLink"] = f"{self.address(call)}?{urlencode(pairs)}"
        return answer

    def delta(self, call: Call, rows: list[Json], kept: Mapping[str, str] | None = None, size: int = 50) -> Json:
        """A page of a delta query over the rows, or the link that tells what changes from now on."""
        skip = call.whole("$skiptoken", 0, 1_000_000)
        answer: Json = {"value": rows[skip : skip + size]}
        mark = str(call.get("$mark") or self.state["sequence"])
        if len(rows) > skip + size:
            told = {**(kept or {}), "$skiptoken": str(skip + size), "$mark": mark}
            told |= {"$deltatoken": str(call.get("$deltatoken"))} if call.get("$deltatoken") else {}
            answer["@odata.nextLink"] = f"{self.address(call)}?{urlencode(told)}"
        else:
            answer["@odata.deltaLink"] = f"{self.address(call)}?{urlencode({**(kept or {}), '$deltatoken': mark})}"
        return answer

    def since(self, call: Call) -> int | None:
        """The place in the log of changes that a delta token stands for; None without one."""
        token = call.get("$deltatoken")
        if token is None:
            return None
        if not str(token).isdigit() or int(token) > self.state["sequence"]:
            raise refused(410, "SyncStateNotFound", "The sync state generation is not found.")
        return int(token)

    def log(self, **entry: Any) -> int:
        """Keep what changed for delta queries."""
        self.state["sequence"] += 1
        self.state["log"].append({"n": self.state["sequence"], **entry})
        return int(self.state["sequence"])

    def notify(self, change: str, resource: str, kind: str = "", number: str = "") -> None:
        """Tell subscribers of a change; nothing is signed, the clientState of the subscription is repeated."""
        row: Json = {
            "subscriptionId": self.number("subscription"), "clientState": self.hook_secret, "changeType": change,
            "subscriptionExpirationDateTime": "2099-01-01T00:00:00.0000000Z", "resource": resource,
            "tenantId": self.number("tenant"),
        }  # fmt: skip
        if number:
            etag = f'W/"{ident(20, number, self.state["sequence"])}"'
            row["resourceData"] = {
                "@odata.type": f"#Microsoft.Graph.{kind}", "@odata.id": resource, "@odata.etag": etag, "id": number,
            }  # fmt: skip
        self.emit(json.dumps({"value": [row]}), request=self.number("notification", self.count("notification")))

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """Nothing is signed; each request has an id."""
        return {"client-request-id": str(about.get("request", ""))}


def stamp(at: datetime) -> str:
    """A moment as Graph writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Directory(Graph):
    """A product that looks people up in the tenant's directory."""

    @route("GET", "/v1.0/users", scope="User.ReadBasic.All User.Read.All")
    def list_users(self, call: Call) -> Json:
        """Colleagues whose names have the words."""
        if call.headers.get("consistencylevel") != "eventual":
            raise refused(400, "Request_UnsupportedQuery", "$search needs the header ConsistencyLevel:eventual.")
        words = re.findall(r'"displayName:([^"]+)"', str(call.get("$search") or ""))
        found = [
            self.user(person)
            for person in self.company.people
            if all(any(part.startswith(_folded(word)) for part in _folded(person.name).split()) for word in words)
        ]
        return self.paged(call, found, 100)

    @route("GET", "/v1.0/users/{user}", scope="User.ReadBasic.All User.Read.All")
    def get_user(self, call: Call) -> Json:
        """One colleague by id or address."""
        found = self.person_of(str(call.params["user"]))
        if found is None:
            raise refused(404, "Request_ResourceNotFound", "The resource does not exist.")
        return self.user(found)


def _folded(text: str) -> str:
    """Lower case without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))
