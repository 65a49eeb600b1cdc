"""Filters, orders and periods as people write them, in the terms of the Data API."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

Json = dict[str, Any]
Kind = Callable[[str], tuple[str, str]]  # a name as written to its API name and `metric` or `dimension`

START, END = 28, 1  # days ago, by default
WORDS = {"users": "activeUsers", "user": "activeUsers", "visitors": "activeUsers", "people": "activeUsers",
         "visits": "sessions", "views": "screenPageViews", "pageviews": "screenPageViews", "hits": "eventCount",
         "events": "eventCount", "conversions": "keyEvents", "revenue": "totalRevenue", "sales": "totalRevenue",
         "purchases": "ecommercePurchases", "page": "pagePath", "pages": "pagePath", "url": "pagePath",
         "landingpages": "landingPage", "channel": "sessionDefaultChannelGroup",
         "channels": "sessionDefaultChannelGroup", "source": "sessionSource", "sources": "sessionSource",
         "medium": "sessionMedium", "campaign": "sessionCampaignName", "device": "deviceCategory",
         "devices": "deviceCategory", "day": "date", "days": "date", "daily": "date", "week": "isoYearIsoWeek",
         "weekly": "isoYearIsoWeek", "month": "yearMonth", "monthly": "yearMonth", "countries": "country",
         "cities": "city", "languages": "language", "browsers": "browser", "screen": "unifiedScreenName",
         "screens": "unifiedScreenName", "event": "eventName", "newvsreturningusers": "newVsReturning",
         "newvsreturning": "newVsReturning"}  # fmt: skip
REALTIME = {
    "metric": {"activeUsers": "Active users", "eventCount": "Event count", "keyEvents": "Key events",
               "screenPageViews": "Views"},
    "dimension": {"country": "Country", "city": "City", "deviceCategory": "Device category", "platform": "Platform",
                  "unifiedScreenName": "Page title and screen name", "eventName": "Event name",
                  "minutesAgo": "Minutes ago", "audienceName": "Audience name", "appVersion": "App version",
                  "streamName": "Stream name"},
}  # fmt: skip
_SIGNS = {
    "=": "EXACT", "==": "EXACT", "is": "EXACT", "equals": "EXACT", "contains": "CONTAINS", "has": "CONTAINS",
    "begins with": "BEGINS_WITH", "starts with": "BEGINS_WITH", "ends with": "ENDS_WITH", "matches": "PARTIAL_REGEXP",
}  # fmt: skip
_NUMBERS = {
    ">": "GREATER_THAN", ">=": "GREATER_THAN_OR_EQUAL", "<": "LESS_THAN", "<=": "LESS_THAN_OR_EQUAL", "=": "EQUAL",
    "==": "EQUAL", "over": "GREATER_THAN", "above": "GREATER_THAN", "under": "LESS_THAN", "below": "LESS_THAN",
}  # fmt: skip
_TERM = re.compile(
    r"(?P<name>[A-Za-z][\w: ]*?)\s*(?P<sign>>=|<=|!=|==|=|>|<|\b(?:is not|does not contain|not in|in|is|equals|"
    r"contains|has|begins with|starts with|ends with|matches|over|above|under|below)\b)\s*(?P<value>.+)",
    re.IGNORECASE,
)
_AND, _OR = re.compile(r"\s+(?:and|&&)\s+", re.IGNORECASE), re.compile(r"\s+(?:or|\|\|)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Period:
    """Two days, both counted; the day before yesterday is two days ago."""

    start: date
    end: date

    def range(self, name: str = "") -> Json:
        """As the API wants it."""
        return {"startDate": self.start.isoformat(), "endDate": self.end.isoformat()} | ({"name": name} if name else {})

    def before(self, how: str) -> Period:
        """The period that it is compared to."""
        if how == "previous_year":
            return Period(_year_before(self.start), _year_before(self.end))
        length = self.end - self.start + timedelta(days=1)
        return Period(self.start - length, self.end - length)


def period(start: date | None, end: date | None, today: date) -> Period:
    """What is meant where one end is left open: the 28 days up to yesterday.

    Raises:
        ValueError: it ends before it begins.
    """
    last = end or max(today - timedelta(days=END), min(start or date.min, today))
    first = start or (today - timedelta(days=START) if end is None else last - timedelta(days=START - 1))
    if first > last:
        raise ValueError("it ends before it begins")
    return Period(first, last)


def filters(text: str, kind: Kind) -> Json:
    """`dimensionFilter` and `metricFilter` out of `country = Germany and sessions > 100`.

    Raises:
        ValueError: a part of it is no comparison, or words are joined in a way that the API cannot ask for.
    """
    groups: dict[str, list[Json]] = {"dimension": [], "metric": []}
    for part in _AND.split(text.strip()):
        alternatives = [_term(one, kind) for one in _OR.split(part)]
        of = {one for one, _ in alternatives}
        if len(of) > 1:
            raise ValueError("“or” cannot join a metric and a dimension")
        made = [one for _, one in alternatives]
        groups[of.pop()].append(made[0] if len(made) == 1 else {"orGroup": {"expressions": made}})
    return {
        f"{name}Filter": made[0] if len(made) == 1 else {"andGroup": {"expressions": made}}
        for name, made in groups.items()
        if made
    }


def order(text: str, kind: Kind) -> list[Json]:
    """`-sessions` as what the API sorts by."""
    plain = text.strip()
    is_down = plain.startswith("-") or plain.lower().endswith((" desc", " descending"))
    name, of = kind(re.sub(r"^[-+]|\s+(?:desc|asc)\w*$", "", plain, flags=re.IGNORECASE).strip())
    return [{"desc": is_down, of: {f"{of}Name": name}}]


def plain(name: str) -> str:
    """A name without what people write in different ways."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def meant(text: str, known: Mapping[str, str]) -> Sequence[str]:
    """API names that a text stands for; `known` has the name that people see for each."""
    wanted = plain(text)
    for fits in (
        lambda name: wanted in (plain(name), plain(known[name])),
        lambda name: WORDS.get(wanted) == name,
        lambda name: bool(wanted) and (wanted in plain(known[name]) or wanted in plain(name)),
    ):
        if found := [name for name in known if fits(name)]:
            return found
    return ()


def _term(text: str, kind: Kind) -> tuple[str, Json]:
    hit = _TERM.fullmatch(text.strip())
    if hit is None and text.strip().startswith("/"):  # a page alone
        hit = _TERM.fullmatch(f"pagePath contains {text.strip()}")
    if hit is None:
        raise ValueError(f"“{text.strip()}” compares nothing")
    (name, of), sign, value = kind(hit["name"]), hit["sign"].lower(), hit["value"].strip().strip("\"'“”")
    if sign in ("in", "not in"):
        values = [one.strip().strip("\"'“”") for one in value.strip("()[]").split(",")]
        made: Json = {"filter": {"fieldName": name, "inListFilter": {"values": values}}}
        return of, {"notExpression": made} if sign == "not in" else made
    is_not = sign in ("!=", "is not", "does not contain")
    sign = {"!=": "=", "is not": "=", "does not contain": "contains"}.get(sign, sign)
    if of == "metric":
        if sign not in _NUMBERS and sign not in ("is", "equals"):
            raise ValueError(f"{name} is a number")
        number = float(value.replace(",", ""))
        amount = {"int64Value": str(int(number))} if number.is_integer() else {"doubleValue": number}
        made = {
            "filter": {"fieldName": name, "numericFilter": {"operation": _NUMBERS.get(sign, "EQUAL"), "value": amount}}
        }
    elif sign in _SIGNS:
        made = {"filter": {"fieldName": name, "stringFilter": {"matchType": _SIGNS[sign], "value": value}}}
    else:
        raise ValueError(f"{name} is no number")
    return of, {"notExpression": made} if is_not else made


def _year_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
