"""Signed HTTP to the Bot Connector: token, retries, errors of our own tree."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx

from core.clock import Clock, utc_now
from core.errors import (
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    VendorError,
    VendorUnavailable,
)

LOGIN_URL = "https://login.microsoftonline.com"

_SCOPE = "https://api.botframework.com/.default"
_SHARED_TENANT = "botframework.com"
_AGAIN = frozenset({412, 429, 502, 504})
_ATTEMPTS = 3
_LONGEST_PAUSE_S = 30.0
_EARLY = timedelta(minutes=5)


class Wire:
    """Sends requests as the bot; an empty `app_id` sends them unsigned.

    412, 429, 502, 504 and a refused connection are tried again, three times in all; a request that may have
    arrived is not.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        app_id: str,
        password: str,
        *,
        tenant: str = "",
        login_url: str = LOGIN_URL,
        clock: Clock = utc_now,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._app_id = app_id
        self._password = password
        self._token_url = f"{login_url.rstrip('/')}/{tenant or _SHARED_TENANT}/oauth2/v2.0/token"
        self._clock = clock
        self._pause = pause
        self._token = ""
        self._expires: datetime | None = None
        self._lock = asyncio.Lock()

    async def request(self, method: str, url: str, body: str | bytes | None = None) -> httpx.Response:
        """The connector's answer, of status 2xx; anything else is raised as a `VendorError`."""
        for attempt in range(1, _ATTEMPTS + 1):
            response = await self._attempt(method, url, body, is_last=attempt == _ATTEMPTS)
            if response is not None and response.is_success:
                return response
            if response is not None and response.status_code == 401 and attempt < _ATTEMPTS:
                self._expires = None
                continue
            if response is not None and (response.status_code not in _AGAIN or attempt == _ATTEMPTS):
                raise _error(response)
            await self._pause(_delay_s(attempt, response))
        raise VendorUnavailable("Teams cannot be reached.")

    async def _attempt(
        self, method: str, url: str, body: str | bytes | None, *, is_last: bool
    ) -> httpx.Response | None:
        """One answer, or None where no connection came about and another attempt is left."""
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        if self._app_id:
            headers["Authorization"] = f"Bearer {await self._bearer()}"
        try:
            return await self._client.request(method, url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            if is_last:
                raise VendorUnavailable("Teams cannot be reached.", cause=repr(error)) from error
            return None
        except httpx.HTTPError as error:
            raise OutcomeUnknown("Teams did not answer.", cause=repr(error)) from error

    async def _bearer(self) -> str:
        async with self._lock:
            if self._expires is None or self._clock() >= self._expires - _EARLY:
                await self._sign_in()
            return self._token

    async def _sign_in(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._app_id,
            "client_secret": self._password,
            "scope": _SCOPE,
        }
        try:
            response = await self._client.post(self._token_url, data=form)
            answer = response.raise_for_status().json()
            self._token = str(answer["access_token"])
            self._expires = self._clock() + timedelta(seconds=float(answer.get("expires_in", 3600)))
        except httpx.HTTPStatusError as error:
            cause = f"token endpoint answered {error.response.status_code}"
            raise VendorUnavailable("The bot cannot sign in to Teams.", cause=cause) from error
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise VendorUnavailable("The bot cannot sign in to Teams.", cause=repr(error)) from error


def _delay_s(attempt: int, response: httpx.Response | None) -> float:
    """How long to wait: a little more than `Retry-After` asks, or growing where it asks nothing."""
    wish = _retry_after_s(response) or 2.0 ** (attempt - 1)
    return min(wish * random.uniform(1.0, 1.5), _LONGEST_PAUSE_S)  # noqa: S311 - it spreads load, guards nothing


def _retry_after_s(response: httpx.Response | None) -> float:
    value = "" if response is None else response.headers.get("Retry-After", "")
    return float(value) if value.replace(".", "", 1).isdecimal() else 0.0


def _error(response: httpx.Response) -> VendorError:
    status = response.status_code
    cause = f"{response.request.method} answered {status} {_code(response)}"
    match status:
        case 401:
            return VendorUnavailable("Teams does not accept the bot's token.", status=status, cause=cause)
        case 403:
            return Forbidden("Teams does not let me write there.", status=status, cause=cause)
        case 404:
            return NotFound("Teams no longer knows that conversation or message.", status=status, cause=cause)
        case 429:
            wish = _retry_after_s(response) or None
            return RateLimited("Teams takes no more messages right now.", retry_after_s=wish)
        case _ if status < 500:
            return Rejected("Teams refused the message.", status=status, cause=cause)
        case _:
            return VendorUnavailable("Teams is not available.", status=status, cause=cause)


def _code(response: httpx.Response) -> str:
    """The connector's own error code, without its text."""
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""
