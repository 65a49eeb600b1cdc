"""HubSpot's campaigns, e-mails, forms, lists and figures to records; no key of HubSpot's passes these functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.records import Campaign, Channel, Document, Figure, Party, Person, Ref, Report

PROPERTIES = ["hs_name", "hs_campaign_status", "hs_start_date", "hs_end_date", "hs_owner", "hs_notes", "hs_audience"]
NAMES = {
    "name": "hs_name", "start_date": "hs_start_date", "end_date": "hs_end_date", "owner": "hs_owner",
    "notes": "hs_notes", "audience": "hs_audience",
}  # fmt: skip
SHOWN = {
    "hs_name": "title", "hs_start_date": "starts_on", "hs_end_date": "ends_on", "hs_owner": "owner",
    "hs_notes": "description", "hs_audience": "audience",
}  # fmt: skip
LEAVING = ("PRE_PROCESSING", "PROCESSING", "PUBLISHED", "PUBLISHED_AB")
COUNTERS = {
    "sent": "sent", "delivered": "delivered", "open": "opened by", "click": "clicked by", "bounce": "bounced",
    "unsubscribed": "unsubscribed", "spamreport": "reported as spam",
}  # fmt: skip
RATIOS = {"openratio": "open rate", "clickratio": "click rate", "clickthroughratio": "clicks by opens"}
MODELS = {
    "LINEAR": ("Linear",),
    "FIRST_INTERACTION": ("First interaction", "first touch"),
    "LAST_INTERACTION": ("Last interaction", "last touch"),
    "FULL_PATH": ("Full path",),
    "U_SHAPED": ("U-shaped", "u shaped"),
    "W_SHAPED": ("W-shaped", "w shaped"),
    "TIME_DECAY": ("Time decay",),
    "J_SHAPED": ("J-shaped", "j shaped"),
    "INVERSE_J_SHAPED": ("Inverse J-shaped", "inverse j shaped"),
}


def to_campaign(item: Mapping[str, Any], site: str, owners: Mapping[str, str]) -> Campaign:
    """A campaign, which groups e-mails, pages and money."""
    values = {name: value for name, value in item["properties"].items() if value not in (None, "")}
    owner = values.get("hs_owner")
    return Campaign(
        ref=_ref("campaign", item["id"], site, f"marketing/{{portal}}/campaigns/{item['id']}"),
        title=values.get("hs_name", ""),
        status=values.get("hs_campaign_status", ""),
        audience=values.get("hs_audience", ""),
        description=values.get("hs_notes", ""),
        owner=Party(id=owner, name=owners.get(owner, "")) if owner else None,
        starts_on=_day(values.get("hs_start_date")),
        ends_on=_day(values.get("hs_end_date")),
    )


def written(**values: Any) -> dict[str, str]:
    """The properties of a new campaign; what is None is left out."""
    return {NAMES[name]: str(value) for name, value in values.items() if value is not None}


def expected(properties: Mapping[str, str]) -> dict[str, Any]:
    """What the campaign read back must hold after these properties were written."""
    record = to_campaign({"id": "", "properties": properties}, "", {})
    return {SHOWN[name]: getattr(record, SHOWN[name]) for name in properties}


def to_email(item: Mapping[str, Any], site: str) -> Campaign:
    """A marketing e-mail."""
    sender = item.get("from") or {}
    state = item.get("state") or ""
    return Campaign(
        ref=_ref("email", item["id"], site, f"email/{{portal}}/details/{item['id']}/performance"),
        title=item.get("name") or "",
        status=state,
        subject=item.get("subject") or "",
        sender=" ".join(filter(None, (sender.get("fromName"), sender.get("replyTo")))),
        description=item.get("campaignName") or "",
        sends_at=_moment(item.get("publishDate")),
        is_sent=bool(item.get("isPublished")) or state in LEAVING,
    )


def to_form(item: Mapping[str, Any], site: str) -> Document:
    """A form; its text tells the fields."""
    fields = [field for group in item.get("fieldGroups") or () for field in group.get("fields") or ()]
    told = [
        f"{field.get('label') or field.get('name')}{' (required)' if field.get('required') else ''}" for field in fields
    ]
    return Document(
        ref=_ref("form", item["id"], site, f"forms/{{portal}}/editor/{item['id']}"),
        title=item.get("name") or "",
        text=", ".join(told),
        mime_type="text/html",
        access="archived" if item.get("archived") else "live",
        modified_at=_moment(item.get("updatedAt")),
    )


def to_performance(campaign: Campaign, metrics: Mapping[str, Any], revenue: Mapping[str, Any]) -> Report:
    """What a campaign brought in."""
    currency = revenue.get("currencyCode") or ""
    figures = {
        "sessions": metrics.get("sessions"),
        "influenced contacts": metrics.get("influencedContacts"),
        "new contacts, first touch": metrics.get("newContactsFirstTouch"),
        "new contacts, last touch": metrics.get("newContactsLastTouch"),
        "deals": revenue.get("dealsNumber"),
        "deal amount": _money(revenue.get("dealAmount"), currency),
        "attributed revenue": _money(revenue.get("revenueAmount"), currency),
    }
    return _report(campaign, "performance", figures)


def to_budget(campaign: Campaign, told: Mapping[str, Any]) -> Report:
    """What a campaign may cost, and what it did cost."""
    currency = told.get("currencyCode") or ""
    names = {"budget": "budgetTotal", "spent": "spendTotal", "left": "remainingBudget"}
    figures = {name: _money(told.get(key), currency) for name, key in names.items()}
    items = [
        f"{word}: {one.get('name')} {_money(one.get('amount'), currency)}"
        for word, key in (("budget", "budgetItems"), ("spent", "spendItems"))
        for one in told.get(key) or ()
    ]
    return _report(campaign, "budget", figures).model_copy(update={"sections": tuple(items)})


def to_stats(told: Mapping[str, Any], titles: Sequence[str]) -> Report:
    """How e-mails did, together."""
    data = told.get("aggregate") or {}
    counters, ratios = data.get("counters") or {}, data.get("ratios") or {}
    figures: dict[str, Any] = {word: counters.get(name) for name, word in COUNTERS.items()}
    figures |= {word: f"{ratios[name]:.1f} %" for name, word in RATIOS.items() if name in ratios}
    own = ",".join(map(str, told.get("emails") or ()))
    return Report(
        ref=Ref(integration="hubspot_marketing", kind="stats", id=own),
        title=", ".join(titles) or f"{len(told.get('emails') or ())} marketing e-mails",
        figures=_figures(figures),
    )


def to_list(item: Mapping[str, Any], people: Sequence[Person], site: str) -> Channel:
    """A static list, with those of the people asked about who are on it; its id names both."""
    own = str(item["listId"])
    told = item.get("additionalProperties") or {}
    size = item.get("size", told.get("hs_list_size"))
    return Channel(
        ref=_ref("list", own, site, f"contacts/{{portal}}/objectLists/{own}"),
        title=item.get("name") or "",
        size=int(size) if size not in (None, "") else None,
        members=tuple(Party(id=one.ref.id, name=one.title) for one in people),
    )


def to_person(item: Mapping[str, Any]) -> Person:
    """A contact, as far as it takes to tell people apart."""
    values = item["properties"]
    name = " ".join(filter(None, (values.get("firstname"), values.get("lastname"))))
    email = values.get("email") or ""
    ref = Ref(integration="hubspot_marketing", kind="contact", id=str(item["id"]))
    return Person(ref=ref, title=name or email, email=email)


def _report(campaign: Campaign, kind: str, figures: Mapping[str, Any]) -> Report:
    ref = campaign.ref.model_copy(update={"kind": kind})
    return Report(ref=ref, title=f"{campaign.title}: {kind}", figures=_figures(figures))


def _figures(values: Mapping[str, Any]) -> tuple[Figure, ...]:
    return tuple(Figure(name=name, value=str(value)) for name, value in values.items() if value not in (None, ""))


def _money(amount: Any, currency: str) -> str:
    return f"{float(amount):,.2f} {currency}".strip() if amount is not None else ""


def _day(value: Any) -> date | None:
    return date.fromisoformat(str(value)[:10]) if value else None


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(str(value)) if value else None


def _ref(kind: str, own: Any, site: str, path: str) -> Ref:
    """`site` is where the contacts of the portal are: its last part is the portal."""
    host, _, portal = site.partition("/contacts/")
    url = f"{host}/{path.format(portal=portal)}" if site else ""
    return Ref(integration="hubspot_marketing", kind=kind, id=str(own), url=url)
