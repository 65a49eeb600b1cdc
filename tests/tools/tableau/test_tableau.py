"""Tableau's tools against the sandbox, beyond the walk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadSignature, Conflict, Forbidden, NotConnected, NotFound, OutcomeUnknown, RateLimited, Rejected
from core.records import Report, Task
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.tableau.integration import Tableau
from tools.integrations.tableau.schedule import schedule_of, spoken
from tools.integrations.tableau.search import chosen, job_type
from tools.kit.webhook import Delivery


@pytest.fixture
async def tableau(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "tableau") as found:
        yield found
        if has_descriptions():
            assert await found.problems("tableau") == []


async def find(tableau: Company, tool: str, parameter: str, text: str) -> list[Any]:
    return list(await (await tableau.open("tableau")).find(f"tableau.{tool}", parameter, text))


async def only(tableau: Company, tool: str, parameter: str, text: str) -> str:
    [found] = await find(tableau, tool, parameter, text)
    return str(found.id)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("weekdays 8am", "weekdays at 08:00"),
        ("every Monday morning", "Monday at 08:00"),
        ("tuesday and thursday 9am", "Tuesday, Thursday at 09:00"),
        ("fridays 4:15pm", "Friday at 16:15"),
        ("daily", "daily at 08:00"),
        ("every evening", "daily at 18:00"),
        ("monthly on the 1st", "monthly on day 1 at 08:00"),
        ("at the end of each month at 17:30", "monthly on the last day at 17:30"),
        ("weekly", "Monday at 08:00"),
    ],
)
def test_schedules_are_understood(said: str, meant: str) -> None:
    assert spoken(schedule_of(said)) == meant


def test_what_is_no_schedule_or_filter_is_refused() -> None:
    with pytest.raises(Rejected, match="weekdays 8am"):
        schedule_of("soon")
    assert chosen(["Region=West", "Region is East", "Year: 2026"]) == {"vf_Region": "West,East", "vf_Year": "2026"}
    with pytest.raises(Rejected, match="no filter"):
        chosen(["West"])
    assert [job_type(text) for text in ("extract refreshes", "flows", "run_flow")] == [
        "refresh_extracts",
        "run_flow",
        "run_flow",
    ]


async def test_names_are_found(tableau: Company) -> None:
    book = await only(tableau, "list_views", "workbook", "regional revenue")
    assert await only(tableau, "list_views", "workbook", book.upper()) == book
    link = "https://10ax.online.tableau.com/#/site/fernwick/views/RegionalRevenue/Overdue?:iid=1"
    assert await only(tableau, "list_views", "workbook", link) == book
    view = await only(tableau, "get_view_data", "view", link)
    assert await only(tableau, "get_view_data", "view", "overdue") == view
    assert [one.detail for one in await find(tableau, "get_view_image", "view", "Plans")] == [
        "Seats and Plans", "Seats and Plans (copy)",
    ]  # fmt: skip
    assert [one.detail for one in await find(tableau, "get_view_image", "view", "Ops Weekly")] == ["first sheet"]
    assert (await only(tableau, "subscribe", "content", "Ops Weekly")).startswith("Workbook/")
    assert (await only(tableau, "subscribe", "content", "Open Work")).startswith("View/")
    assert len(await find(tableau, "tag_workbook", "workbook", "seats")) == 2
    assert await find(tableau, "tag_workbook", "workbook", "unicorn") == []
    assert await find(tableau, "tag_workbook", "workbook", "00000000-0000-4000-8000-000000000000") == []
    assert len(await find(tableau, "subscribe", "user", "Alex")) == 2
    assert await only(tableau, "list_workbooks", "project", "finance") == "Finance"
    names = await (await tableau.open("tableau")).list_names()
    assert "Churn Watch" in names["workbook"]
    assert len(names["person"]) == 62


async def test_numbers_and_pictures_are_narrowed(tableau: Company) -> None:
    view = await only(tableau, "get_view_data", "view", "By Customer")
    whole = await tableau.run("tableau.get_view_data", view=view)
    part = await tableau.run("tableau.get_view_data", view=view, filters=["Country=DE"])
    assert isinstance(whole, Report)
    assert isinstance(part, Report)
    assert part.sections == ("Country", "Customer", "Revenue")
    assert [line.split(",")[0] for line in part.text.splitlines()[1:]] == ["DE"]
    assert int(whole.figures[0].value) > 10
    assert part.ref.url.endswith("/views/RegionalRevenue/ByCustomer?Country=DE")
    shot = await tableau.run("tableau.get_view_image", view=view)
    assert isinstance(shot, Report)
    assert shot.picture.startswith(b"\x89PNG")
    assert shot.figures[0].value == "800 x 450"
    assert "picture" not in shot.model_dump()


async def test_lists_page_and_filter(tableau: Company) -> None:
    system = await tableau.open("tableau")
    pages = [one["name"] async for one in system._all("workbooks", 2)]  # type: ignore[attr-defined]
    assert len(pages) == len({*pages}) == 7
    mine = await tableau.run(
        "tableau.list_workbooks", owner=await only(tableau, "list_workbooks", "owner", "Dana Whitlock")
    )
    assert isinstance(mine, list)
    assert [one.title for one in mine] == ["Ops Weekly"]
    failed = await tableau.run("tableau.list_jobs", status="Failed")
    assert isinstance(failed, list)
    assert [(one.title, one.status) for one in failed if isinstance(one, Task)] == [("CRM Opportunities", "Failed")]
    hits = await tableau.run("tableau.search_content", query="mei tanaka plans")
    assert isinstance(hits, list)
    assert [one.title for one in hits] == ["Seats and Plans (copy)", "Plans"]


async def test_what_does_not_fit_is_refused(tableau: Company) -> None:
    book = await only(tableau, "refresh_workbook", "workbook", "Ops Weekly")
    change = await tableau.prove("tableau.refresh_workbook", workbook=book)
    with pytest.raises(Conflict, match="already queued"):
        await tableau.run("tableau.refresh_workbook", workbook=book)
    await tableau.undo(change)
    [done, *_] = await tableau.run("tableau.list_jobs", status="Success")  # type: ignore[misc]
    assert isinstance(done, Task)
    with pytest.raises(Conflict, match="already finished"):
        await tableau.run("tableau.cancel_job", job=done.ref.id)
    with pytest.raises(Conflict, match="has this tag already"):
        await tableau.run("tableau.tag_workbook", workbook=book, tags=["Weekly"])
    with pytest.raises(NotFound):
        await tableau.run("tableau.list_views", workbook="00000000-0000-4000-8000-000000000000")
    await tableau.fault("tableau", kind="rate_limited", retry_after=60)
    with pytest.raises(RateLimited) as caught:
        await tableau.run("tableau.list_jobs")
    assert caught.value.retry_after_s == 60


async def test_lost_answers_are_recovered_not_repeated(tableau: Company) -> None:
    book = await only(tableau, "refresh_workbook", "workbook", "Churn Watch")
    user = await only(tableau, "subscribe", "user", "omar.benali@fernwick.example")
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("refresh_workbook", "/refresh$", {"workbook": book}),
        ("subscribe", "/subscriptions$", {"content": f"Workbook/{book}", "user": user, "schedule": "daily"}),
    ]
    for tool, path, args in cases:
        system = await tableau.open("tableau")
        assert await system.recover(f"tableau.{tool}", args) is None
        await tableau.fault("tableau", kind="cut_off", path=path, method="POST", after_effect=True)
        with pytest.raises(OutcomeUnknown):
            await system.run(f"tableau.{tool}", args)
        change = await system.recover(f"tableau.{tool}", args)
        assert change is not None
        assert await system.prove(f"tableau.{tool}", change) is not None
    state = await tableau.state("tableau")
    assert len(state["subscriptions"]) == 1
    assert [one["status"] for one in state["jobs"].values()].count("Pending") == 1


async def test_sessions_are_renewed_until_the_token_is_gone(tableau: Company) -> None:
    for row in tableau.sandbox.world.grants._tokens.values():
        row["expires_at"] = 0 if row["kind"] == "session" else None
    assert await tableau.run("tableau.list_jobs")
    for row in tableau.sandbox.world.grants._tokens.values():
        row["revoked"] = True
    with pytest.raises(NotConnected):
        await tableau.run("tableau.list_jobs")


async def test_rights_are_told(tableau: Company) -> None:
    await tableau.connect("tableau", scopes=["tableau:content:read"])
    view = await only(tableau, "get_view_data", "view", "Overdue")
    with pytest.raises(Forbidden):
        await tableau.run("tableau.get_view_data", view=view)


async def test_stream_gives_all_and_then_the_change(tableau: Company) -> None:
    system = await tableau.open("tableau")
    first = await system.stream("workbook")
    assert len(first.records) == 7
    assert not (await system.stream("workbook", first.cursor)).records
    book = await only(tableau, "tag_workbook", "workbook", "Churn Watch")
    await tableau.run("tableau.tag_workbook", workbook=book, tags=["new"])
    assert [one.title for one in (await system.stream("workbook", first.cursor)).records] == ["Churn Watch"]


def test_webhooks_are_verified_and_understood() -> None:
    body = b'{"resource":"WORKBOOK","event_type":"WorkbookUpdated","resource_luid":"l1",'
    body += b'"created_at":"2026-11-24T10:00:00.1Z"}'
    delivery = Delivery.of({}, body, query={"token": "s"})
    Tableau.webhook.verify(delivery, "s")
    [event] = Tableau.events(delivery)
    assert (event.kind, event.ref and (event.ref.kind, event.ref.id)) == ("WorkbookUpdated", ("workbook", "l1"))
    assert event.id == "WorkbookUpdated:l1:2026-11-24T10:00:00.1Z"
    with pytest.raises(BadSignature):
        Tableau.webhook.verify(Delivery.of({}, body, query={"token": "x"}), "s")
