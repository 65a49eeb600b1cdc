"""What Slack reads out of text: search modifiers and the times of reminders."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sandbox.exchange import Json, Refusal

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}


@dataclass
class Search:
    """A query: words that must and must not be there, and `in:`, `from:`, `after:`, `before:`, `on:`."""

    zone: ZoneInfo
    words: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    channel: str = ""
    sender: str = ""
    after: date | None = None
    before: date | None = None
    on: date | None = None

    @classmethod
    def parse(cls, query: str, time_zone: str) -> Search:
        """Read a query; days are the caller's."""
        search = cls(ZoneInfo(time_zone))
        try:
            parts = shlex.split(query.replace("'", "\\'"))
        except ValueError:
            parts = query.split()
        for part in parts:
            name, colon, value = part.partition(":")
            if colon and name == "in":
                search.channel = (
                    re.sub(r"^<?#|\|?[^|]*>$|^@", "", value) if value.startswith("<") else value.lstrip("#@")
                )
            elif colon and name == "from":
                search.sender = value.strip("<@>").lower()
            elif colon and name in ("after", "before", "on"):
                setattr(search, name, _day(value))
            elif part.startswith("-") and len(part) > 1:
                search.without.append(part[1:].lower())
            else:
                search.words.append(part.lower())
        return search

    def fits(self, channel: Json, row: Json, sender: Json, me: str) -> bool:
        """Whether a message is a hit."""
        text, day = row["text"].lower(), datetime.fromtimestamp(float(row["ts"]), self.zone).date()
        names = {sender["id"].lower(), sender["name"].lower(), sender["real_name"].lower()}
        if sender["id"] == me:
            names.add("me")
        return (
            all(word in text for word in self.words)
            and not any(word in text for word in self.without)
            and self.channel in ("", channel["name"], channel["id"])
            and (not self.sender or self.sender in names)
            and (self.after is None or day > self.after)
            and (self.before is None or day < self.before)
            and (self.on is None or day == self.on)
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Reminder:
    """When a reminder is due; a recurring one has no single moment."""

    at: datetime
    is_recurring: bool = False

    @classmethod
    def parse(cls, text: str, now: datetime, time_zone: str) -> Reminder:
        """A Unix time, seconds up to a day, "in 20 minutes", "tomorrow at 9:00" or "every ..."."""
        if re.fullmatch(r"\d+(\.\d+)?", text):
            value = float(text)
            moment = now + timedelta(seconds=value) if value <= 86400 else datetime.fromtimestamp(value, UTC)
            if moment <= now:
                raise Refusal("cannot_parse")
            return cls(moment)
        if re.match(r"every\b|daily|weekly", text.lower()):
            return cls(now, is_recurring=True)
        if hit := re.fullmatch(r"in (\d+|an?) (minute|hour|day|week)s?", text.lower()):
            number = int(hit[1]) if hit[1].isdigit() else 1
            return cls(now + timedelta(seconds=number * UNITS[hit[2]]))
        if hit := re.fullmatch(r"(today|tomorrow) at (\d{1,2})(?::(\d{2}))?\s*(am|pm)?", text.lower()):
            local = now.astimezone(ZoneInfo(time_zone))
            hour = int(hit[2]) % 12 + (12 if hit[4] == "pm" else 0) if hit[4] else int(hit[2])
            if hour < 24:
                day = local.date() + timedelta(days=hit[1] == "tomorrow")
                return cls(datetime.combine(day, time(hour, int(hit[3] or 0)), local.tzinfo).astimezone(UTC))
        raise Refusal("cannot_parse")
