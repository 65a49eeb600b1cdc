"""Days, times and repetitions as people say them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from tools.integrations.google_calendar.mapping import free
from tools.integrations.google_calendar.occasion import Occasion, to_occasion
from tools.integrations.google_calendar.recurrence import first_start, to_rule

TUESDAY = date(2026, 11, 24)
START = datetime(2026, 11, 24, 15, tzinfo=ZoneInfo("Europe/London"))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow's steering committee", Occasion(("steering", "committee"), date(2026, 11, 25))),
        ("meeting with Emil on 19 May", Occasion(("emil",), date(2027, 5, 19))),
        ("dentist appointment on Friday", Occasion(("dentist",), date(2026, 11, 27))),
        ("lunch next Tuesday", Occasion(("lunch",), date(2026, 12, 1))),
        ("last Monday's retro", Occasion(("retro",), date(2026, 11, 23))),
        ("the 12th", Occasion((), date(2026, 12, 12))),
        ("2026-12-01 review", Occasion(("review",), date(2026, 12, 1))),
        ("meeting i have at 3 with Ludovica", Occasion(("ludovica",), None, time(15))),
        ("4.30 pm call", Occasion((), None, time(16, 30))),
        ("11:30", Occasion((), None, time(11, 30))),
        ("noon with Bo", Occasion(("bo",), None, time(12))),
        ("1:1 with Gunnar", Occasion(("1:1", "gunnar"))),
        ("the wedding planning", Occasion(("wedding", "planning"))),
        ("31 February party", Occasion(("31", "february", "party"))),
    ],
)
def test_occasion(text: str, meant: Occasion) -> None:
    assert to_occasion(text, TUESDAY) == meant


@pytest.mark.parametrize(
    ("phrase", "rule", "first"),
    [
        ("every Tuesday", "FREQ=WEEKLY;BYDAY=TU", 24),
        ("every other Monday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", 30),
        ("Tue and Thursdays until 30 June", "FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270630T225959Z", 24),
        ("every weekday", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 24),
        ("daily for 5 times", "FREQ=DAILY;COUNT=5", 24),
        ("every two weeks", "FREQ=WEEKLY;INTERVAL=2", 24),
        ("monthly", "FREQ=MONTHLY", 24),
        ("every last Friday", "FREQ=MONTHLY;BYDAY=-1FR", 27),
        ("quarterly", "FREQ=MONTHLY;INTERVAL=3", 24),
        ("on the 28th of every month", "FREQ=MONTHLY;BYMONTHDAY=28", 28),
        ("rrule:freq=daily", "FREQ=DAILY", 24),
    ],
)
def test_recurrence(phrase: str, rule: str, first: int) -> None:
    assert to_rule(phrase, START) == f"RRULE:{rule}"
    assert first_start(f"RRULE:{rule}", START) == START.replace(day=first)


@pytest.mark.parametrize("phrase", ["twice", "often", "every day until the cows come home"])
def test_what_is_no_recurrence(phrase: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        to_rule(phrase, START)


def test_free_time_is_working_time() -> None:
    friday, monday = START.replace(day=27, hour=9), START.replace(day=30, hour=12)
    gaps = free([(friday, friday.replace(hour=17))], friday, monday, friday.replace(hour=10) - friday)
    assert [(begin.day, begin.hour, end.hour) for begin, end in gaps] == [(27, 17, 18), (30, 8, 12)]
