"""Days in a sentence: names, dates, weeks, months, quarters, and days counted from now."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from agent.local.literal import number

Grain = Literal["minute", "part", "day", "week", "month", "quarter", "year"]


class NoSuchDate(ValueError):
    """The words name a day that no calendar has, such as 30 February."""


@dataclass(frozen=True)
class Day:
    """A day or a longer stretch of days, without a time; `end` is exclusive. `bare` has no year or direction said."""

    start: date
    end: date
    grain: Grain = "day"
    bare: str = ""


@dataclass(frozen=True)
class Moment:
    """What a stretch of words says about time. `day` None: only a time was said. `end` of a range is its own."""

    day: Day | None = None
    clock: time | None = None
    until: time | None = None
    part: str = ""
    exact: datetime | None = None
    span_end: datetime | None = None
    is_same_time: bool = False
    impossible: bool = False


MONTHS = {
    name: n
    for n, names in enumerate(
        ("jan january", "feb february febuary", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep sept september", "oct october", "nov november", "dec december"), 1,
    )
    for name in names.split()
}  # fmt: skip
WEEKDAYS = {
    name: n
    for n, names in enumerate(
        ("mon monday", "tue tues tuesday", "wed weds wednesday wensday", "thu thur thurs thursday", "fri friday",
         "sat saturday", "sun sunday")
    )
    for name in names.split()
}  # fmt: skip
_MON = r"(?:jan(?:uary)?|feb(?:r?uary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
DOW = r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|wensday|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b"
_NUM = r"(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty[ -]five|forty|sixty|ninety|a couple(?: of)?|a few|half an?)"
_UNIT = r"(?:minutes?|mins?|hours?|hrs?|days?|business days?|working days?|weeks?|wks?|fortnights?|months?|quarters?|years?)\b"
DAY_WORDS = re.compile(
    rf"""\b(?:
      (?:from\s(?:the\s)?|between\s)?(?:(?P<g1>\d{{1,2}})(?:st|nd|rd|th)?\s?(?:-|–|to|until|till|and|through)\s?(?P<g2>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<gm>{_MON})|(?P<gm2>{_MON})\s(?P<g3>\d{{1,2}})(?:st|nd|rd|th)?\s?(?:-|–|to|until|through)\s?(?P<g4>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:))
    | (?P<iso>\d{{4}}-\d{{2}}-\d{{2}})(?:[T ](?P<isot>\d{{2}}:\d{{2}})(?::\d{{2}})?(?:Z|[+\-]\d{{2}}:?\d{{2}})?)?
    | (?P<dayafter>(?:the\s)?day\s(?P<da>after\s(?:tomorrow|tmrw)|before\syesterday))
    | (?P<rel>today|tonight|tonite|tomorrow|tmrw|tmr|tomorow|tommorow|tommorrow|yesterday|yday)(?:['’]s)?\b
    | (?P<edge>(?:the\s)?(?:very\s)?(?:end|start|beginning|middle|close)\sof\s(?:the\s)?(?:business\s)?|(?:early|late|mid|middle)[\s-])?(?:
        (?P<which>this|next|last|past|previous|coming|current|the|following)?\s?(?P<period>week(?:end)?|month|quarter|year)\b(?:\s(?P<pdow>{DOW}))?
      | (?P<edgeday>day|today|business)\b
      )
    | (?P<eo>(?:end\sof\sday|eod|eow|eom|eoq|eoy|cob|month[\s-]end|quarter[\s-]end|year[\s-]end)\b)
    | (?:(?P<dwhich>this|next|last|past|coming|this\scoming)\s)?(?P<dow>{DOW})(?:['’]s)?(?:\s(?P<dnext>next\sweek|this\sweek|last\sweek|week))?
        (?:,?\s(?:the\s)?(?:(?P<dwd>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<dwm>{_MON})|(?P<dwm2>{_MON})\s(?P<dwd2>\d{{1,2}})(?:st|nd|rd|th)?\b|(?P<dwd3>\d{{1,2}})(?:st|nd|rd|th)\b)(?:,?\s(?P<dwy>20\d\d))?)?
    | (?P<edgem>(?:the\s)?(?:end|start|beginning|middle)\sof\s|(?:early|late|mid)[\s-])?
      (?:(?:the\s)?(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s(?:of\s)?(?P<m1>{_MON})(?:,?\s(?P<y1>\d{{4}}))?
      |(?P<m2>{_MON})\s(?:the\s)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,?\s(?P<y2>20\d{{2}}))?
      |(?:(?P<mwhich>this|next|last)\s)?(?P<m3>{_MON})(?:\s(?P<y3>20\d{{2}}))?)
    | (?P<nth>the\s(?P<nthd>\d{{1,2}})(?:st|nd|rd|th)\b(?:\sof\s(?P<nthm>next|this|the|last)\smonth)?|(?<=\son\s)(?P<nthd2>\d{{1,2}})(?:st|nd|rd|th)\b)
    | (?P<in>(?:with)?in\s(?:the\snext\s)?)(?P<inn>{_NUM})\s?(?P<inu>{_UNIT})(?P<intime>['’]?\s?time)?
    | (?P<agon>{_NUM})\s?(?P<agou>{_UNIT})\s(?P<ago>ago|from\snow|from\stoday|back|earlier)
    | (?P<weekfrom>an?\sweek\s(?:from|on)\s(?P<wfd>{DOW}|today|tomorrow|now))
    | (?P<lastn>(?:over\s|in\s|for\s|within\s)?(?:the\s)?(?P<lnw>last|past|next|previous|coming))\s(?P<lnn>{_NUM})\s(?P<lnu>{_UNIT})
    | (?P<us>\d{{1,2}})/(?P<us2>\d{{1,2}})(?:/(?P<us3>\d{{4}}|\d{{2}}))?(?![\w/])
    | (?P<eu>\d{{1,2}})\.(?P<eu2>\d{{1,2}})\.(?P<eu3>\d{{4}})?(?!\w)
    | (?P<q>q[1-4])\b(?:\s?(?P<qy>20\d\d))?
    | (?:(?<=since\s)|(?<=\sin\s)|(?<=from\s)|(?<=during\s))(?P<year>20\d\d)\b
    )""",
    re.I | re.X,
)

_BEFORE_MONTH = re.compile(
    r"\b(?:in|since|until|till|by|before|after|from|of|for|this|next|last|during|to|through|and|early|late|mid|end)\s+$",
    re.I,
)


def is_date(m: re.Match[str], raw: str) -> bool:
    """Keeps "may", "march", "sun" and a bare "week" out where they are ordinary words."""
    before = raw[max(0, m.start() - 12) : m.start()]
    if m["m3"] and not (m["edgem"] or m["mwhich"] or m["y3"]):
        word = m["m3"].rstrip(".")
        if word.lower() in ("may", "march", "mar", "dec", "jan", "sep"):
            return bool(_BEFORE_MONTH.search(before)) or (word[0].isupper() and word.lower() != "may" and m.start() > 0)
        return bool(_BEFORE_MONTH.search(before)) or word[0].isupper()
    if m["dow"] and not (m["dwhich"] or m["dnext"] or m["dwd"] or m["dwd2"]) and len(m["dow"]) == 3:
        return (
            m["dow"].lower() not in ("sat", "sun", "wed", "mon")
            or bool(re.search(r"\b(?:on|by|til|until|before|from|to|since|for)\s+$|^$|,\s*$", before, re.I))
            or m["dow"][0].isupper()
        )
    if m["period"] and not m["edge"]:
        return m["which"] is not None and m["which"].lower() != "the"
    if m["edgeday"] and not m["edge"]:
        return False
    if (
        m["edgeday"]
        and m["edgeday"].lower() != "today"
        and not re.match(r"(?:the )?(?:end|close)", m["edge"] or "", re.I)
    ):
        return False
    if m["us"] and not m["us3"] and (int(m["us"]) > 31 or int(m["us2"]) > 31):
        return False
    return not (m["us"] and re.match(r"\s?(?:seats|done|complete|of\b)", raw[m.end() : m.end() + 8]))


def read_day(m: re.Match[str], now: datetime) -> Moment | None:
    """The moment that a match of DAY_WORDS names; raises NoSuchDate."""
    today = now.date()
    if m["iso"]:
        day = _one(date.fromisoformat(m["iso"])) if _is_iso(m["iso"]) else None
        if day is None:
            raise NoSuchDate
        return Moment(day=day, clock=time.fromisoformat(m["isot"]) if m["isot"] else None)
    if m["gm"] or m["gm2"]:
        month = MONTHS[(m["gm"] or m["gm2"]).rstrip(".").lower()]
        first = _calendar_day(None, month, int(m["g1"] or m["g3"]), today)
        last = _calendar_day(first.start.year, month, int(m["g2"] or m["g4"]), today)
        return Moment(day=Day(first.start, max(first.end, last.end), "week", bare="year"))
    if m["dayafter"]:
        return Moment(day=_one(today + timedelta(days=2 if m["da"].lower().startswith("after") else -2)))
    if m["rel"]:
        word = m["rel"].lower()
        offset = -1 if word.startswith("y") else 0 if word in ("today", "tonight", "tonite") else 1
        return Moment(day=_one(today + timedelta(days=offset)), part="evening" if word.startswith("toni") else "")
    if m["eo"]:
        return _edge_word(m["eo"].lower(), today)
    if m["period"]:
        stretch = _period(m["period"].lower(), (m["which"] or "this").lower(), today)
        if m["pdow"]:
            return Moment(day=_one(stretch.start + timedelta(days=WEEKDAYS[m["pdow"].lower()])))
        return Moment(day=_edge(stretch, m["edge"]))
    if m["edgeday"]:
        return Moment(day=_one(today), clock=time(17), part="eod")
    if m["dow"]:
        return Moment(day=_weekday(m, today))
    if m["m1"] or m["m2"] or m["m3"]:
        return Moment(day=_month_day(m, today))
    if m["nth"]:
        return Moment(day=_nth(m, today))
    if m["inn"] and m["in"]:
        return _shift(m["inn"], m["inu"], 1, now)
    if m["agon"]:
        return _shift(m["agon"], m["agou"], -1 if m["ago"].lower() in ("ago", "back", "earlier") else 1, now)
    if m["weekfrom"]:
        word = m["wfd"].lower()
        base = today + timedelta(
            days=(WEEKDAYS[word] - today.weekday()) % 7 if word in WEEKDAYS else word == "tomorrow"
        )
        return Moment(day=_one(base + timedelta(days=7)))
    if m["lastn"]:
        return _stretch(m, now)
    if m["us"]:
        return Moment(day=_slashed(m, today))
    if m["eu"]:
        return Moment(day=_calendar_day(int(m["eu3"]) if m["eu3"] else None, int(m["eu2"]), int(m["eu"]), today))
    if m["q"]:
        return Moment(
            day=_quarter(int(m["q"][1]), int(m["qy"]) if m["qy"] else today.year, bare="" if m["qy"] else "year")
        )
    if m["year"]:
        return Moment(day=Day(date(int(m["year"]), 1, 1), date(int(m["year"]) + 1, 1, 1), "year"))
    return None


def _is_iso(text: str) -> bool:
    year, month, day = (int(part) for part in text.split("-"))
    return year > 0 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _one(day: date, bare: str = "") -> Day:
    return Day(day, day + timedelta(days=1), "day", bare)


def _month(year: int, month: int, bare: str = "") -> Day:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return Day(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1), "month", bare)


def _quarter(quarter: int, year: int, bare: str = "") -> Day:
    year, quarter = year + (quarter - 1) // 4, (quarter - 1) % 4 + 1
    return Day(date(year, quarter * 3 - 2, 1), _month(year, quarter * 3).end, "quarter", bare)


def _period(period: str, which: str, today: date) -> Day:
    step = {"next": 1, "following": 1, "coming": 1, "last": -1, "past": -1, "previous": -1}.get(which, 0)
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * step)
    if period == "week":
        return Day(monday, monday + timedelta(days=7), "week")
    if period == "weekend":
        if which == "coming":
            monday -= timedelta(days=7)
        return Day(monday + timedelta(days=5), monday + timedelta(days=7), "week")
    if period == "month":
        return _month(today.year, today.month + step)
    if period == "quarter":
        return _quarter((today.month + 2) // 3 + step, today.year)
    return Day(date(today.year + step, 1, 1), date(today.year + step + 1, 1, 1), "year")


def _edge(day: Day, edge: str | None) -> Day:
    low = (edge or "").lower()
    if "end" in low or "close" in low or "late" in low:
        last = day.end - timedelta(days=3 if day.grain == "week" else 1)
        return _one(last)
    if "start" in low or "begin" in low or "early" in low:
        return _one(day.start)
    if "mid" in low:
        return _one(
            date(day.start.year, day.start.month, 15) if day.grain == "month" else day.start + (day.end - day.start) / 2
        )
    return day


def _edge_word(word: str, today: date) -> Moment:
    if word in ("eod", "cob", "end of day"):
        return Moment(day=_one(today), clock=time(17), part="eod")
    name = {"w": "week", "m": "month", "q": "quarter", "y": "year"}[word[2] if word.startswith("eo") else word[0]]
    return Moment(day=_edge(_period(name, "this", today), "end of"))


def _weekday(m: re.Match[str], today: date) -> Day:
    if m["dwd"] or m["dwd2"]:
        month = MONTHS[(m["dwm"] or m["dwm2"]).rstrip(".").lower()]
        return _calendar_day(int(m["dwy"]) if m["dwy"] else None, month, int(m["dwd"] or m["dwd2"]), today)
    if m["dwd3"]:
        return _nth_day(int(m["dwd3"]), today)
    wanted, which = WEEKDAYS[m["dow"].lower()], (m["dwhich"] or "").lower()
    monday = today - timedelta(days=today.weekday())
    ahead = (wanted - today.weekday()) % 7
    nearby = (m["dnext"] or "").lower()
    if nearby == "next week" or (which == "next" and not nearby):
        return _one(monday + timedelta(days=7 + wanted))
    if nearby == "last week":
        return _one(monday + timedelta(days=wanted - 7))
    if nearby == "this week":
        return _one(monday + timedelta(days=wanted))
    if which in ("last", "past"):
        return _one(today - timedelta(days=(today.weekday() - wanted) % 7 or 7))
    return _one(today + timedelta(days=(ahead or 7) + (7 if nearby == "week" else 0)), bare="week")


def _calendar_day(year: int | None, month: int, day: int, today: date) -> Day:
    if not 1 <= month <= 12 or not 1 <= day <= (
        29 if month == 2 and year is None else monthrange(year or today.year, month)[1]
    ):
        raise NoSuchDate
    if year is not None:
        return _one(date(year + 2000 if year < 100 else year, month, day))
    year = today.year
    if month == 2 and day == 29:
        while monthrange(year, 2)[1] < 29:
            year += 1
    found = date(year, month, day)
    if found < today and not (month == 2 and day == 29):
        found = date(year + 1, month, day)
    return _one(found, bare="year")


def _month_day(m: re.Match[str], today: date) -> Day:
    name = (m["m1"] or m["m2"] or m["m3"]).rstrip(".").lower()
    month = MONTHS[name]
    year = m["y1"] or m["y2"] or m["y3"]
    if m["m3"]:
        step = {"next": 1, "last": -1}.get((m["mwhich"] or "").lower(), 0)
        y = (
            int(year)
            if year
            else today.year
            + (1 if month < today.month and step >= 0 else -1 if step < 0 and month >= today.month else 0)
        )
        return _edge(_month(y, month, "" if year or step else "year"), m["edgem"])
    return _calendar_day(int(year) if year else None, month, int(m["d1"] or m["d2"]), today)


def _nth(m: re.Match[str], today: date) -> Day:
    day, which = int(m["nthd"] or m["nthd2"]), (m["nthm"] or "").lower()
    if which:
        month = _month(today.year, today.month + {"next": 1, "last": -1}.get(which, 0))
        if day > (month.end - month.start).days or day < 1:
            raise NoSuchDate
        return _one(month.start + timedelta(days=day - 1))
    return _nth_day(day, today)


def _nth_day(day: int, today: date) -> Day:
    if not 1 <= day <= 31:
        raise NoSuchDate
    month = _month(today.year, today.month)
    for _ in range(3):
        if day <= (month.end - month.start).days and month.start + timedelta(days=day - 1) >= today:
            break
        month = _month(month.start.year, month.start.month + 1)
    return _one(month.start + timedelta(days=day - 1), bare="month")


def _slashed(m: re.Match[str], today: date) -> Day:
    a, b = int(m["us"]), int(m["us2"])
    month, day = (b, a) if a > 12 else (a, b)
    return _calendar_day(int(m["us3"]) if m["us3"] else None, month, day, today)


def count_of(text: str) -> float:
    """A count in digits or words; 1 where it is neither."""
    low = text.lower()
    if low.startswith("half"):
        return 0.5
    if low.startswith("a couple"):
        return 2
    if low == "a few":
        return 3
    value = number(low)
    return value if value is not None else 1


def _shift(count: str, unit: str, sign: int, now: datetime) -> Moment:
    amount, unit = min(count_of(count), 5000), unit.lower()
    if unit.startswith(("min", "hour", "hr")):
        step = timedelta(minutes=amount) if unit.startswith("min") else timedelta(hours=amount)
        return Moment(exact=now + sign * step)
    today = now.date()
    if unit.startswith(("month", "quarter", "year")):
        months = int(amount * {"m": 1, "q": 3, "y": 12}[unit[0]]) * sign
        target = _month(today.year, today.month + months)
        return Moment(day=_one(target.start + timedelta(days=min(today.day, (target.end - target.start).days) - 1)))
    if unit.startswith(("business", "working")):
        day, left = today, int(amount)
        while left:
            day += timedelta(days=sign)
            left -= day.weekday() < 5
        return Moment(day=_one(day))
    days = amount * (7 if unit.startswith(("week", "wk")) else 14 if unit.startswith("fort") else 1)
    return Moment(day=_one(today + timedelta(days=sign * days)))


def _stretch(m: re.Match[str], now: datetime) -> Moment:
    back = m["lnw"].lower() in ("last", "past", "previous")
    edge = _shift(m["lnn"], m["lnu"], -1 if back else 1, now)
    if edge.exact is not None:
        return Moment(exact=min(now, edge.exact), span_end=max(now, edge.exact))
    if edge.day is None:
        return edge
    first, last = (edge.day.start, now.date()) if back else (now.date(), edge.day.start)
    return Moment(day=Day(first, last + timedelta(days=1), "week"))
