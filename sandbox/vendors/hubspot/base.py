"""What all of the portal's resources share: errors, signatures, how an object looks and what ties it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sandbox.exchange import Call, Json, Refusal
from sandbox.hubspot import PORTAL, Portal
from sandbox.vendor import route
from sandbox.vendors.hubspot.schema import BY_DEFAULT, PROPERTIES, SINGULAR, TIES, created, modified
from sandbox.vendors.hubspot.seed import seed_hubspot, stamp


class Base(Portal):
    """One portal."""

    def seed(self) -> Json:
        """Objects, ties and the recycle bin."""
        return seed_hubspot(self.world.story)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """Version 3: method, address, body and time."""
        at = str(int(self.world.time().timestamp() * 1000))
        signed = b"POST" + str(about["url"]).encode() + body + at.encode()
        digest = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
        return {"x-hubspot-signature-v3": digest, "x-hubspot-request-timestamp": at}

    def tell(self, kind: str, what: str, own: str, **more: Any) -> None:
        """Emit a list of one event."""
        event = {
            "eventId": self.count("event", 100), "subscriptionId": 2401, "portalId": PORTAL, "appId": 3099,
            "occurredAt": int(self.world.time().timestamp() * 1000), "subscriptionType": f"{SINGULAR[kind]}.{what}",
            "attemptNumber": 0, "objectId": int(own), "changeSource": "INTEGRATION", **more,
        }  # fmt: skip
        self.emit([event])

    # objects

    def of_kind(self, kind: str) -> Json:
        """The living objects of a kind by id."""
        if kind not in PROPERTIES:
            raise Refusal("invalid", f"Unable to infer object type from: {kind}", status=400)
        found: Json = self.state["objects"][kind]
        return found

    def object_of(self, kind: str, own: str) -> Json:
        """One living object."""
        row = self.of_kind(kind).get(str(own))
        if row is None:
            raise Refusal("unknown", "resource not found", status=404)
        found: Json = row
        return found

    def shown(self, kind: str, row: Json, wanted: Iterable[str] | None = None) -> Json:
        """An object with the wanted properties; null where it has none."""
        names = [*(wanted or BY_DEFAULT[kind]), "hs_object_id", created(kind), modified(kind)]
        known = {name: row["properties"].get(name) for name in names if name in PROPERTIES[kind]}
        return {**row, "properties": known, "archived": False}

    def touch(self, kind: str, row: Json) -> None:
        """An object was changed now."""
        row["updatedAt"] = row["properties"][modified(kind)] = stamp(self.world.time())

    # what ties them

    def near(self, kind: str, own: str, other: str) -> Iterator[tuple[str, int]]:
        """Ids and kinds of association of the other objects that one is tied to."""
        for tie in self.state["ties"]:
            left, right = (tuple(end.split("/")) for end in tie.split(">"))
            if left == (kind, own) and right[0] == other:
                yield right[1], TIES[kind, other]
            elif right == (kind, own) and left[0] == other:
                yield left[1], TIES[kind, other]

    def tie(self, kind: str, own: str, other_kind: str, other: str) -> None:
        """Tie two objects."""
        if (kind, other_kind) not in TIES:
            raise Refusal("invalid", f"No association from {kind} to {other_kind}", status=400)
        self.object_of(other_kind, other)
        if other not in [one for one, _ in self.near(kind, own, other_kind)]:
            self.state["ties"][f"{kind}/{own}>{other_kind}/{other}"] = TIES[kind, other_kind]

    @route("GET", "/account-info/v3/details")
    def account(self, call: Call) -> Json:
        """The portal."""
        return {
            "portalId": PORTAL, "accountType": "STANDARD", "timeZone": "Europe/London", "companyCurrency": "EUR",
            "additionalCurrencies": ["USD"], "utcOffset": "+00:00", "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com", "dataHostingLocation": "eu1",
        }  # fmt: skip
