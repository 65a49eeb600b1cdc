from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent.local import moment
from agent.local.dates import find
from agent.local.day import Moment

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=ZONE)  # a Tuesday


def only(text: str) -> Moment:
    moments = [span.value for span in find(text, NOW) if span.kind == "when"]
    assert len(moments) == 1, text
    return moments[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("ship it today", "2026-11-24"),
        ("by tmrw", "2026-11-25"),
        ("day after tomorrow", "2026-11-26"),
        ("since yesterday", "2026-11-23"),
        ("on friday", "2026-11-27"),
        ("next fri", "2026-12-04"),
        ("friday next week", "2026-12-04"),
        ("on the 12th", "2026-12-12"),
        ("on the 30th", "2026-11-30"),
        ("in two weeks", "2026-12-08"),
        ("3 days ago", "2026-11-21"),
        ("end of month", "2026-11-30"),
        ("end of next month", "2026-12-31"),
        ("closing end of march", "2027-03-31"),
        ("15 dec", "2026-12-15"),
        ("March 1st, 2028", "2028-03-01"),
        ("due 2026-12-24", "2026-12-24"),
        ("due 12/24", "2026-12-24"),
        ("a week from friday", "2026-12-04"),
        ("mid december", "2026-12-15"),
        ("in Q3", "2026-07-01"),
        ("feb 29", "2028-02-29"),
    ],
)
def test_a_day(text: str, day: str) -> None:
    assert moment.to_date(only(text), NOW) == day


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("tomorrow at 9", "2026-11-25T09:00", None),
        ("at 3, tomorrow", "2026-11-25T15:00", None),
        ("tomorrow at 10, please", "2026-11-25T10:00", None),
        ("in 2 hours", "2026-11-24T12:30", None),
        ("half past 3 tomorrow", "2026-11-25T15:30", None),
        ("Thursday 3-4pm", "2026-11-26T15:00", "2026-11-26T16:00"),
        ("tomorrow from 11 to 1", "2026-11-25T11:00", "2026-11-25T13:00"),
        ("noon on friday", "2026-11-27T12:00", None),
        ("tomorrow morning", "2026-11-25T09:00", "2026-11-25T12:00"),
        ("tonight at 8", "2026-11-24T20:00", None),
        ("at 9", "2026-11-25T09:00", None),
        ("EOD", "2026-11-24T17:00", None),
    ],
)
def test_a_time(text: str, start: str, end: str | None) -> None:
    said = only(text)
    assert (moment.to_datetime(said, NOW, ZONE) or "").startswith(start)
    if end:
        assert (moment.to_datetime(said, NOW, ZONE, is_end=True) or "").startswith(end)
    assert moment.has_end(said) is (end is not None)


@pytest.mark.parametrize("text", ["feb 30", "on the 31st of April", "31/4", "2026-02-30"])
def test_a_day_that_no_calendar_has(text: str) -> None:
    assert only(text).impossible


@pytest.mark.parametrize("text", ["may I ask", "march on", "10 to 20 people", "version 5.2", "we sat down", "net 15"])
def test_what_is_no_time(text: str) -> None:
    assert [s for s in find(text, NOW) if s.kind == "when"] == []


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90 minutes", "1h30m"),
        ("half an hour", "30m"),
        ("an hour and a half", "1h30m"),
        ("1h 30m", "1h30m"),
        ("2 hrs", "2h"),
    ],
)
def test_a_duration(text: str, length: str) -> None:
    assert [s.value for s in find(text, NOW) if s.kind == "duration"] == [length]


def test_a_recurrence_says_when_first() -> None:
    spans = find("every Monday at 8:30", NOW)
    assert [s.text for s in spans if s.kind == "every"] == ["every Monday"]
    first = next(s.value for s in spans if s.kind == "when")
    assert moment.to_datetime(first, NOW, ZONE) == "2026-11-30T08:30:00+01:00"


def test_the_first_of_a_recurrence_is_not_in_the_past() -> None:
    first = next(s.value for s in find("every Tuesday at 9", NOW) if s.kind == "when")
    assert moment.to_datetime(first, NOW, ZONE) == "2026-12-01T09:00:00+01:00"


def test_a_bare_weekday_can_lie_behind() -> None:
    assert moment.to_date(only("since friday"), NOW, is_past=True) == "2026-11-20"


def test_the_offset_is_that_of_the_day() -> None:
    assert moment.to_datetime(only("1 july at 10"), NOW, ZONE) == "2027-07-01T10:00:00+02:00"
