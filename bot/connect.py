"""Where a person's browser comes to connect a system: back from a vendor's consent page, or to ours for a key."""

from __future__ import annotations

from html import escape

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.conversation import Conversation
from bot.page import page
from core.errors import AtomError, NotConnected, VendorError
from core.principal import Principal
from governance.audit import Audit
from tools.integration import Integration
from tools.kit.auth import OAuth2
from tools.registry import Registry

CALLBACK = "/oauth/callback"
CONNECT = "/connect"
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
}


def connect_routes(registry: Registry, audit: Audit, conversation: Conversation) -> list[Route]:
    """The OAuth callback, and the page that takes a key."""

    async def callback(request: Request) -> Response:
        state, code = request.query_params.get("state", ""), request.query_params.get("code", "")
        if not code:
            return _answer("Not connected", "You did not consent, or the link was cut. Ask me for a new one.", 400)
        try:
            who, key = await registry.finish(state, code, request.query_params)
        except AtomError as error:
            return _answer("Not connected", error.sentence(), 400)
        return await connected(who, key)

    async def connected(who: Principal, key: str) -> Response:
        await audit.note(who, "connected", integration=key)
        said = f"{registry.integrations[key].name} is connected. You can close this page; I go on in the chat."
        return _answer("Connected", said, 200, BackgroundTask(conversation.connected, who, key))

    async def form(request: Request) -> Response:
        state = request.path_params["state"]
        try:
            kind = await registry.asked(state)
            if isinstance(kind.auth, OAuth2):
                return _answer("Not connected", "This link is for another page. Ask me for a new one.", 400)
            if request.method == "GET":
                return _form(kind, registry.asks(kind), "")
            given = await request.form()
            secret = {name: str(given.get(name, "")).strip() for name in registry.asks(kind)}
            if not all(secret.values()):
                return _form(kind, registry.asks(kind), "Please fill in every field.")
            return await connected(*await registry.paste(state, secret))
        except NotConnected:
            return _form(kind, registry.asks(kind), f"{kind.name} did not accept it.")
        except VendorError as error:
            return _form(kind, registry.asks(kind), error.sentence())
        except AtomError as error:
            return _answer("Not connected", error.sentence(), 400)

    return [Route(CALLBACK, callback), Route(f"{CONNECT}/{{state}}", form, methods=["GET", "POST"])]


def _form(kind: type[Integration], asks: tuple[str, ...], wrong: str) -> Response:
    fields = "".join(
        f'<p><label>{escape(ask.replace("_", " ").capitalize())}<br><input name="{escape(ask)}" required '
        f'autocomplete="off" type="{"text" if ask in ("username", *kind.slots) else "password"}"></label></p>'
        for ask in asks
    )
    note = f'<p role="alert">{escape(wrong)}</p>' if wrong else ""
    body = f'{note}<form method="post">{fields}<button>Connect</button></form>'
    return HTMLResponse(page(f"Connect {kind.name}", _FORM, body), status_code=400 if wrong else 200, headers=HEADERS)


_FORM = "It is stored encrypted, used for your own requests only, and never shown again."


def _answer(title: str, text: str, status: int, then: BackgroundTask | None = None) -> Response:
    return HTMLResponse(page(title, text), status_code=status, headers=HEADERS, background=then)
