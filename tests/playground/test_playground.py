"""The running assistant over the demo company, spoken to through Microsoft's Agents Playground."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.app import create_app, services
from bot.demo import connect_all, demo
from bot.session import bound, serving
from core.message import Reply
from core.principal import Principal
from core.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.playground]

PACKAGES = ("@microsoft/m365agentsplayground@0.2.28", "playwright-core@1.65.1")
SHOTS = os.environ.get("PLAYGROUND_SHOTS", "")
"""A folder for screenshots, if they are wanted."""
TOLD = "Standup starts in five minutes."


@pytest.fixture(scope="module")
def client_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the Playground and what drives the browser."""
    npm, browser = shutil.which("npm"), shutil.which("chromium")
    if not npm or not browser:
        pytest.skip("npm and chromium are needed, and one is missing")
    home = tmp_path_factory.mktemp("playground")
    made = subprocess.run(
        [npm, "install", "--silent", "--prefix", str(home), *PACKAGES], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"npm cannot fetch the Playground: {made.stderr.strip()[:200]}")
    shutil.copy(Path(__file__).with_name("driver.mjs"), home)
    return home


class Browser:
    """Somebody in front of the Playground."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def __call__(self, command: str, argument: Any = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps([command, argument])}\n".encode())
        await self._process.stdin.drain()
        answer = json.loads(await asyncio.wait_for(self._process.stdout.readline(), 90))
        assert answer["ok"], (command, argument, answer["value"], await self._text())
        return answer["value"]

    async def _text(self) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b'["text", null]\n')
        return json.loads(await self._process.stdout.readline())["value"]

    async def shot(self, name: str) -> None:
        if SHOTS:
            await self("shot", str(Path(SHOTS) / f"{name}.png"))


@asynccontextmanager
async def program(*command: str, **more: Any) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(*command, start_new_session=True, **more)
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


@asynccontextmanager
async def browser(home: Path, bot: str) -> AsyncIterator[Browser]:
    """The Playground, opened in a browser and connected to the bot."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = home / "node_modules" / ".bin" / "agentsplayground"
    flags = ["-e", f"{bot}/api/messages", "-c", "msteams", "-p", str(port), "--dt", "true"]
    async with program(str(start), *flags, stdout=DEVNULL, stderr=DEVNULL, cwd=home, env=_quiet()):
        await _listening(port)
        node, chromium = str(shutil.which("node")), str(shutil.which("chromium"))
        address = f"http://127.0.0.1:{port}"
        async with program(
            node, str(home / "driver.mjs"), address, chromium, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=home
        ) as process:
            found = Browser(process)
            await found("open")
            yield found


def _quiet() -> dict[str, str]:
    return {**os.environ, "BROWSER": "none"}


async def _listening(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            await writer.wait_closed()
            return


async def test_in_the_playground_a_plan_is_edited_and_approved_in_place_and_a_word_comes_unasked(
    client_home: Path, tmp_path: Path
) -> None:
    listener, address = bound("127.0.0.1", 0)
    async with demo(tmp_path) as company:
        settings = Settings(home=tmp_path, public_url=address, teams_allow_anonymous=True)
        async with (
            services(settings, hosts=company.hosts, clients=company.clients) as running,
            serving(create_app(running), listener),
            browser(client_home, address) as person,
        ):
            await person("say", "hello")
            who = await _met(running.notes, company.who)
            await connect_all(company, running.registry, who)
            await person("say", "create a bug in PAY: checkout times out on iOS")
            await person("wait", "Shall I do this?")
            await person.shot("plan")
            await person("press", "Edit")
            await person("wait", "Change the plan")
            await person.shot("form")
            await person("fill", ["Summary", "checkout times out on iPhone"])
            await person("press", "Show the new plan")
            await person("wait", "checkout times out on iPhone")
            await person("press", "Approve")
            await person("wait", "Done:")
            await person("gone", "Approve")
            await person.shot("receipt")
            sink = await running.conversation.openers["teams"].reach(who.tenant, who.id)
            await sink.send(Reply.of_text(TOLD))
            await person("wait", TOLD)
            await person.shot("unasked")
            for close in running.closers:
                await close()


async def _met(notes: Any, dana: Principal) -> Principal:
    """The person of the Playground, once the assistant knows them, with the demo user's address."""
    async with asyncio.timeout(60):
        while not (keys := [key for key in await notes.keys("reference") if ":teams:person:" in key]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    tenant, _, person = keys[0].partition(":teams:person:")
    return dana.model_copy(update={"tenant": tenant, "id": person})
