"""Requests to the Bot Connector: what is tried again, what is not, and which error each answer is."""

from __future__ import annotations

import httpx
import pytest

from bot.adapters.teams_wire import Wire
from core.errors import (
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    VendorError,
    VendorUnavailable,
)

URL = "https://connector.example/v3/conversations/a/activities"


class Connector:
    """Answers each request with the next of `answers`, the last one over and over."""

    def __init__(self, *answers: int | Exception, retry_after: str = "") -> None:
        self.answers = list(answers)
        self.headers = {"Retry-After": retry_after} if retry_after else {}
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def wire(self) -> Wire:
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        return Wire(client, "", "", pause=self._pause)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, json={"error": {"code": "Why", "message": "a secret"}}, headers=self.headers)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize(
    ("status", "error", "attempts"),
    [
        (400, Rejected, 1),
        (401, VendorUnavailable, 3),
        (403, Forbidden, 1),
        (404, NotFound, 1),
        (412, Rejected, 3),
        (413, Rejected, 1),
        (429, RateLimited, 3),
        (500, VendorUnavailable, 1),
        (502, VendorUnavailable, 3),
        (504, VendorUnavailable, 3),
    ],
)
async def test_each_status_is_an_error_of_ours(status: int, error: type[VendorError], attempts: int) -> None:
    connector = Connector(status)
    with pytest.raises(error) as raised:
        await connector.wire().request("POST", URL, "{}")
    assert len(connector.requests) == attempts
    assert raised.value.status == status
    assert "secret" not in raised.value.cause + str(raised.value)


async def test_pauses_grow_with_jitter() -> None:
    connector = Connector(502, 502, 200)
    await connector.wire().request("POST", URL, "{}")
    first, second = connector.pauses
    assert 1.0 <= first <= 1.5
    assert 2.0 <= second <= 3.0


@pytest.mark.behaviour("throttled")
@pytest.mark.parametrize(("header", "low", "high"), [("7", 7.0, 10.5), ("9000", 30.0, 30.0), ("soon", 1.0, 1.5)])
async def test_the_connectors_wish_is_obeyed_within_reason(header: str, low: float, high: float) -> None:
    connector = Connector(429, 200, retry_after=header)
    await connector.wire().request("POST", URL, "{}")
    assert low <= connector.pauses[0] <= high


async def test_a_connection_that_was_refused_is_tried_again() -> None:
    connector = Connector(httpx.ConnectError("refused"), 200)
    assert (await connector.wire().request("POST", URL, "{}")).is_success
    gone = Connector(httpx.ConnectError("refused"))
    with pytest.raises(VendorUnavailable):
        await gone.wire().request("POST", URL, "{}")
    assert len(gone.requests) == 3


@pytest.mark.behaviour("platform-down")
async def test_a_request_that_may_have_arrived_is_not_sent_again() -> None:
    connector = Connector(httpx.ReadTimeout("slow"))
    with pytest.raises(OutcomeUnknown):
        await connector.wire().request("POST", URL, "{}")
    assert len(connector.requests) == 1


@pytest.mark.parametrize("answer", [401, 503, httpx.ReadTimeout("slow")])
async def test_a_bot_that_cannot_sign_in_says_so(answer: int | Exception) -> None:
    connector = Connector(answer)
    client = httpx.AsyncClient(transport=httpx.MockTransport(connector._answer))
    with pytest.raises(VendorUnavailable, match="cannot sign in"):
        await Wire(client, "app", "wrong").request("POST", URL, "{}")
    assert [request.url.path for request in connector.requests] == ["/botframework.com/oauth2/v2.0/token"]
