"""The control API under `/_sandbox`: tokens, state, faults, webhooks, recorded requests."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.fault import Fault
from sandbox.hook import Target
from sandbox.vendor import Vendor
from sandbox.world import World

Action = Callable[[Vendor, str, Any], Awaitable[Any]]


def control_routes(world: World, vendors: dict[str, Vendor]) -> list[Route]:
    """The routes; every wrong request is answered with 400 or 404 and `{"error": sentence}`."""

    async def people(request: Request) -> Response:
        return JSONResponse([person.as_json() for person in world.company.people])

    async def hosts(request: Request) -> Response:
        base = str(request.base_url).rstrip("/")
        return JSONResponse(
            {key: {host: f"{base}/{key}{urlsplit(host).path}" for host in v.hosts} for key, v in vendors.items()}
        )

    async def clients(request: Request) -> Response:
        known = {"id": "atom-demo", "secret": "atom-demo"}
        return JSONResponse({key: {**known, **vendor.slots} for key, vendor in vendors.items()})

    async def token(request: Request) -> Response:
        try:
            ask = await _json(request)
            grant = _issue(vendors, ask)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)
        world.save()
        told = vendors[ask["vendor"]].token_answer(grant)
        secret = vendors[ask["vendor"]].secret(grant)
        return JSONResponse(
            {
                "access_token": grant.token,
                "refresh_token": grant.refresh,
                "kind": grant.kind,
                "email": grant.email,
                "scopes": grant.scopes,
                "expires_at": grant.expires_at,
                "secret": {name: value for name, value in secret.items() if value is not None},
                **{name: told[name] for name in ("instance_url",) if name in told},
            }
        )

    async def vendor(request: Request) -> Response:
        chosen = vendors.get(request.path_params["vendor"])
        action = ACTIONS.get(request.path_params["what"])
        if chosen is None or action is None:
            return JSONResponse({"error": "there is no such vendor or control"}, 404)
        try:
            result = await action(chosen, request.method, await _json(request))
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)
        world.save()
        return JSONResponse(result)

    return [
        Route("/_sandbox/people", people),
        Route("/_sandbox/hosts", hosts),
        Route("/_sandbox/clients", clients),
        Route("/_sandbox/token", token, methods=["POST"]),
        Route("/_sandbox/{vendor}/{what}", vendor, methods=["GET", "POST", "PUT", "DELETE"]),
    ]


async def _json(request: Request) -> Any:
    raw = await request.body()
    return json.loads(raw) if raw else {}


def _issue(vendors: dict[str, Vendor], ask: Any) -> Any:
    vendor = vendors.get(ask["vendor"]) if isinstance(ask, dict) and "vendor" in ask else None
    if vendor is None:
        raise ValueError(f"vendor must be one of {', '.join(sorted(vendors))}")
    email = ask.get("email", vendor.company.default.email)
    if email not in vendor.company.by_email:
        raise ValueError(f"nobody has the address {email}")
    refresh = bool(ask.get("refresh", vendor.oauth and vendor.oauth.refresh))
    return vendor.give_token(email, ask.get("kind", "user"), ask.get("scopes"), ask.get("expires_in"), refresh)


async def _state(vendor: Vendor, method: str, body: Any) -> Any:
    return vendor.state


async def _reset(vendor: Vendor, method: str, body: Any) -> Any:
    vendor.reset()
    return {"reset": vendor.key}


async def _limit(vendor: Vendor, method: str, body: Any) -> Any:
    vendor.limit = None if method == "DELETE" else (int(body["calls"]), float(body["per_s"]))
    return {"limit": vendor.limit}


async def _faults(vendor: Vendor, method: str, body: Any) -> Any:
    if method == "DELETE":
        vendor.faults.clear()
    elif method != "GET":
        vendor.faults.extend(Fault.parse(row) for row in (body if isinstance(body, list) else [body]))
    return [fault.as_json() for fault in vendor.faults]


async def _webhooks(vendor: Vendor, method: str, body: Any) -> Any:
    if method == "DELETE":
        vendor.hooks.targets.clear()
    elif method != "GET":
        vendor.hooks.targets.append(Target.parse(body))
    return [{"url": target.url} for target in vendor.hooks.targets]


async def _deliveries(vendor: Vendor, method: str, body: Any) -> Any:
    if method == "POST":
        vendor.hooks.redeliver(int(body.get("last", 1)))
    await vendor.hooks.settle()
    return list(vendor.hooks.deliveries)


async def _requests(vendor: Vendor, method: str, body: Any) -> Any:
    if method == "DELETE":
        vendor.requests.clear()
    return list(vendor.requests)


ACTIONS: dict[str, Action] = {
    "state": _state,
    "reset": _reset,
    "limit": _limit,
    "faults": _faults,
    "webhooks": _webhooks,
    "deliveries": _deliveries,
    "requests": _requests,
}
