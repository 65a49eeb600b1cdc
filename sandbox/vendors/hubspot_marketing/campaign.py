"""Campaigns, their figures and money."""

from __future__ import annotations

from datetime import date

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot_marketing.base import Base
from sandbox.vendors.hubspot_marketing.seed import guid

READ, WRITE = "marketing.campaigns.read", "marketing.campaigns.write"
KNOWN = (
    "hs_name", "hs_campaign_status", "hs_start_date", "hs_end_date", "hs_owner", "hs_notes", "hs_audience",
    "hs_currency_code", "hs_utm",
)  # fmt: skip
MODELS = (
    "LINEAR", "FIRST_INTERACTION", "LAST_INTERACTION", "FULL_PATH", "U_SHAPED", "W_SHAPED", "TIME_DECAY", "J_SHAPED",
    "INVERSE_J_SHAPED",
)  # fmt: skip


class Campaigns(Base):
    """The campaigns API."""

    @route("GET", "/marketing/v3/campaigns", scope=READ)
    def campaigns(self, call: Call) -> Json:
        """A page of them, by part of the name."""
        part, sort = str(call.get("name") or "").casefold(), str(call.get("sort") or "hs_name")
        rows = [row for row in self.state["campaigns"].values() if part in row["properties"]["hs_name"].casefold()]
        name = sort.lstrip("-")
        rows.sort(key=lambda row: row.get(name) or row["properties"].get(name) or "", reverse=sort.startswith("-"))
        return self.page(call, [self._shown(call, row) for row in rows])

    @route("GET", "/marketing/v3/campaigns/{own}", scope=READ)
    def campaign(self, call: Call) -> Json:
        """One."""
        return self._shown(call, self.one("campaigns", call.params["own"]))

    @route("POST", "/marketing/v3/campaigns", scope=WRITE)
    def create_campaign(self, call: Call) -> Answer:
        """A new one."""
        properties = dict(call.need("properties"))
        self._check(properties)
        own, at = guid("made", self.count("campaign")), self.now()
        row = {"id": own, "properties": properties, "createdAt": at, "updatedAt": at}
        self.state["campaigns"][own] = row | {"budget": 0, "spent": 0}
        return Answer(201, {**row, "businessUnits": []})

    @route("DELETE", "/marketing/v3/campaigns/{own}", scope=WRITE)
    def archive_campaign(self, call: Call) -> None:
        """For good."""
        self.state["campaigns"].pop(call.params["own"], None)

    @route("GET", "/marketing/v3/campaigns/{own}/reports/metrics", scope=READ)
    def metrics(self, call: Call) -> Json:
        """Whom it reached."""
        sessions = self._size(call) * 37
        return {
            "sessions": sessions, "influencedContacts": sessions // 9, "newContactsFirstTouch": sessions // 40,
            "newContactsLastTouch": sessions // 52,
        }  # fmt: skip

    @route("GET", "/marketing/v3/campaigns/{own}/reports/revenue", scope="marketing.campaigns.revenue.read")
    def revenue(self, call: Call) -> Json:
        """What it brought in."""
        if call.get("attributionModel") not in (None, *MODELS):
            raise Refusal("invalid", f"attributionModel must be one of {', '.join(MODELS)}")
        deals = self._size(call) % 7 + 1
        amounts = {"dealAmount": deals * 12500.0, "revenueAmount": deals * 7300.5, "currencyCode": "EUR"}
        return {"dealsNumber": deals, "contactsNumber": deals * 3, **amounts}

    @route("GET", "/marketing/v3/campaigns/{own}/budget/totals", scope=READ)
    def budget(self, call: Call) -> Json:
        """What it may cost and did cost."""
        row = self.one("campaigns", call.params["own"])
        items = [{"id": "1", "name": "All of it", "amount": row["budget"], "order": 0}]
        spent = [{"id": "2", "name": "Advertising", "amount": row["spent"], "order": 0}]
        return {
            "budgetItems": items, "spendItems": spent, "budgetTotal": row["budget"], "spendTotal": row["spent"],
            "remainingBudget": row["budget"] - row["spent"], "currencyCode": "EUR",
        }  # fmt: skip

    def _size(self, call: Call) -> int:
        row = self.one("campaigns", call.params["own"])
        for name in ("startDate", "endDate"):
            if told := call.get(name):
                _day(told)
        return int(row["budget"] // 1000) + 3

    def _shown(self, call: Call, row: Json) -> Json:
        wanted = [name for name in ",".join(call.many("properties")).split(",") if name] or ["hs_name"]
        properties = {name: row["properties"][name] for name in wanted if name in row["properties"]}
        return {**{name: row[name] for name in ("id", "createdAt", "updatedAt")}, "properties": properties}

    def _check(self, properties: Json) -> None:
        if not properties.get("hs_name"):
            raise Refusal("invalid", "hs_name is required")
        if any(properties["hs_name"] == row["properties"]["hs_name"] for row in self.state["campaigns"].values()):
            raise Refusal("conflict", "A campaign with this name exists already", status=409)
        unknown = [name for name in properties if name not in KNOWN]
        if unknown:
            raise Refusal("invalid", f"Property {unknown[0]} does not exist")
        if properties.get("hs_owner") not in (None, *self.owners):
            raise Refusal("invalid", f"Owner {properties['hs_owner']} does not exist")
        days = [_day(properties[name]) for name in ("hs_start_date", "hs_end_date") if name in properties]
        if days != sorted(days):
            raise Refusal("invalid", "hs_end_date lies before hs_start_date")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal("invalid", f"{text} is no date") from None
