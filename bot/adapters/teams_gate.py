"""The door that Teams posts to: who may come in, and what an activity may be."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import ValidationError
from starlette.requests import Request

from bot.adapters.teams_activity import Activity
from bot.adapters.teams_token import TokenRefused, TokenVerifier
from core.errors import VendorError
from core.log import logger

_log = logger(__name__)
_CHANNEL = "msteams"
_LARGEST = 1_000_000


class Refused(Exception):
    """What came in is not taken; `status` is the HTTP answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Gate:
    """Lets in what the Bot Connector signed; without a `verifier` only what this machine's emulator sends."""

    def __init__(self, verifier: TokenVerifier | None) -> None:
        self._verifier = verifier

    async def enter(self, request: Request) -> Activity:
        """The activity that was posted.

        Raises:
            Refused: it is not signed rightly, too large, or no activity; why stands in the log.
        """
        try:
            return await self._verified(request)
        except TokenRefused as error:
            _log.warning("teams.refused", cause=error.cause, status=error.status)
            raise Refused(error.status) from error
        except VendorError as error:
            _log.error("teams.keys_unavailable", cause=error.cause)
            raise Refused(503) from error
        except ValidationError as error:
            _log.warning("teams.malformed", problems=error.error_count())
            raise Refused(400) from error

    async def _verified(self, request: Request) -> Activity:
        header = request.headers.get("Authorization", "")
        if self._verifier is not None and not header:
            raise TokenRefused("no bearer token")
        activity = Activity.model_validate_json(await _body(request))
        if self._verifier is None:
            if not _is_local(activity.service_url):
                raise TokenRefused("anonymous and not local", 403)
        elif activity.channel_id != _CHANNEL:
            raise TokenRefused("channel", 403)
        else:
            await self._verifier.verify(header, activity.channel_id, activity.service_url)
        return activity


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise TokenRefused("too large", 413)
    return bytes(body)


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
