"""The script of a month: what happened, to whom it was worth saying, and what they pressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict

from core.errors import InvalidArgument
from core.message import Entry, Listing, Notice, NoticeKind, Reply
from core.principal import Principal

TENANT = "fernwick"
LINK = "https://fernwick.example/"
Label = Literal["useful", "noise", "repeat", "flap", "stale"]


class Somebody(BaseModel):
    """A person of the script; on the days `away` they open no chat."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str
    zone: str
    per_day: int = 8
    away: tuple[date, ...] = ()

    @property
    def principal(self) -> Principal:
        """Who they are to the assistant."""
        return Principal(tenant=TENANT, id=self.email, name=self.email, email=self.email, timezone=self.zone)


class More(BaseModel):
    """What few lines say: urgent, of use for so many hours, what is pressed where it is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urgent: bool = False
    within: float = 72
    press: Literal["", "less", "useful"] = ""


@dataclass(frozen=True)
class Candidate:
    """Something that might be said; `number` tells it from all others of the script."""

    number: int
    at: datetime
    to: str
    kind: NoticeKind
    topic: str
    about: str
    state: str
    words: str
    label: Label
    more: More

    @property
    def ends(self) -> datetime:
        """Until when it is of use."""
        return self.at + timedelta(hours=self.more.within)

    def notice(self, person: str, twist: str = "") -> Notice:
        """The notice that a source would make of it; a `twist` makes its state unlike every other."""
        entry = Entry(text=self.words, url=f"{LINK}{self.number}")
        return Notice(
            tenant=TENANT,
            person=person,
            kind=self.kind,
            topic=self.topic,
            signature=f"{self.about}:{self.state}{twist}",
            subject=f"{self.about}{twist}",
            reply=Reply(parts=(Listing(entries=(entry,)),)),
            why=f"it is about {self.about}",
            is_urgent=self.more.urgent,
            expires_at=self.ends,
        )


@dataclass(frozen=True)
class Over:
    """A state that ended."""

    at: datetime
    to: str
    about: str


@dataclass(frozen=True)
class Month:
    """The people and everything that happened, in order."""

    people: Mapping[str, Somebody]
    happened: tuple[Candidate | Over, ...]

    @property
    def candidates(self) -> list[Candidate]:
        """What might be said."""
        return [one for one in self.happened if isinstance(one, Candidate)]


def load(path: Path) -> Month:
    """Read a script.

    Raises:
        InvalidArgument: a line does not fit.
    """
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    people = {name: Somebody.model_validate(one) for name, one in data["people"].items()}
    return Month(people, tuple(sorted(_happened(data["days"], people), key=lambda one: one.at)))


def _happened(days: Mapping[date, list[list[Any]]], people: Mapping[str, Somebody]) -> Iterator[Candidate | Over]:
    number = 0
    for day, lines in days.items():
        for line in lines:
            number += 1
            try:
                yield _line(number, day, line, people)
            except (KeyError, ValueError, IndexError) as error:
                raise InvalidArgument(f"Line {line} of {day} does not fit.", cause=repr(error)) from error


def _line(number: int, day: date, line: list[Any], people: Mapping[str, Somebody]) -> Candidate | Over:
    hour, minute = line[0].split("h")
    zone = ZoneInfo(people[line[1]].zone)
    at = datetime.combine(day, time(int(hour), int(minute)), zone).astimezone(UTC)
    if line[2] == "over":
        return Over(at, line[1], line[3])
    to, kind, topic, about, state, words, label = line[1:8]
    if kind not in get_args(NoticeKind) or label not in get_args(Label):
        raise ValueError(f"{kind}, {label}")
    return Candidate(number, at, to, kind, topic, about, str(state), words, label, More(**(line[8:] or [{}])[0]))
