"""One request to a vendor: every way in which it can end, and what may be sent again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    AtomError,
    Conflict,
    Forbidden,
    InvalidArgument,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    VendorUnavailable,
)
from core.principal import Principal
from tests.tools.kit.acme import BASE, SECRET, Acme, AcmeKeyed, ok, status, wire
from tools.directory import Nobody
from tools.kit.connection import Connection
from tools.kit.http import Http, retry_after
from tools.kit.pace import COOL_S, LEAST_CALLS, RETRY_FLOOR

HTML = httpx.Response(200, html="<h1>Down for a bit</h1>")
LOST = httpx.ReadTimeout("too slow")
REFUSED = httpx.ConnectError("refused")


async def test_a_request_carries_facts_authority_and_arguments() -> None:
    vendor = wire(ok({"id": 5}))
    assert await vendor.http().get("/tasks", q="a b", none=None) == {"id": 5}
    [sent] = vendor.sent
    assert str(sent.url) == f"{BASE}/tasks?q=a+b"
    assert sent.headers["authorization"] == f"Bearer {SECRET}"
    assert sent.headers["x-acme-version"] == "7"
    assert sent.headers.get_list("accept") == ["application/vnd.acme+json"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (status(400), Rejected),
        (status(422), Rejected),
        (status(403), Forbidden),
        (status(404), NotFound),
        (status(410), NotFound),
        (status(409), Conflict),
        (status(412), Conflict),
        (status(423), Conflict),
        (status(401), NotConnected),
        (status(429, retry_after="60"), RateLimited),
        (ok({"ok": False, "error": "missing"}), NotFound),
        (ok({"ok": False, "error": "other"}), Rejected),
        (httpx.Response(404, html="<h1>no</h1>"), NotFound),
    ],
)
async def test_a_refusal_is_final_and_nothing_is_repeated(answer: httpx.Response, error: type[AtomError]) -> None:
    for method in ("GET", "POST"):
        vendor = wire(answer)
        with pytest.raises(error):
            await vendor.http().send(method, "/tasks")
        assert len(vendor.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        status(500),
        status(502),
        status(503),
        status(408),
        status(301),
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        HTML,
        httpx.Response(200),
        httpx.Response(200, content=b"\xff\xfe{"),
        ok({"ok": "?"}, 500),
        LOST,
        REFUSED,
        httpx.RemoteProtocolError("cut"),
        httpx.DecodingError("gzip"),
    ],
)
async def test_a_read_is_repeated_and_then_given_up(answer: httpx.Response | Exception) -> None:
    vendor = wire(answer)
    with pytest.raises(VendorUnavailable):
        await vendor.http().get("/tasks")
    assert len(vendor.sent) == 3
    vendor.next(answer, ok({"id": 1}))
    assert await vendor.http().get("/tasks") == {"id": 1}


@pytest.mark.parametrize(
    "answer",
    [
        status(500),
        status(503),
        status(408),
        status(303),
        HTML,
        LOST,
        httpx.ReadError("cut"),
        httpx.WriteTimeout("slow"),
    ],
)
async def test_a_write_without_an_answer_is_unknown_and_not_repeated(answer: httpx.Response | Exception) -> None:
    vendor = wire(answer)
    with pytest.raises(OutcomeUnknown):
        await vendor.http().post("/tasks", {"title": "x"})
    assert len(vendor.sent) == 1


async def test_a_write_that_was_not_sent_is_repeated() -> None:
    vendor = wire(REFUSED, httpx.ConnectTimeout("slow"), ok())
    await vendor.http().post("/tasks", {"title": "x"})
    assert len(vendor.sent) == 3
    vendor = wire(REFUSED)
    with pytest.raises(VendorUnavailable):
        await vendor.http().post("/tasks", {"title": "x"})


@pytest.mark.parametrize("after", [REFUSED, status(422), status(404), status(429, retry_after="99"), status(401)])
async def test_an_unknown_write_stays_unknown_whatever_the_repeat_says(after: httpx.Response | Exception) -> None:
    """The first may have happened: neither “nothing happened” nor “it was refused” is true then."""
    vendor = wire(LOST, after)
    with pytest.raises(OutcomeUnknown):
        await vendor.http(AcmeKeyed).post("/tasks", {"title": "x"})


async def test_an_empty_answer_to_a_write_and_no_content_are_fine() -> None:
    for answer in (httpx.Response(200), httpx.Response(204), httpx.Response(201, content=b"  ")):
        assert await wire(answer).http().post("/tasks") is None
    assert await wire(httpx.Response(204)).http().get("/member") is None


async def test_idempotency_keys_name_the_call_and_the_write() -> None:
    async def keys(call_id: str) -> list[str]:
        vendor = wire(ok(), LOST, ok())
        http = vendor.http(AcmeKeyed, call_id=call_id)
        await http.get("/tasks")
        await http.post("/tasks", {})
        await http.post("/tasks", {})
        assert "idempotency-key" not in vendor.sent[0].headers
        return [request.headers["idempotency-key"] for request in vendor.sent[1:]]

    first, again, second = await keys("call-1")
    assert first == again != second
    assert await keys("call-1") == [first, again, second]
    assert not {first, second} & {*await keys("call-2")}


async def test_too_many_requests_wait_as_long_as_the_vendor_says() -> None:
    vendor = wire(status(429, retry_after="2"), ok())
    await vendor.http().post("/tasks", {})
    assert any(1.9 < wait <= 2 for wait in vendor.slept)
    assert len(vendor.sent) == 2
    vendor = wire(status(429))
    with pytest.raises(RateLimited) as caught:
        await vendor.http().get("/tasks")
    assert caught.value.retry_after_s is None
    assert len(vendor.sent) == 3


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("-3", 0), ("nan", None), ("inf", None), ("soon", None), ("", None)]
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert retry_after({"RETRY-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    now = datetime(2027, 1, 1, 12, tzinfo=UTC)
    later = now + timedelta(seconds=90)
    assert retry_after({"Retry-After": format_datetime(later, usegmt=True)}, now) == 90
    assert retry_after({"Retry-After": "Fri, 01 Jan 2027 12:00:05 -0000"}, now) == 5
    assert retry_after({"Retry-After": format_datetime(now - timedelta(days=1))}, now) == 0


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_any_retry_after_gives_a_wait_or_none(value: str) -> None:
    wait = retry_after({"Retry-After": value})
    assert wait is None or 0 <= wait < float("inf")


async def test_an_expired_token_is_refreshed_once() -> None:
    renewed: list[Connection] = []

    async def refresh(stale: Connection) -> Connection:
        renewed.append(stale)
        return Connection("t", "ana", "acme", {"token": "new"})

    vendor = wire(status(401), ok({"id": 2}))
    assert await vendor.http(refresh=refresh).get("/tasks") == {"id": 2}
    assert [one.headers["authorization"] for one in vendor.sent] == [f"Bearer {SECRET}", "Bearer new"]
    vendor = wire(status(401))
    with pytest.raises(NotConnected):
        await vendor.http(refresh=refresh).post("/tasks", {})
    assert len(vendor.sent) == 2
    assert len(renewed) == 2


async def test_the_budget_of_retries_ends() -> None:
    vendor = wire(REFUSED)
    for _ in range(RETRY_FLOOR):
        with pytest.raises(VendorUnavailable):
            await vendor.http(base_url=BASE).get("/tasks")
    breaker_closed = len(vendor.sent)
    assert breaker_closed <= RETRY_FLOOR * 2


async def trip(vendor_sent: list[httpx.Request], http: Callable[[], Http]) -> None:
    while True:
        before = len(vendor_sent)
        with pytest.raises(VendorUnavailable):
            await http().get("/tasks")
        if len(vendor_sent) == before:
            return


async def test_the_breaker_opens_tries_once_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    vendor = wire(status(500))
    now = [100.0]
    vendor.shared.breakers.of(("t", "acme", "read")).now = lambda: now[0]
    await trip(vendor.sent, vendor.http)
    assert len(vendor.sent) >= LEAST_CALLS
    vendor.next(ok())
    sent = len(vendor.sent)
    with pytest.raises(VendorUnavailable, match="giving it a rest"):
        await vendor.http().get("/tasks")
    assert len(vendor.sent) == sent
    await vendor.http().post("/tasks", {})  # writes have a breaker of their own
    now[0] += COOL_S + 1
    vendor.next(status(500), ok())
    with pytest.raises(VendorUnavailable):
        await vendor.http().get("/tasks")
    now[0] += COOL_S + 1
    await vendor.http().get("/tasks")
    await vendor.http().get("/tasks")


async def test_too_many_requests_and_refusals_never_open_the_breaker() -> None:
    vendor = wire(status(429, retry_after="0"))
    for _ in range(LEAST_CALLS * 2):
        with pytest.raises(RateLimited):
            await vendor.http().get("/tasks")
    vendor.next(status(422))
    for _ in range(LEAST_CALLS * 2):
        with pytest.raises(Rejected):
            await vendor.http().get("/tasks")
    vendor.next(ok())
    await vendor.http().get("/tasks")


@pytest.mark.parametrize("broken", ["cancelled", "fault"])
async def test_a_trial_that_tells_nothing_leaves_the_breaker_to_the_next(broken: str) -> None:
    vendor = wire(status(500))
    now = [100.0]
    vendor.shared.breakers.of(("t", "acme", "read")).now = lambda: now[0]
    await trip(vendor.sent, vendor.http)
    now[0] += COOL_S + 1
    if broken == "cancelled":
        vendor.next(lambda _: (_ for _ in ()).throw(asyncio.CancelledError()))
        with pytest.raises(asyncio.CancelledError):
            await vendor.http().get("/tasks")
    else:
        vendor.next(lambda _: (_ for _ in ()).throw(ZeroDivisionError()))
        with pytest.raises(ZeroDivisionError):
            await vendor.http().get("/tasks")
    vendor.next(ok())
    await vendor.http().get("/tasks")


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "https://api.acme.example.evil.example/v1/x",
        "https://api.acme.example@evil.example/v1/x",
        "http://api.acme.example/v1/x",
        "HTTPS://evil.example/x",
        "https://api.acme.example/v2/x",
        "//evil.example/x",
        "@evil.example/x",
        ".evil.example/x",
        ":80@evil.example/x",
    ],
)
async def test_the_token_goes_to_no_other_site(address: str) -> None:
    vendor = wire(ok())
    try:
        await vendor.http().get(address)
    except VendorUnavailable:
        assert vendor.sent == []
    assert all(one.url.host == "api.acme.example" for one in vendor.sent)


@pytest.mark.parametrize("task", ["..", "../projects/PAY", "a/../../b", "%2e%2e/x", "x#y", "x\\..\\y", "x\ny", "."])
async def test_an_argument_cannot_lead_the_address_elsewhere(task: str) -> None:
    vendor = wire(ok())
    system = Acme(vendor.http(), Principal(tenant="t", id="ana", name="Ana"), Nobody())
    with pytest.raises(InvalidArgument):
        await system.run("acme.get_task", {"task": task})
    assert vendor.sent == []


async def test_no_secret_gets_into_errors_or_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    bad = f"{SECRET}\n"
    real = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(), base_url="http://127.0.0.1:9")
    vendor = wire(ok())
    vendor.shared.client = real
    http = vendor.http(secret=bad, base_url="http://127.0.0.1:9")
    with pytest.raises(VendorUnavailable) as caught:
        await http.get("/tasks")
    await real.aclose()
    told = [str(caught.value), caught.value.cause, caught.value.sentence(), repr(caught.value), repr(http.connection)]
    assert caught.value.__cause__ is None
    said = capsys.readouterr()
    assert SECRET not in " ".join([*told, said.out, said.err])


async def test_an_answer_that_drips_in_ends() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        with suppress(ConnectionError):
            for _ in range(100):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
            writer.close()
            await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server, httpx.AsyncClient() as client:
        vendor = wire(ok())
        vendor.shared.client = client
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(OutcomeUnknown):
            await vendor.http(timeout_s=0.1, base_url=base).post("/tasks", {})
        await gone.wait()


async def test_an_answer_in_another_form_is_no_crash() -> None:
    vendor = wire(ok({"number": 5}))
    who = Principal(tenant="t", id="ana", name="Ana")
    with pytest.raises(VendorUnavailable):
        await Acme(vendor.http(), who, Nobody()).run("acme.get_task", {"task": "5"})
    with pytest.raises(OutcomeUnknown):
        await Acme(vendor.http(), who, Nobody()).run("acme.add_task", {"title": "x"})
    vendor.next(ok({"ok": False}))  # its own `error` trips over it
    with pytest.raises(VendorUnavailable):
        await vendor.http().get("/tasks")
    with pytest.raises(OutcomeUnknown):
        await vendor.http().post("/tasks")
