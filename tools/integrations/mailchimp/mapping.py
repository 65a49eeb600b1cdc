"""Mailchimp's JSON to records and back; no key of Mailchimp's passes these functions."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from core.records import Campaign, Channel, Figure, Person, Ref, Report
from tools.kit.webhook import WebhookEvent

SENT = ("sending", "sent")
_HTML = re.compile(r"<(p|br|div|h[1-6]|a|table|html|body|strong|b|em|ul|img)\b", re.IGNORECASE)


def hash_of(email: str) -> str:
    """How Mailchimp addresses a person of an audience."""
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def place(audience: str, email: str) -> str:
    """The id of a subscriber: the audience's and the person's in it."""
    return f"{audience}/{hash_of(email)}"


def to_audience(item: Mapping[str, Any], site: str) -> Channel:
    """An audience; its topic tells how large it is and how it responds."""
    stats = item.get("stats") or {}
    size = int(stats.get("member_count") or 0)
    told = [f"{size} subscribed", f"{stats.get('unsubscribe_count') or 0} unsubscribed"]
    told += [f"{float(stats[name]):.1f} % {word}" for name, word in RATES.items() if stats.get(name) is not None]
    ref = _ref("audience", item["id"], _link(site, "lists/members/", item.get("web_id")))
    return Channel(ref=ref, title=item.get("name") or "", topic=", ".join(told), size=size)


RATES = {"open_rate": "open", "click_rate": "click"}


def to_subscriber(item: Mapping[str, Any], site: str, audience: str = "") -> Person:
    """A person of an audience; `audience` is its name, `labels` are the tags."""
    fields = item.get("merge_fields") or {}
    email = str(item["email_address"])
    name = " ".join(str(fields[key]) for key in ("FNAME", "LNAME") if fields.get(key)) or item.get("full_name")
    own = f"{item['list_id']}/{item['id']}"
    return Person(
        ref=_ref("subscriber", own, _link(site, "lists/members/view", item.get("web_id")), email),
        title=name or email,
        email=email,
        status=item.get("status") or "",
        source=item.get("source") or "",
        description=audience,
        labels=tuple(tag["name"] for tag in item.get("tags") or ()),
        is_active=item.get("status") in ("subscribed", "pending"),
    )


def to_campaign(item: Mapping[str, Any], site: str) -> Campaign:
    """A campaign; its title is the one within Mailchimp, else its subject."""
    settings, to = item.get("settings") or {}, item.get("recipients") or {}
    subject = settings.get("subject_line") or ""
    link = item.get("long_archive_url") if item.get("status") == "sent" else ""
    return Campaign(
        ref=_ref("campaign", item["id"], link or _link(site, "campaigns/show", item.get("web_id"))),
        title=settings.get("title") or subject or "Untitled",
        status=item.get("status") or "",
        subject=subject,
        audience=to.get("list_name") or to.get("list_id") or "",
        description=_narrowed(to),
        sender=" ".join(filter(None, (settings.get("from_name"), settings.get("reply_to")))),
        sends_at=moment(item.get("send_time")),
        is_sent=item.get("status") in SENT,
    )


def to_report(item: Mapping[str, Any], site: str) -> Report:
    """How a campaign did; rates are shares of those it reached."""
    opens, clicks, bounces = (item.get(name) or {} for name in ("opens", "clicks", "bounces"))
    bounced = sum(int(bounces.get(name) or 0) for name in ("hard_bounces", "soft_bounces", "syntax_errors"))
    figures = {
        "sent": item.get("emails_sent", 0),
        "opened by": f"{opens.get('unique_opens', 0)} ({share(opens.get('open_rate'))})",
        "clicked by": f"{clicks.get('unique_subscriber_clicks', 0)} ({share(clicks.get('click_rate'))})",
        "opens": opens.get("opens_total", 0),
        "clicks": clicks.get("clicks_total", 0),
        "bounced": bounced,
        "unsubscribed": item.get("unsubscribed", 0),
        "reported as abuse": item.get("abuse_reports", 0),
    }
    subject = item.get("subject_line") or ""
    return Report(
        ref=_ref("report", item["id"], f"{site}/reports" if site else ""),
        title=item.get("campaign_title") or subject,
        text=f"“{subject}” to {item.get('list_name') or 'its audience'}",
        figures=tuple(Figure(name=name, value=str(value)) for name, value in figures.items()),
    )


def share(rate: Any) -> str:
    """A rate between nothing and one, in per cent."""
    return f"{float(rate or 0) * 100:.1f} %"


def named(first: str | None, last: str | None) -> dict[str, str]:
    """The merge fields of a name; what is None is left out."""
    return {key: value for key, value in (("FNAME", first), ("LNAME", last)) if value is not None}


def tagged(add: Iterable[str], remove: Iterable[str]) -> list[dict[str, str]]:
    """The body of a change of tags."""
    return [{"name": tag, "status": "active"} for tag in add] + [{"name": tag, "status": "inactive"} for tag in remove]


def to_html(text: str) -> str:
    """The body of an e-mail: HTML as it is, plain text as paragraphs."""
    if _HTML.search(text):
        return text
    paragraphs = (html.escape(part, quote=False).replace("\n", "<br>") for part in re.split(r"\n\s*\n", text.strip()))
    return "".join(f"<p>{part}</p>" for part in paragraphs)


def moment(value: Any) -> datetime | None:
    """A moment in ISO 8601; None for nothing."""
    return datetime.fromisoformat(str(value)) if value else None


def to_events(body: bytes) -> list[WebhookEvent]:
    """The form that a webhook carries; it has no id, so the thing, the person and the second make one."""
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    kind, fired = form["type"], form.get("fired_at", "")
    audience, email = form.get("data[list_id]", ""), form.get("data[new_email]") or form.get("data[email]", "")
    ref = Ref(integration="mailchimp", kind="subscriber", id=place(audience, email), key=email)
    if kind == "campaign":
        ref = Ref(integration="mailchimp", kind="campaign", id=form.get("data[id]", ""))
    at = datetime.fromisoformat(fired).replace(tzinfo=UTC) if fired else None
    return [WebhookEvent("-".join((kind, form.get("data[status]", ""), ref.id, fired)), kind, ref, at)]


def _narrowed(to: Mapping[str, Any]) -> str:
    segment = (to.get("segment_opts") or {}).get("saved_segment_id")
    return f"segment {segment}" if segment else ""


def _ref(kind: str, own: str, url: str, key: str = "") -> Ref:
    return Ref(integration="mailchimp", kind=kind, id=own, key=key, url=url)


def _link(site: str, path: str, web_id: Any) -> str:
    return f"{site}/{path}?id={web_id}" if site and web_id else ""
