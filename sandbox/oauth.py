"""OAuth 2 as vendors offer it: a consent page, codes with PKCE, tokens, refresh, revocation."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.exchange import Refusal, parse_body
from sandbox.fault import render

if TYPE_CHECKING:
    from sandbox.vendor import Vendor

PAGE = """<!doctype html><meta name="viewport" content="width=device-width">
<title>{vendor}: allow access</title>
<body style="font:16px system-ui;max-width:30em;margin:4em auto">
<h1>{vendor} (sandbox)</h1><p><b>{client}</b> asks to act for you with: {scopes}</p>
<form method="post"><label>You are <select name="person">{people}</select></label>
<p><button name="answer" value="approve">Approve</button>
<button name="answer" value="deny">Deny</button></p></form>"""


@dataclass(frozen=True)
class OAuth:
    """Where a vendor's endpoints are, as paths under its mount, and how its tokens behave."""

    authorize: str
    token: str
    revoke: str = ""
    renew: str = ""  # where tokens are renewed, if not where they are given
    expires_in: float | None = 3600
    refresh: bool = True
    is_rotating: bool = False  # a refresh ends the old refresh token
    separator: str = " "  # between the scopes of an answer
    refresh_scope: str = ""  # without it no refresh token is given
    extra: Mapping[str, str] = field(default_factory=dict)  # what comes back beside the code

    def routes(self, vendor: Vendor) -> list[Route]:
        """The endpoints of one vendor."""
        door = _Door(vendor, self)
        routes = [
            Route(self.authorize, door.authorize, methods=["GET", "POST"]),
            Route(self.token, door.token, methods=["GET", "POST"]),
        ]
        routes += [Route(self.renew, door.token, methods=["POST"])] if self.renew else []
        return [*routes, Route(self.revoke, door.revoke, methods=["POST"])] if self.revoke else routes


class _Door:
    def __init__(self, vendor: Vendor, oauth: OAuth) -> None:
        self.vendor = vendor
        self.oauth = oauth

    async def authorize(self, request: Request) -> Response:
        """The consent page, or the way back with a code; `auto=1` approves at once."""
        ask = dict(request.query_params)
        missing = [name for name in ("client_id", "redirect_uri") if not ask.get(name)]
        if missing or ask.get("response_type", "code") != "code":
            return HTMLResponse(f"<h1>Bad request: {escape(', '.join(missing) or 'response_type')}</h1>", 400)
        form: dict[str, str] = {}
        if request.method == "POST":
            form = dict(parse_qsl((await request.body()).decode()))
        elif ask.get("auto") != "1":
            return HTMLResponse(self._page(ask))
        back = {"state": ask["state"]} if "state" in ask else {}
        if form.get("answer") == "deny":
            return self._back(ask, {"error": "access_denied", **back})
        email = form.get("person") or ask.get("login_hint") or self.vendor.company.default.email
        if email not in self.vendor.company.by_email:
            return self._back(ask, {"error": "invalid_request", **back})
        return self._back(ask, {"code": self._code(ask, email), **self.oauth.extra, **back})

    async def token(self, request: Request) -> Response:
        """A code or a refresh token becomes an access token."""
        try:
            ask = await self._arguments(request)
            if ask.get("grant_type", "authorization_code") == "refresh_token":
                return JSONResponse(self._refresh(ask))
            return JSONResponse(self._exchange(ask))
        except Refusal as refusal:
            return render(self.vendor.refuse_token(refusal))
        finally:
            self.vendor.world.save()

    async def revoke(self, request: Request) -> Response:
        """End a token, whether it is known or not (RFC 7009)."""
        ask = await self._arguments(request)
        bearer = request.headers.get("authorization", "").partition(" ")[2]
        token = ask.get("token") or bearer
        self.vendor.world.grants.revoke(self.vendor.key, token)
        self.vendor.world.save()
        return JSONResponse({"ok": True, "revoked": True})

    def _page(self, ask: dict[str, str]) -> str:
        chosen = ask.get("login_hint") or self.vendor.company.default.email
        people = "".join(
            f'<option value="{person.email}"{" selected" * (person.email == chosen)}>{escape(person.name)}'
            for person in self.vendor.company.people
        )
        scopes = " ".join(filter(None, (ask.get("scope"), ask.get("user_scope")))) or "everything"
        return PAGE.format(
            vendor=self.vendor.key, client=escape(ask["client_id"]), scopes=escape(scopes), people=people
        )

    def _back(self, ask: dict[str, str], answer: dict[str, str]) -> Response:
        joint = "&" if "?" in ask["redirect_uri"] else "?"
        return RedirectResponse(f"{ask['redirect_uri']}{joint}{urlencode(answer)}", 302)

    def _code(self, ask: dict[str, str], email: str) -> str:
        grants = self.vendor.world.grants
        code = f"code-{self.vendor.ident(24, email, grants.serial())}"
        scopes = ",".join(filter(None, (ask.get("scope"), ask.get("user_scope"))))
        kept = ("client_id", "redirect_uri", "code_challenge", "code_challenge_method")
        row: dict[str, Any] = {name: ask[name] for name in kept if name in ask}
        row |= {"email": email, "scopes": scopes.replace(",", " ").split() or None, "vendor": self.vendor.key}
        grants.keep_code(code, row | {"until": self.vendor.world.time().timestamp() + 600})
        self.vendor.world.save()
        return code

    async def _arguments(self, request: Request) -> dict[str, str]:
        body = parse_body(await request.body(), request.headers.get("content-type", ""))
        ask = {**request.query_params, **(body if isinstance(body, dict) else {})}
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            ask.setdefault("client_id", base64.b64decode(value).decode(errors="replace").partition(":")[0])
        return ask

    def _exchange(self, ask: dict[str, str]) -> dict[str, Any]:
        row = self.vendor.world.grants.take_code(ask.get("code", ""))
        now = self.vendor.world.time().timestamp()
        if row is None or row["vendor"] != self.vendor.key or row["until"] < now:
            raise Refusal("invalid_grant", "the code is unknown, used or too old")
        if ask.get("client_id", row["client_id"]) != row["client_id"]:
            raise Refusal("invalid_client", "the code was given to another client")
        if ask.get("redirect_uri", row["redirect_uri"]) != row["redirect_uri"]:
            raise Refusal("invalid_grant", "redirect_uri is not the one the code was given to")
        if "code_challenge" in row and not _is_proof(row, ask.get("code_verifier", "")):
            raise Refusal("invalid_grant", "code_verifier does not fit the challenge")
        return self._issue(row["email"], row["scopes"])

    def _refresh(self, ask: dict[str, str]) -> dict[str, Any]:
        grants = self.vendor.world.grants
        old = grants.of_refresh(self.vendor.key, ask.get("refresh_token", ""))
        if old is None:
            raise Refusal("invalid_grant", "the refresh token is unknown or was revoked")
        if not self.oauth.is_rotating:
            return self._issue(old.email, old.scopes, old.refresh, old.kind)
        grants.revoke(self.vendor.key, old.token)
        return self._issue(old.email, old.scopes, None, old.kind)

    def _issue(
        self, email: str, scopes: list[str] | None, refresh: str | None = None, kind: str = "user"
    ) -> dict[str, Any]:
        vendor = self.vendor
        wanted = self.oauth.refresh_scope
        has_refresh = self.oauth.refresh and (not wanted or scopes is None or wanted in scopes)
        grant = vendor.give_token(email, kind, scopes, self.oauth.expires_in, has_refresh)
        if refresh:
            grant.refresh = refresh
            vendor.world.grants.issue(grant)
        return vendor.token_answer(grant)


def _is_proof(row: dict[str, Any], verifier: str) -> bool:
    if row.get("code_challenge_method", "plain") == "plain":
        return bool(verifier == row["code_challenge"])
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == str(row["code_challenge"])
