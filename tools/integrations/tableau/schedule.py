"""When a subscription goes out: from what people say to Tableau's frequency, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import Rejected

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = {"early": 7, "morning": 8, "midday": 12, "noon": 12, "lunch": 12, "afternoon": 15, "evening": 18, "night": 21}
CLOCK = re.compile(
    r"\b(?:at\s+|@\s*)?(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|uhr|h|o'?clock)?(?!\S*(?:st|nd|rd|th)\b)", re.I
)
ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b|\bday\s+(\d{1,2})\b", re.IGNORECASE)


def schedule_of(text: str) -> dict[str, Any]:
    """Tableau's schedule out of `weekdays 8am`, `every Monday morning`, `daily` or `monthly on the 1st`.

    Raises:
        Rejected: it says neither a day nor how often.
    """
    said = text.lower()
    start = f"{_clock(said)}:00"
    days = [day for day in DAYS if re.search(rf"\b{day[:3].lower()}(?:{day[3:].lower()})?s?\b", said)]
    if re.search(r"\b(week|work|business)\s?-?days?\b", said):
        days = [*DAYS[:5]]
    elif "weekend" in said:
        days = [*DAYS[5:]]
    if days:
        return _schedule("Weekly", start, [{"weekDay": day} for day in days])
    if re.search(r"\bmonth", said):
        hit = ORDINAL.search(said)
        last = re.search(r"\blast\b|\bend\b", said)
        day = "LastDay" if last else str(int(hit[1] or hit[2])) if hit else "1"
        return _schedule("Monthly", start, [{"monthDay": day}])
    if re.search(r"\bweek", said):
        return _schedule("Weekly", start, [{"weekDay": "Monday"}])
    if re.search(r"\bdaily\b|\bdays?\b|\bmorning|\bevening|\bnight|\beach\b|\bevery\b|\bnoon", said):
        return _schedule("Daily", start, [{"hours": "24"}])
    raise Rejected(f"When is “{text}”? Say it like weekdays 8am, every Monday morning, or monthly on the 1st.")


def spoken(schedule: Mapping[str, Any]) -> str:
    """A schedule as people say it."""
    details = schedule.get("frequencyDetails") or {}
    rows = (details.get("intervals") or {}).get("interval") or []
    days = [str(row["weekDay"]) for row in rows if row.get("weekDay")]
    at = f" at {str(details.get('start') or '')[:5]}" if details.get("start") else ""
    month = next((str(row["monthDay"]) for row in rows if row.get("monthDay")), "")
    if days == [*DAYS[:5]]:
        return f"weekdays{at}"
    if days:
        return f"{', '.join(days)}{at}"
    if month:
        return f"monthly on the last day{at}" if month == "LastDay" else f"monthly on day {month}{at}"
    return f"{str(schedule.get('frequency') or schedule.get('name') or 'daily').lower()}{at}"


def _schedule(frequency: str, start: str, rows: list[dict[str, str]]) -> dict[str, Any]:
    return {"frequency": frequency, "frequencyDetails": {"start": start, "intervals": {"interval": rows}}}


def _clock(said: str) -> str:
    hit = next(
        (one for one in CLOCK.finditer(said) if one[2] or one[3] or one[0].strip().startswith(("at", "@"))), None
    )
    if hit and int(hit[1]) < 24 and int(hit[2] or 0) < 60:
        hour = (
            int(hit[1]) % 12 + (12 if (hit[3] or "").lower() == "pm" else 0) if hit[3] in ("am", "pm") else int(hit[1])
        )
        return f"{hour:02d}:{int(hit[2] or 0):02d}"
    return f"{next((hour for word, hour in PARTS.items() if word in said), 8):02d}:00"
