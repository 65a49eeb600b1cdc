"""Who may come in to the web chat: by which name, from where, from which page, as whom."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.errors import ConfigInvalid

COOKIE = "atom_chat"
HEADER = "x-atom-chat"
PATH = "/chat"
_LASTS_S = 30 * 24 * 3600
_MOST_BYTES = 64_000
_LEAST_SECRET = 16

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class Session:
    """One browser as one person; `root` is random and stays the same when the person is changed."""

    root: str
    person: str

    @property
    def conversation(self) -> str:
        """Names the conversation."""
        return f"{self.root}.{self.person}"

    @classmethod
    def fresh(cls, person: str) -> Session:
        """A conversation that nobody had before."""
        return cls(secrets.token_urlsafe(12), person)


class Gate:
    """Lets in this machine's own person, or whoever knows the access token.

    `hosts` are names beside loopback's by which the chat may be reached: another name in a request means that a
    foreign page points at this machine.
    """

    def __init__(self, secret: bytes, access_token: str = "", hosts: Collection[str] = ()) -> None:
        if len(secret) < _LEAST_SECRET or 0 < len(access_token) < _LEAST_SECRET:
            raise ConfigInvalid(
                f"The web chat's secret and access token need {_LEAST_SECRET} characters or more.",
                next_step="Make one with `openssl rand -hex 16`.",
            )
        self._hosts = frozenset(name.lower() for name in hosts)
        if not access_token and not all(map(is_loopback, self._hosts)):
            raise ConfigInvalid(
                "The web chat serves this machine alone unless it has an access token.",
                next_step="Set one, or serve it on 127.0.0.1.",
            )
        self._token = access_token
        # Another access token ends every session.
        salt = "atom.web." + hashlib.sha256(access_token.encode()).hexdigest()
        self._signer = URLSafeTimedSerializer(secret, salt, signer_kwargs={"digest_method": hashlib.sha256})

    def check_place(self, request: Request) -> None:
        """Refuse another host name, and another machine where there is no access token."""
        name = _host_name(request)
        if not is_loopback(name) and name not in self._hosts:
            raise HTTPException(421, "The chat is not served under this name.")
        is_near = request.client is not None and is_loopback(request.client.host)
        is_forwarded = any(header in request.headers for header in ("forwarded", "x-forwarded-for"))
        if not self._token and (is_forwarded or not is_near):
            raise HTTPException(403, "The chat serves this machine alone. Set an access token to open it to others.")

    def check_page(self, request: Request) -> None:
        """Refuse what another site's page sends."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != request.headers["host"].lower():
            raise HTTPException(403, "This came from another site.")
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, "This came from another site.")
        if request.method == "POST" and HEADER not in request.headers:
            raise HTTPException(403, "This did not come from the chat's page.")

    def is_open_to(self, token: str) -> bool:
        """Whether a new session may begin with this access token."""
        return not self._token or hmac.compare_digest(token.encode(), self._token.encode())

    def session(self, request: Request) -> Session | None:
        """The session that the cookie names; None without a valid one."""
        try:
            root, person = self._signer.loads(request.cookies.get(COOKIE, ""), max_age=_LASTS_S)
        except (BadSignature, ValueError, TypeError):
            return None
        return Session(str(root), str(person))

    def keep(self, session: Session, request: Request, response: Response) -> None:
        """Have the browser name this session from now on."""
        response.set_cookie(
            COOKIE,
            self._signer.dumps((session.root, session.person)),
            max_age=_LASTS_S,
            path=PATH,
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )


async def read(request: Request, model: type[Body]) -> Body:
    """The JSON body as `model`; what is too large is not read to its end."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "Only JSON is understood here.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "That is too long. Please send it in smaller pieces.")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        where = ".".join(str(piece) for piece in error.errors(include_url=False)[0]["loc"]) or "body"
        raise HTTPException(400, f"The field {where} does not fit.") from None


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine."""
    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host_name(request: Request) -> str:
    try:
        return (urlsplit(f"//{request.headers.get('host', '')}").hostname or "").lower()
    except ValueError:
        return ""
