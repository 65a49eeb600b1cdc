"""Dates and numbers as a person writes them: their locale and their time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal

from core.clock import utc_now
from core.principal import Principal

HOUSE = "en_GB"
NEAR_DAYS = 180
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Writer:
    """Writes for one person; a locale that nobody knows is the house's own."""

    zone: ZoneInfo
    locale: str = HOUSE
    is_brief: bool = False

    @classmethod
    def of(cls, who: Principal, *, is_brief: bool = False) -> Writer:
        """For this person."""
        return cls(who.zone, _known(who.locale), is_brief)

    def moment(self, moment: datetime) -> str:
        """Day and time; the year where it is far away."""
        there = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(self.zone)
        is_near = abs((there - utc_now()).days) < NEAR_DAYS
        day = format_skeleton("MMMEd" if is_near else "yMMMEd", there, locale=self.locale)
        return f"{day} {format_time(there.time(), 'short', locale=self.locale)}"

    def day(self, day: date) -> str:
        """A day with its year."""
        return format_date(day, "medium", locale=self.locale)

    def number(self, value: float | Decimal | str) -> str:
        """A number with its decimals as they are; one alone is the rest of two."""
        digits = len(str(value).partition(".")[2]) if not isinstance(value, int) else 0
        digits = 2 if digits == 1 else digits
        return format_decimal(Decimal(str(value)), f"#,##0{'.' if digits else ''}{'0' * digits}", locale=self.locale)

    def text(self, text: str) -> str:
        """A date or a moment as it is written; any other text as it is."""
        try:
            if _DAY.fullmatch(text):
                return self.day(date.fromisoformat(text))
            if len(text) >= 16 and text[4:5] == "-" and text[10:11] == "T":
                return self.moment(datetime.fromisoformat(text))
        except ValueError:
            return text
        return text

    def figure(self, text: str) -> str:
        """A number as it is written; any other text as `text` has it."""
        return self.number(text) if _NUMBER.fullmatch(text) else self.text(text)


def _known(name: str) -> str:
    """A locale that can be written in; chat platforms say `de-DE` or `de_DE`."""
    try:
        return str(Locale.parse(name.replace("-", "_"))) if name else HOUSE
    except (ValueError, UnknownLocaleError):
        return HOUSE
