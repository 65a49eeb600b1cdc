"""What all of Salesforce's resources share: errors, users, how a record looks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant, ident
from sandbox.oauth import OAuth
from sandbox.vendor import Endpoint, Handler, Vendor, route
from sandbox.vendors.salesforce.schema import RELATIONS, SCHEMA
from sandbox.vendors.salesforce.seed import make_id, seed_salesforce, user_id

INSTANCE = "https://fernwick.my.salesforce.com"
VERSIONS = ("60.0", "61.0", "62.0", "63.0")
DATA = "/services/data/{version}"
GATE = {
    "unauthenticated": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "invalid_token": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "expired": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "revoked": (401, "INVALID_SESSION_ID", "Session expired or invalid"),
    "missing_scope": (403, "API_DISABLED_FOR_ORG", "This session is not valid for use with the REST API"),
    "rate_limited": (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "server_error": (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."),
    "no_route": (404, "NOT_FOUND", "The requested resource does not exist"),
    "invalid_body": (400, "JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]"),
}
ORG = make_id("00D", "fernwick")


def refused(code: str, message: str, *fields: str, status: int = 400) -> Refusal:
    """A refusal with Salesforce's error code and the fields it is about."""
    return Refusal(code, message, status=status, fields=list(fields))


class Base(Vendor):
    """One organisation."""

    hosts = (INSTANCE, "https://login.salesforce.com")
    oauth = OAuth(
        "/services/oauth2/authorize", "/services/oauth2/token", "/services/oauth2/revoke", expires_in=7200,
        refresh_scope="refresh_token",
    )  # fmt: skip
    page = 2000

    def seed(self) -> Json:
        """Records by id."""
        return seed_salesforce(self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """Salesforce's list of errors."""
        status, code, message = GATE.get(refusal.kind, (refusal.status, refusal.kind, refusal.message))
        if refusal.kind == "missing":
            code = "MALFORMED_QUERY" if refusal.detail.get("name") == "q" else "REQUIRED_FIELD_MISSING"
        fields = refusal.detail.get("fields")
        return Answer(status, [{"message": message, "errorCode": code, **({"fields": fields} if fields else {})}])

    def new_token(self, grant: Grant, serial: int) -> str:
        """A session id: the organisation, then the secret."""
        return f"{ORG[:15]}!AQEAQ{ident(80, self.key, grant.email, serial)}"

    def token_answer(self, grant: Grant) -> Json:
        """No end is said; the instance and the identity are."""
        answer = super().token_answer(grant)
        answer.pop("expires_in", None)
        user = user_id(self.company.by_email[grant.email])
        return answer | {
            "instance_url": INSTANCE, "id": f"https://login.salesforce.com/id/{ORG}/{user}",
            "issued_at": str(int(self.world.time().timestamp() * 1000)), "signature": self.ident(43, grant.token),
        }  # fmt: skip

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """Every answer tells how much of the day's quota is used."""
        version = call.params.get("version")
        if version is not None and version.removeprefix("v") not in VERSIONS:
            raise Refusal("no_route")
        found = super().answer(call, endpoint, handler)
        used = f"api-usage={len(self.requests)}/100000"
        return Answer(found.status, found.body, {**found.headers, "sforce-limit-info": used})

    @route("GET", "/services/data", public=True)
    def versions(self, call: Call) -> list[Json]:
        """The versions of the API."""
        return [{"label": f"v{one}", "url": f"/services/data/v{one}", "version": one} for one in VERSIONS]

    @route("GET", f"{DATA}/", scope="api full")
    def home(self, call: Call) -> Json:
        """What a version offers, and who is signed in."""
        root = call.path.rstrip("/")
        names = ("query", "search", "sobjects", "limits", "parameterizedSearch")
        identity = f"https://login.salesforce.com/id/{ORG}/{user_id(call.person)}"
        return {**{name: f"{root}/{name}" for name in names}, "identity": identity}

    @route("GET", f"{DATA}/limits", scope="api full")
    def limits(self, call: Call) -> Json:
        """The day's quota."""
        return {"DailyApiRequests": {"Max": 100000, "Remaining": 100000 - len(self.requests)}}

    # records

    @property
    def records(self) -> Json:
        """Records by id."""
        rows: Json = self.state["records"]
        return rows

    def all(self, kind: str) -> list[Json]:
        """Every living record of a kind."""
        if kind == "User":
            return [self.user(person) for person in self.company.people]
        return [row for row in self.records.values() if row["type"] == kind and not row["IsDeleted"]]

    def user(self, person: Person) -> Json:
        """A person as a user."""
        return {
            "type": "User", "Id": user_id(person), "Name": person.name, "FirstName": person.first,
            "LastName": person.last, "Email": person.email, "Username": person.email, "Title": person.title,
            "Phone": person.phone, "TimeZoneSidKey": person.time_zone, "IsActive": True, "Alias": person.handle[:8],
        }  # fmt: skip

    def by_id(self, record_id: Any) -> Json | None:
        """A living record or user by an id of 15 or 18 characters."""
        text = str(record_id)
        if text.startswith("005"):
            return next((row for row in self.all("User") if row["Id"][:15] == text[:15]), None)
        row = self.records.get(text) or next((one for key, one in self.records.items() if key[:15] == text), None)
        return row if row and not row["IsDeleted"] else None

    def value(self, record: Json, name: str) -> Any:
        """The value of a field, relations followed."""
        first, _, rest = name.partition(".")
        if not rest:
            return record.get(name)
        other = self.by_id(record.get(RELATIONS[first])) if record.get(RELATIONS[first]) else None
        if other and rest == "Name":
            return self.title(other)
        return self.value(other, rest) if other else None

    def title(self, record: Json) -> str:
        """What a related record is called."""
        return str(record.get("Name") or record.get("CaseNumber") or record.get("Subject") or "")

    def payload(self, call: Call, record: Json, names: Iterable[str] | None = None) -> Json:
        """A record with the wanted fields, related ones inside; all of its own without a wish."""
        shown: Json = {"attributes": self._attributes(call, record)}
        for name in names or SCHEMA[record["type"]]:
            first, _, rest = name.partition(".")
            if not rest:
                shown[name] = record.get(name)
                continue
            other = self.by_id(record.get(RELATIONS[first])) if record.get(RELATIONS[first]) else None
            if other is None:
                shown[first] = None
            else:
                inside = shown.setdefault(first, {"attributes": self._attributes(call, other)})
                inside[rest] = self.value(record, name)
        return shown

    def _attributes(self, call: Call, record: Json) -> Json:
        root = f"/services/data/{call.params.get('version', 'v62.0')}"
        return {"type": record["type"], "url": f"{root}/sobjects/{record['type']}/{record['Id']}"}
