"""Where vendors deliver their webhooks: one address a tenant and integration, checked before it is read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.errors import BadSignature, NotFound
from core.log import logger
from tools.inbox import Inbox
from tools.kit.webhook import Delivery

HOOKS = "/hooks"
MOST_BYTES = 5_000_000
_log = logger("bot.hook")


def hook_routes(inbox: Inbox, public_url: str) -> list[Route]:
    """The endpoint; `public_url` is the address that vendors know, which some of them sign."""

    async def deliver(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return Response(status_code=413)
        delivery = Delivery(
            request.method,
            public_url.rstrip("/") + request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            {name.lower(): value for name, value in request.headers.items()},
            dict(request.query_params),
            bytes(body),
        )
        try:
            said = await inbox.receive(request.path_params["hook"], delivery)
        except NotFound:
            return Response(status_code=404)
        except BadSignature as error:
            _log.warning("delivery_refused", reason=error.message)
            return Response(status_code=401)
        return Response(said.body, said.status, dict(said.headers))

    return [Route(f"{HOOKS}/{{hook}}", deliver, methods=["GET", "HEAD", "POST"])]
