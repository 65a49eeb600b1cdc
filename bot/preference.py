"""What a person chose for themselves: how dates and numbers are written, the time zone, how long an answer is."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from pydantic import BaseModel, ConfigDict

from bot.delivery import Notes
from core.errors import InvalidArgument
from core.message import Button, Entry, Listing, Part
from core.principal import Principal

LOCALES: Mapping[str, str] = {
    "": "As in the chat",
    "en_GB": "English (UK)",
    "en_US": "English (US)",
    "de_DE": "Deutsch",
    "fr_FR": "Français",
    "es_ES": "Español",
    "pt_BR": "Português",
}
ZONES = ("", "America/Los_Angeles", "America/New_York", "Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Tokyo")
LENGTHS: Mapping[str, str] = {"full": "Full", "short": "Short"}
SETTINGS = ("locale", "timezone", "length")
_KIND = "preference"


class Preference(BaseModel):
    """ "" leaves it to the chat platform."""

    model_config = ConfigDict(frozen=True)

    locale: str = ""
    timezone: str = ""
    length: str = "full"

    def to(self, who: Principal) -> Principal:
        """The person with these choices."""
        given = {"locale": self.locale, "timezone": self.timezone}
        return who.model_copy(update={name: value for name, value in given.items() if value})


class Preferences:
    """The store of preferences."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def of(self, who: Principal) -> Preference:
        """What this person chose."""
        return Preference.model_validate(await self._notes.get(_KIND, _key(who)) or {})

    async def applied(self, who: Principal) -> Principal:
        """The person, with their own choices in the place of the platform's."""
        return (await self.of(who)).to(who)

    async def choose(self, who: Principal, name: str, value: str) -> Preference:
        """Keep a choice.

        Raises:
            InvalidArgument: there is no such setting, or it takes no such value.
        """
        if name not in SETTINGS or not _FITS[name](value):
            raise InvalidArgument(f"“{value[:40]}” is nothing that can be set there.", parameter=name)
        chosen = (await self.of(who)).model_copy(update={name: value})
        await self._notes.put(_KIND, _key(who), chosen.model_dump())
        return chosen

    async def section(self, who: Principal) -> list[Part]:
        """What is set, and what else could be."""
        chosen = await self.of(who)
        entries = (
            Entry(
                text=f"Dates and numbers: {LOCALES.get(chosen.locale, chosen.locale)}",
                buttons=_buttons("locale", LOCALES, chosen.locale),
            ),
            Entry(
                text=f"Time zone: {chosen.timezone or f'{who.timezone}, as in the chat'}",
                buttons=_buttons("timezone", {one: one or "As in the chat" for one in ZONES}, chosen.timezone),
            ),
            Entry(
                text=f"Answers: {LENGTHS[chosen.length].lower()}",
                detail="Short ones show the first five rows of what was found.",
                buttons=_buttons("length", LENGTHS, chosen.length),
            ),
        )
        return [Listing(title="Settings", entries=entries)]


def _buttons(name: str, offered: Mapping[str, str], chosen: str) -> tuple[Button, ...]:
    return tuple(
        Button(label=label, action="set", target=name, value=value)
        for value, label in offered.items()
        if value != chosen
    )


def _key(who: Principal) -> str:
    return f"{who.tenant}:{who.id}"


def _is_locale(value: str) -> bool:
    try:
        return not value or bool(Locale.parse(value))
    except (ValueError, UnknownLocaleError):
        return False


def _is_zone(value: str) -> bool:
    try:
        return not value or bool(ZoneInfo(value))
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return False


_FITS = {"locale": _is_locale, "timezone": _is_zone, "length": LENGTHS.__contains__}
