"""What all of the portal's resources share: errors, paging, owners, contacts."""

from __future__ import annotations

import hashlib
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.hubspot_marketing.seed import is_owner, owner_id, seed_marketing, stamp

PORTAL = 48112907
GATE = {
    "unauthenticated": (401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "invalid_token": (401, "INVALID_AUTHENTICATION", "The access token is not valid."),
    "revoked": (401, "INVALID_AUTHENTICATION", "The access token is not valid."),
    "expired": (401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 12 second(s) ago."),
    "server_error": (500, "INTERNAL_ERROR", "internal error"),
    "no_route": (404, "OBJECT_NOT_FOUND", "resource not found"),
    "invalid_body": (400, "VALIDATION_ERROR", "Invalid input JSON"),
}
CATEGORIES = {403: "USER_DOES_NOT_HAVE_PERMISSIONS", 404: "OBJECT_NOT_FOUND", 409: "CONFLICT"}


class Base(Vendor):
    """One portal."""

    hosts = ("https://api.hubapi.com", "https://app.hubspot.com")
    oauth = OAuth(
        "/oauth/authorize", "/oauth/2026-03/token", "/oauth/2026-03/token/revoke", expires_in=1800
    )  # fmt: skip

    def seed(self) -> Json:
        """Campaigns, e-mails, forms, lists, contacts."""
        return seed_marketing(self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """HubSpot's `{status: error, message, category, correlationId}`."""
        mark = hashlib.md5(str(len(self.requests)).encode(), usedforsecurity=False).hexdigest()
        trace = f"{mark[:8]}-{mark[8:12]}-{mark[12:16]}-{mark[16:20]}-{mark[20:]}"
        body: Json = {"status": "error", "message": refusal.message, "correlationId": trace}
        if refusal.kind == "rate_limited":
            body |= {"message": "You have reached your ten_secondly_rolling limit.", "category": "RATE_LIMITS"}
            return Answer(429, body | {"errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"})
        if refusal.kind == "missing_scope":
            needed = {"requiredGranularScopes": [refusal.detail["needed"]]}
            said = "This app hasn't been granted all required scopes to make this call."
            errors = [{"message": "One or more of the following scopes are required.", "context": needed}]
            return Answer(403, body | {"message": said, "category": "MISSING_SCOPES", "errors": errors})
        if refusal.kind in GATE:
            status, category, said = GATE[refusal.kind]
            return Answer(status, body | {"message": said, "category": category})
        return Answer(refusal.status, body | {"category": CATEGORIES.get(refusal.status, "VALIDATION_ERROR")})

    def token_answer(self, grant: Grant) -> Json:
        """The portal and the scopes as a list besides."""
        return super().token_answer(grant) | {"hub_id": PORTAL, "scopes": grant.scopes or []}

    def page(self, call: Call, rows: list[Any]) -> Json:
        """A page of results after a mark."""
        start, size = int(call.get("after") or 0), call.whole("limit", 20, 100) or 20
        found: Json = {"total": len(rows), "results": rows[start : start + size]}
        if start + size < len(rows):
            found["paging"] = {"next": {"after": str(start + size), "link": f"?after={start + size}"}}
        return found

    def one(self, kind: str, own: Any) -> Json:
        """One thing of a kind."""
        row = self.state[kind].get(str(own))
        if row is None:
            raise Refusal("unknown", "resource not found", status=404)
        found: Json = row
        return found

    def now(self) -> str:
        """The present moment."""
        return stamp(self.world.time())

    @property
    def owners(self) -> dict[str, Person]:
        """Those who may own a campaign, by id."""
        people = [person for person in self.company.people if is_owner(person, self.company.default)]
        return {owner_id(person): person for person in people}

    @route("GET", "/account-info/v3/details")
    def account(self, call: Call) -> Json:
        """The portal."""
        return {
            "portalId": PORTAL,
            "accountType": "STANDARD",
            "timeZone": "Europe/London",
            "uiDomain": "app.hubspot.com",
        }

    @route("GET", "/crm/v3/owners/", scope="crm.objects.owners.read")
    def list_owners(self, call: Call) -> Json:
        """A page of the users."""
        rows = [
            {"id": own, "email": person.email, "firstName": person.first, "lastName": person.last, "archived": False}
            for own, person in self.owners.items()
        ]
        return self.page(call, rows)

    @route("POST", "/crm/v3/objects/contacts/search", scope="crm.objects.contacts.read")
    def search_contacts(self, call: Call) -> Json:
        """Contacts by words, or by one property."""
        filters = [one for group in call.get("filterGroups") or [] for one in group["filters"]]
        parts, found = str(call.get("query") or "").casefold().split(), []
        for own, row in self.state["contacts"].items():
            values = row | {"hs_object_id": own}
            words = " ".join(row.values()).casefold()
            fits = all(values.get(one["propertyName"]) == one["value"] for one in filters)
            if fits and all(part in words for part in parts):
                at = stamp(self.world.now)
                found.append({"id": own, "properties": values, "createdAt": at, "updatedAt": at, "archived": False})
        return {"total": len(found), "results": found[: call.get("limit") or 10]}
