"""Google Analytics' tools against the sandbox, held against Google's own descriptions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Event, Report
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.google_analytics import query
from tools.integrations.google_analytics.query import Period

TODAY = date(2026, 11, 24)
KNOWN = {"sessions": "metric", "bounceRate": "metric", "country": "dimension", "pagePath": "dimension"}


@pytest.fixture
async def ga(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "google_analytics") as found:
        yield found
        if has_descriptions():
            assert await found.problems("google_analytics") == []


async def find(ga: Company, text: str, parameter: str = "property", tool: str = "run_report", **args: Any) -> list[str]:
    system = await ga.open("google_analytics")
    return [one.id for one in await system.find(f"google_analytics.{tool}", parameter, text, args)]


async def report(ga: Company, tool: str = "run_report", **args: Any) -> Report:
    result = await ga.run(f"google_analytics.{tool}", **{"property": "310001", **args})
    assert isinstance(result, Report)
    return result


async def listed(ga: Company, tool: str, **args: Any) -> list[Any]:
    result = await ga.run(f"google_analytics.{tool}", **args)
    assert isinstance(result, list)
    return result


def kind(name: str) -> tuple[str, str]:
    return name, KNOWN[name]


@pytest.mark.parametrize(
    ("start", "end", "meant"),
    [
        (None, None, Period(date(2026, 10, 27), date(2026, 11, 23))),
        (date(2026, 11, 1), None, Period(date(2026, 11, 1), date(2026, 11, 23))),
        (TODAY, None, Period(TODAY, TODAY)),
        (None, date(2026, 10, 31), Period(date(2026, 10, 4), date(2026, 10, 31))),
    ],
)
def test_open_periods(start: date | None, end: date | None, meant: Period) -> None:
    assert query.period(start, end, TODAY) == meant


def test_periods_beside() -> None:
    week = Period(date(2026, 11, 16), date(2026, 11, 22))
    assert week.before("previous_period") == Period(date(2026, 11, 9), date(2026, 11, 15))
    assert Period(date(2028, 2, 29), date(2028, 2, 29)).before("previous_year").start == date(2027, 2, 28)
    with pytest.raises(ValueError, match="before"):
        query.period(TODAY, date(2026, 11, 1), TODAY)


def test_filters_are_read() -> None:
    made = query.filters(
        'country = "Germany" or country in (Spain, Italy) and pagePath != / and sessions >= 1,000', kind
    )
    both, path = made["dimensionFilter"]["andGroup"]["expressions"]
    assert both["orGroup"]["expressions"][1]["filter"]["inListFilter"]["values"] == ["Spain", "Italy"]
    assert path["notExpression"]["filter"]["stringFilter"] == {"matchType": "EXACT", "value": "/"}
    number = made["metricFilter"]["filter"]["numericFilter"]
    assert number == {"operation": "GREATER_THAN_OR_EQUAL", "value": {"int64Value": "1000"}}
    assert query.filters("bounceRate under 0.5", kind)["metricFilter"]["filter"]["numericFilter"]["value"] == {
        "doubleValue": 0.5
    }
    assert query.filters("/docs", kind)["dimensionFilter"]["filter"]["stringFilter"]["matchType"] == "CONTAINS"
    for wrong in ("country", "country > 5", "sessions contains x", "country = A or sessions > 1"):
        with pytest.raises(ValueError, match=r".+"):
            query.filters(wrong, kind)


async def test_properties_accounts_metrics_and_key_events_are_found(ga: Company) -> None:
    assert await find(ga, "the Fernwick website property") == ["310001"]
    assert await find(ga, "https://analytics.google.com/analytics/web/#/p310002/reports/home") == ["310002"]
    assert await find(ga, "properties/310003") == ["310003"]
    assert await find(ga, "Tip screen prototype") == []
    assert await find(ga, "Fernwick", "account", "list_changes") == ["1001"]
    assert await find(ga, "visitors", "metrics") == ["activeUsers"]
    assert await find(ga, "Bounce rate", "metrics", property="Fernwick website") == ["bounceRate"]
    assert len(await find(ga, "users", "metrics")) == 1
    assert len(await find(ga, "session", "metrics")) > 1
    assert await find(ga, "landing page", "dimensions") == ["landingPage"]
    assert await find(ga, "plan", "dimensions", property="310001") == ["customEvent:plan"]
    assert await find(ga, "plan", "dimensions") == []
    assert await find(ga, "weather", "metrics") == []
    assert await find(ga, "screen", "dimensions", "run_realtime_report") == ["unifiedScreenName"]
    assert await find(ga, "sign up", "event_name", "delete_key_event", property="Developer docs") == ["sign_up"]


async def test_figures_fit_together(ga: Company) -> None:
    whole = await report(ga, metrics=["sessions"])
    by_day = await report(ga, metrics=["sessions"], dimensions=["date"], limit=28)
    assert whole.figures[0].name == "total sessions"
    assert len(by_day.text.splitlines()) == 29
    few = await report(ga, metrics=["sessions"], dimensions=["pagePath"], limit=2)
    assert few.sections == ("2 of 6 rows.",)
    germans = await report(ga, metrics=["activeUsers"], filter="country is Germany", order_by="-users")
    assert 0 < int(germans.figures[0].value.replace(",", "")) < int(whole.figures[0].value.replace(",", ""))
    beside = await report(ga, metrics=["totalRevenue"], compare_to="previous_year")
    assert {one.name for one in beside.figures[:2]} == {"total totalRevenue (current)", "total totalRevenue (previous)"}
    assert beside.figures[0].value.endswith(" EUR")
    table = await report(ga, "run_pivot_report", metrics=["sessions"], rows="country", columns="deviceCategory")
    assert table.text.splitlines()[0] == "country / deviceCategory | mobile | desktop | tablet"
    live = await report(ga, "run_realtime_report")
    assert live.figures[0].name == "total activeUsers"
    nobody = await report(ga, metrics=["sessions"], dimensions=["city"], filter="city = Atlantis")
    assert nobody.text == "Nothing was measured."


async def test_refusals_are_told(ga: Company) -> None:
    with pytest.raises(Rejected, match="Say which property"):
        await ga.run("google_analytics.run_report", metrics=["sessions"])
    with pytest.raises(NotFound, match="no such property"):
        await report(ga, property="320001", metrics=["sessions"])
    with pytest.raises(Rejected, match="not a valid metric"):
        await report(ga, metrics=["rainfall"])
    with pytest.raises(Rejected, match="remove sessions"):
        await report(ga, metrics=["sessions"], dimensions=["itemName"])
    with pytest.raises(Rejected, match="nothing called"):
        await report(ga, metrics=["sessions"], filter="rainfall > 3")
    with pytest.raises(Rejected, match="compares nothing"):
        await report(ga, metrics=["sessions"], filter="Germany")
    with pytest.raises(Conflict, match="by itself"):
        await ga.run("google_analytics.delete_key_event", property="310001", event_name="purchase")
    with pytest.raises(Conflict, match="already exists"):
        await ga.run("google_analytics.create_key_event", property="310001", event_name="sign_up")
    with pytest.raises(Forbidden, match="permissions"):
        await ga.run("google_analytics.create_key_event", property="310003", event_name="export")
    await ga.fault("google_analytics", kind="rate_limited", times=3)
    with pytest.raises(RateLimited):
        await listed(ga, "list_properties")
    await ga.connect("google_analytics", scopes=["https://www.googleapis.com/auth/analytics.readonly"])
    with pytest.raises(Forbidden, match=r"scope for this \(analytics\.edit\)"):
        await ga.run("google_analytics.create_key_event", property="310001", event_name="export")


async def test_the_only_property_needs_no_name(tmp_path: Path) -> None:
    async with company(tmp_path, "google_analytics", email="julia.stein@fernwick.example") as julia:
        found = await julia.run("google_analytics.run_report", metrics=["sessions"])
        assert isinstance(found, Report)
        assert found.title.startswith("Developer docs")


async def test_a_lost_answer_is_recovered_not_repeated(ga: Company) -> None:
    system, args = await ga.open("google_analytics"), {"property": "310001", "event_name": "only_once", "value": 3}
    assert await system.recover("google_analytics.create_key_event", args) is None
    await ga.fault("google_analytics", kind="cut_off", times=1, method="POST", after_effect=True)
    with pytest.raises(OutcomeUnknown):
        await system.run("google_analytics.create_key_event", args)
    change = await system.recover("google_analytics.create_key_event", args)
    assert change is not None
    await system.prove("google_analytics.create_key_event", change)
    await ga.undo(change)


async def test_a_key_event_comes_back_as_it_was(ga: Company) -> None:
    await ga.prove("google_analytics.create_key_event", property="310001", event_name="call", value=7)
    gone = await ga.prove("google_analytics.delete_key_event", property="310001", event_name="call")
    await ga.undo(gone)
    [back] = [one for one in await listed(ga, "list_key_events", property="310001") if one.title == "call"]
    assert back.detail == "7.00 EUR"


async def test_changes_page_on_and_stream(ga: Company) -> None:
    every = await listed(ga, "list_changes", account="1001")
    assert len(every) == 200
    [kept] = await listed(ga, "list_changes", account="1001", actor="nadia.rossi@fernwick.example")
    assert isinstance(kept, Event)
    assert "event data retention TWO_MONTHS → FOURTEEN_MONTHS" in kept.detail
    system = await ga.open("google_analytics")
    first = await system.stream("change")
    assert len(first.records) > 200
    assert (await system.stream("change", first.cursor)).records == []
    await ga.prove("google_analytics.create_key_event", property="310001", event_name="new_one")
    after = await system.stream("change", first.cursor)
    assert [one.title for one in after.records] == ["conversion event new_one created"]
