"""The Admin API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.exchange import Call, Json, page
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.google_analytics.base import EDIT, READ, Base
from sandbox.vendors.google_analytics.seed import change, key_event, stamp, told

MOST_KEYS = 30
COUNTING = ("ONCE_PER_EVENT", "ONCE_PER_SESSION")


class Admin(Base):
    """Accounts, properties, key events, the history of changes."""

    @route("GET", "/v1beta/accountSummaries", scope=READ)
    def summaries(self, call: Call) -> Json:
        """The accounts and properties that the caller sees."""
        rows = [
            {
                "name": f"accountSummaries/{account['number']}", "account": f"accounts/{account['number']}",
                "displayName": account["name"],
                "propertySummaries": [
                    {
                        "property": f"properties/{one['number']}", "displayName": one["name"],
                        "propertyType": "PROPERTY_TYPE_ORDINARY", "parent": f"accounts/{account['number']}",
                        "canEdit": self.may(call.person, one, "edit"),
                    }
                    for one in there
                ],
            }
            for account, there in self.accounts(call.person)
        ]  # fmt: skip
        items, more = page(rows, call.get("pageToken"), call.whole("pageSize", 50, 200) or 50)
        return ({"accountSummaries": items} if items else {}) | ({"nextPageToken": more} if more else {})

    @route("GET", "/v1beta/properties/{property}", scope=READ)
    def get_property(self, call: Call) -> Json:
        """One property."""
        row = self.property(call)
        account = next(one for one, there in self.accounts(call.person) if row in there)
        return {
            "name": f"properties/{row['number']}", "displayName": row["name"], "currencyCode": row["currency"],
            "timeZone": row["zone"], "account": f"accounts/{account['number']}",
            "propertyType": "PROPERTY_TYPE_ORDINARY", "parent": f"accounts/{account['number']}",
            "serviceLevel": "GOOGLE_ANALYTICS_STANDARD",
        }  # fmt: skip

    @route("GET", "/v1beta/properties/{property}/keyEvents", scope=READ)
    def list_key_events(self, call: Call) -> Json:
        """The key events of a property."""
        items, more = page(
            self._keys(self.property(call)), call.get("pageToken"), call.whole("pageSize", 50, 200) or 50
        )
        return ({"keyEvents": items} if items else {}) | ({"nextPageToken": more} if more else {})

    @route("POST", "/v1beta/properties/{property}/keyEvents", scope=EDIT)
    def create_key_event(self, call: Call) -> Json:
        """Count an event from now on."""
        row, name = self.property(call, "edit"), str(call.need("eventName"))
        if call.need("countingMethod") not in COUNTING:
            raise refused(400, "invalidArgument", "Invalid counting_method.")
        if not name.replace("_", "").isalnum() or not name[0].isalpha() or len(name) > 40:
            raise refused(400, "invalidArgument", "event_name must consist of letters, digits and underscores.")
        keys = self._keys(row)
        if any(one["eventName"] == name for one in keys):
            raise refused(409, "alreadyExists", f"Key event {name} already exists.")
        if len(keys) >= MOST_KEYS:
            raise refused(429, "resourceExhausted", "The number of key events is exhausted.")
        worth = call.get("defaultValue")
        if worth and not {"numericValue", "currencyCode"} <= {*worth}:
            raise refused(400, "invalidArgument", "A default value needs an amount and a currency.")
        own = str(self.count("key_event", 99_000))
        at = stamp(self.world.time())
        made = key_event(row["number"], own, name, str(call.get("countingMethod")), at, worth)
        self.state["key_events"][made["name"]] = made
        self._log(call, row, "CREATED", {"after": _brief(made)})
        return made

    @route("GET", "/v1beta/properties/{property}/keyEvents/{key}", scope=READ)
    def get_key_event(self, call: Call) -> Json:
        """One of them."""
        return self._key(call, self.property(call))

    @route("DELETE", "/v1beta/properties/{property}/keyEvents/{key}", scope=EDIT)
    def delete_key_event(self, call: Call) -> Json:
        """Count it no longer."""
        row = self.property(call, "edit")
        found = self._key(call, row)
        if not found["deletable"]:
            raise refused(400, "failedPrecondition", "This key event cannot be deleted.")
        del self.state["key_events"][found["name"]]
        self._log(call, row, "DELETED", {"before": _brief(found)})
        return {}

    @route("POST", "/v1beta/accounts/{account}:searchChangeHistoryEvents", scope=EDIT)
    def changes(self, call: Call) -> Json:
        """What was changed in an account, newest first."""
        seen = {one["number"] for account, there in self.accounts(call.person) for one in there
                if account["number"] == call.params["account"]}  # fmt: skip
        if not seen:
            raise refused(403, "forbidden", "The caller does not have permission.")
        of = str(call.get("property") or "").removeprefix("properties/")
        after, actors = call.get("earliestChangeTime"), call.get("actorEmail") or []
        found = [
            one
            for one in reversed(self.state["changes"])
            if one["account"] == call.params["account"]
            and one["property"] in ({of} if of else seen)
            and (not after or _at(one["at"]) >= _at(after))
            and (not actors or one["who"] in actors)
        ]
        found.sort(key=lambda one: str(one["at"]), reverse=True)
        items, more = page(found, call.get("pageToken"), call.whole("pageSize", 50, 200) or 50)
        rows = [self._shown(one) for one in items]
        return ({"changeHistoryEvents": rows} if rows else {}) | ({"nextPageToken": more} if more else {})

    def _shown(self, row: Json) -> Json:
        about = {"resource": f"properties/{row['property']}", "action": row["action"]}
        for name, value in (("resourceBeforeChange", row["before"]), ("resourceAfterChange", row["after"])):
            about |= {name: {row["kind"]: value}} if value else {}
        actor = {"actorType": "USER", "userActorEmail": row["who"]} if row["who"] else {"actorType": "SYSTEM"}
        return {"id": row["id"], "changeTime": row["at"], **actor, "changesFiltered": False, "changes": [about]}

    def _log(self, call: Call, row: Json, action: str, about: Json) -> None:
        account = next(one["number"] for one in told()["accounts"] if row in one["properties"])
        entry = {"account": account, "property": row["number"], "kind": "conversionEvent", "action": action, **about}
        number = f"n{self.count('change')}"
        self.state["changes"].append(change(number, entry, call.person.email, stamp(self.world.time())))

    def _keys(self, row: Json) -> list[Any]:
        begin = f"properties/{row['number']}/"
        return [one for name, one in self.state["key_events"].items() if name.startswith(begin)]

    def _key(self, call: Call, row: Json) -> Json:
        found: Json | None = self.state["key_events"].get(f"properties/{row['number']}/keyEvents/{call.params['key']}")
        if found is None:
            raise refused(404, "notFound", "Requested entity was not found.")
        return found


def _brief(made: Json) -> Json:
    return {"eventName": made["eventName"], "countingMethod": made["countingMethod"]}


def _at(text: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        raise refused(400, "invalidArgument", "Invalid time.") from None
