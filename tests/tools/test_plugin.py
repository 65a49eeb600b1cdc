"""An integration in a package of its own: found by its entry point, spoken to through the assistant, proven, undone."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.app import services
from bot.session import bound, serving
from core.principal import Principal
from core.settings import Settings
from tests.assistant import Office, plan, receipts, text
from tests.tools.walk import approve
from tools.kit.connection import Connection

GUIDE = Path(__file__).parents[2] / "docs" / "adding-an-integration.md"
HEAD = '''
from collections.abc import Sequence
from typing import Annotated

from core.errors import Candidate
from core.records import Document, Record, Ref
from core.tool import Call, Change
from tools.declare import finds, tool
from tools.integration import Account, Integration
from tools.kit.auth import OAuth2
from tools.kit.paging import by_cursor, take
from tools.kit.webhook import Signature, prefixed


def to_document(item: dict) -> Document:
    """A note."""
    return Document(ref=Ref(integration="acme_notes", kind="note", id=item["id"]), title=item["title"])


'''
EXAMPLES = """
get_note:
  - say: "open the acme note about parking"
    args: {note: parking}
  - say: "what does my acme note on payroll say"
    args: {note: payroll}
create_note:
  - say: "write an acme note called Parking rules"
    args: {title: Parking rules}
  - say: "new note in acme notes: plants for the lobby"
    args: {title: plants for the lobby}
delete_note:
  - say: "delete the acme note about parking"
    args: {note: parking}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The class of the guide, installed as a package with the entry point."""
    guide = GUIDE.read_text(encoding="utf-8")
    code = dedent(guide.partition("```python\n")[2].partition("```")[0])
    folder = tmp_path / "site"
    module = folder / "acme_atom"
    module.mkdir(parents=True)
    (module / "__init__.py").write_text("")
    (module / "integration.py").write_text(HEAD + code)
    (module / "examples.yaml").write_text(EXAMPLES)
    about = folder / "acme_atom-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-atom\nVersion: 1.0\n")
    point = guide.partition('[project.entry-points."atom.integrations"]\n')[2].partition("\n")[0]
    (about / "entry_points.txt").write_text(f"[atom.integrations]\n{point.replace(chr(34), '')}\n")
    monkeypatch.syspath_prepend(str(folder))
    yield
    for name in [one for one in sys.modules if one.startswith("acme_atom")]:
        del sys.modules[name]


@asynccontextmanager
async def vendor() -> AsyncIterator[tuple[str, dict[str, str]]]:
    """A vendor of notes."""
    notes = {"n1": "Parking at the old depot"}

    async def me(request: Request) -> Response:
        return JSONResponse({"id": "me"})

    async def many(request: Request) -> Response:
        if request.method == "POST":
            notes[f"n{len(notes) + 1}"] = (await request.json())["title"]
            return JSONResponse({"id": [*notes][-1], "title": [*notes.values()][-1]}, 201)
        word = request.query_params.get("q", "").lower()
        found = [{"id": key, "title": title} for key, title in notes.items() if word in title.lower()]
        return JSONResponse({"notes": found, "next": None})

    async def one(request: Request) -> Response:
        key = request.path_params["key"]
        if key not in notes:
            return JSONResponse({"message": "no such note"}, 404)
        if request.method == "DELETE":
            del notes[key]
            return Response(status_code=204)
        return JSONResponse({"id": key, "title": notes[key]})

    routes = [
        Route("/v1/me", me),
        Route("/v1/notes", many, methods=["GET", "POST"]),
        Route("/v1/notes/{key}", one, methods=["GET", "DELETE"]),
    ]
    listener, address = bound("127.0.0.1", 0)
    async with serving(Starlette(routes=routes), listener):
        yield address, notes


async def test_the_guide_s_integration_works_from_an_installed_package(package: None, tmp_path: Path) -> None:
    who = Principal(tenant="t", id="ana", name="Ana")
    async with vendor() as (address, notes):
        hosts = {"acme_notes": {"https://api.notes.example": address}}
        async with services(Settings(home=tmp_path / "home"), hosts=hosts) as running:
            secret = {"access_token": "tok-1"}
            await running.registry.settle(who, Connection("t", "ana", "acme_notes", secret))
            desk = Office(running, None, None, who)  # type: ignore[arg-type]
            said = await desk.say("write an acme note called Keys of the depot")
            assert plan(said).steps[0].tool == "acme_notes.create_note"
            [line] = receipts(await approve(desk, said))
            assert (line.status, line.key) == ("done", "n2")
            assert notes["n2"] == "Keys of the depot"
            [back] = receipts(await approve(desk, await desk.press("undo", line.undo)))
            assert back.status == "done"
            assert [*notes] == ["n1"]
            desk.conversation = "c2"
            assert "Parking at the old depot" in text(await desk.say("open the acme note about parking"))
