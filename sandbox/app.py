"""The ASGI app: every vendor under its key, and the control API."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from sandbox import vendors as package
from sandbox.control import control_routes
from sandbox.vendor import Vendor
from sandbox.world import World


def find_vendors(world: World) -> dict[str, Vendor]:
    """One of every `Vendor` subclass that a module of `sandbox.vendors` defines, by key."""
    found: dict[str, Vendor] = {}
    for info in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{info.name}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Vendor) and kind.__module__ == module.__name__:
                found[kind.key] = kind(world)
    return found


def create_app(world: World | None = None, state_file: Path | None = None) -> Starlette:
    """The sandbox as one app; `app.state.world` and `app.state.vendors` are its inside."""
    world = world or World()
    if state_file:
        world.open(state_file)
    vendors = find_vendors(world)
    world.save()

    async def index(request: Request) -> Response:
        rows = "".join(f"<li>/{key}" for key in sorted(vendors))
        return HTMLResponse(f"<!doctype html><h1>{world.company.name}: sandbox</h1><ul>{rows}</ul>")

    routes: list[BaseRoute] = [Route("/", index), *control_routes(world, vendors)]
    routes += [Mount(f"/{key}", routes=vendor.routes()) for key, vendor in vendors.items()]
    app = Starlette(routes=routes)
    app.state.world = world
    app.state.vendors = vendors
    return app
