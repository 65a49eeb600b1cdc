"""A recorded conversation with each vendor, played to the connector without any server.

Recordings are made anew with `--record-mode=rewrite`: against the real vendor where `RECORD_<KEY>` holds
`{"secret": {...}, "base_url": "", "slots": {}, "args": {"<tool>": {...}}}`, else against the sandbox, and say which.
Secrets never get into them; addresses, phone numbers and names of people are replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import vcr
from vcr.request import Request

from bot.app import services
from core.principal import Principal
from core.settings import Settings
from core.tool import Call
from sandbox.app import find_vendors
from sandbox.server import serve
from sandbox.world import World
from tests.assistant import Office, receipts, text
from tests.tools.walk import Case, Reader, approve, filled, load
from tools.kit.connection import Connection
from tools.registry import discover

HERE = Path(__file__).parent
KEYS = sorted(discover())
EMAIL = re.compile(r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"\+\d[\d ()-]{7,}\d")
FICTION = re.compile(r"7700[ -]?900|7946[ -]?0|555[ -]?01")  # numbers that are kept free for stories
SECRET = re.compile(
    r'("?(?:[a-z_]*token|[a-z_]*secret|password|api_key|code)"?\s*[:=]\s*"?)[^"&\s,}]{6,}', re.IGNORECASE
)
KEPT_HEADERS = ("content-type", "link", "retry-after", "location", "etag")
SANDBOX = "the sandbox"
DIRECTORY = "slack"  # where systems without people of their own look them up
DANA = "dana.whitlock@fernwick.example"
SECRET_NAME = re.compile(r"token|secret|key|password", re.IGNORECASE)


def scrubbed(said: str) -> str:
    """A text without addresses, phone numbers and secrets."""
    said = EMAIL.sub(lambda hit: hit[0] if "example" in hit[0] else f"person-{mark(hit[0])}@example.invalid", said)
    said = PHONE.sub(lambda hit: hit[0] if FICTION.search(hit[0]) else "+00 000 0000", said)
    return SECRET.sub(r"\1removed", said)


def mark(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:8]


class Tape:
    """A vendor's recording: where it is, when and with whom it was made."""

    def __init__(self, key: str, hosts: Mapping[str, str], secrets: tuple[str, ...] = ()) -> None:
        self.file = HERE / key / "recording.yaml"
        self._real = {moved: real for real, moved in sorted(hosts.items(), key=lambda pair: -len(pair[1]))}
        self._secrets = [secret for secret in secrets if len(secret) > 5]

    @property
    def made(self) -> tuple[datetime, str]:
        """When, and with whom."""
        hit = re.match(r"# recorded (\S+) with (.+)\n", self.file.read_text(encoding="utf-8"))
        assert hit is not None, f"{self.file} does not say when and with whom it was made"
        return datetime.fromisoformat(hit[1]), hit[2]

    def sign(self, now: datetime, whom: str) -> None:
        """Say when, and with whom."""
        body = self.file.read_text(encoding="utf-8")
        self.file.write_text(f"# recorded {now.isoformat(timespec='seconds')} with {whom}\n{body}", encoding="utf-8")

    def request(self, request: Request) -> Request | None:
        """A request as it is kept: at the vendor's real address, without authority."""
        if "/_sandbox/" in request.uri:
            return None
        request.uri = self._clean(self._moved(request.uri))
        request.headers = {}
        if request.body:
            request.body = self._clean(request.body.decode(errors="replace")).encode()
        return request

    def answer(self, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer as it is kept."""
        kept = {name: value for name, value in answer["headers"].items() if name.lower() in KEPT_HEADERS}
        answer["headers"] = {name: [self._clean(self._moved(one)) for one in value] for name, value in kept.items()}
        try:
            body = answer["body"]["string"].decode()
        except UnicodeDecodeError:  # a picture
            return answer
        answer["body"]["string"] = self._clean(self._moved(body)).encode()
        return answer

    def _moved(self, said: str) -> str:
        for moved, real in self._real.items():
            said = said.replace(moved, real)
        return said

    def _clean(self, said: str) -> str:
        for secret in self._secrets:
            said = said.replace(secret, "removed")
        return scrubbed(said)


def recorded(key: str) -> list[Case]:
    """The cases of a recording."""
    return [case for case in load(key).cases if case.record]


def helpers(key: str) -> tuple[str, ...]:
    """What else is connected: a directory, where the vendor knows no people and a case names some."""
    kind = discover()[key]
    formats = {
        form
        for case in recorded(key)
        for name, item in kind.tools[case.tool].properties.items()
        if name in case.args
        for form in (item.get("format"), item.get("items", {}).get("format"))
    }
    return (key, DIRECTORY) if "person" in formats and "person" not in kind.names else (key,)


@dataclass(frozen=True)
class Access:
    """How one vendor is reached: what a person is granted or pastes, and where their system is."""

    secret: dict[str, Any]
    base_url: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be kept."""
        return tuple(str(value) for name, value in self.secret.items() if SECRET_NAME.search(name) and value)


@asynccontextmanager
async def connected(
    folder: Path, access: Mapping[str, Access], hosts: Mapping[str, Mapping[str, str]]
) -> AsyncIterator[tuple[Office, Reader]]:
    """The assistant with these integrations connected."""
    reader, who = Reader(), Principal(tenant="t", id="p", name="Dana Whitlock", email=DANA)
    clients = {key: {"id": "atom-demo", "secret": "atom-demo", **one.slots} for key, one in access.items()}
    async with services(Settings(home=folder, clients=clients), hosts=hosts, interpreter=reader) as running:
        for key, one in access.items():
            made = Connection(who.tenant, who.id, key, dict(one.secret), one.base_url)
            await running.registry.settle(who, made)
        yield Office(running, None, None, who), reader  # type: ignore[arg-type]


async def converse(
    desk: Office, reader: Reader, key: str, now: datetime, more: Mapping[str, Any], *, is_played: bool
) -> list[str]:
    """Ask for each case and approve it; what became of it. What is played was scrubbed, so what is asked is too."""
    ended = []
    for number, case in enumerate(recorded(key)):
        desk.conversation = f"c{number}"
        args = {**filled(case.args, (), now), **more.get(case.tool, {})}
        reader.call = Call(tool=case.tool, args=json.loads(scrubbed(json.dumps(args))) if is_played else args)
        said = await desk.say("please")
        if discover()[key].tools[case.tool].effect == "read":
            ended.append(text(said))
            continue
        [line] = receipts(await approve(desk, said))
        assert line.status == "done", line.text
        ended.append(f"{line.status} {line.key}")
    return ended


@pytest.mark.parametrize("key", KEYS)
async def test_a_recorded_conversation_goes_as_it_went(key: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    assert recorded(key), "no case is marked with record: true"
    if pytestconfig.getoption("--record-mode") not in (None, "none"):
        await record(key, tmp_path)
    world, access = World(), {}
    vendors = find_vendors(world)
    for one in helpers(key):
        grant = vendors[one].give_token(DANA, refresh=True)
        base = str(vendors[one].token_answer(grant).get("instance_url") or "")
        access[one] = Access(vendors[one].secret(grant), base, vendors[one].slots)
    tape = Tape(key, {}, tuple(secret for one in access.values() for secret in one.secrets))
    player = vcr.VCR(record_mode="none", match_on=("method", "path"), before_record_request=tape.request)
    with player.use_cassette(str(tape.file)) as cassette:
        async with connected(tmp_path / "play", access, {}) as (desk, reader):
            ended = await converse(desk, reader, key, tape.made[0], {}, is_played=True)
    assert ended
    assert cassette.play_count > len(ended)


async def record(key: str, folder: Path) -> None:
    """Make the recording anew."""
    now, access = datetime.now(UTC), dict[str, Access]()
    async with serve() as sandbox, httpx.AsyncClient() as client:
        hosts = (await client.get(f"{sandbox.url}/_sandbox/hosts")).json()
        for one in helpers(key):
            if real := os.environ.get(f"RECORD_{one.upper()}"):
                access[one] = Access(**json.loads(real))
                del hosts[one]
                continue
            asked = {"vendor": one, "email": DANA, "refresh": True}
            issued = (await client.post(f"{sandbox.url}/_sandbox/token", json=asked)).json()
            access[one] = Access(issued["secret"], issued.get("instance_url", ""), sandbox.vendors[one].slots)
        moved = {real: there for one in access for real, there in hosts.get(one, {}).items()}
        tape = Tape(key, moved, tuple(secret for one in access.values() for secret in one.secrets))
        tape.file.unlink(missing_ok=True)
        machine = vcr.VCR(
            record_mode="new_episodes", before_record_request=tape.request, before_record_response=tape.answer,
            decode_compressed_response=True,
        )  # fmt: skip
        with machine.use_cassette(str(tape.file)):
            async with connected(folder / "record", access, hosts) as (desk, reader):
                await converse(desk, reader, key, now, access[key].args, is_played=False)
        tape.sign(now, SANDBOX if key in hosts else urlsplit(discover()[key].base_url).netloc)


@pytest.mark.parametrize("key", KEYS)
def test_recordings_hold_no_secret(key: str) -> None:
    said = (HERE / key / "recording.yaml").read_text(encoding="utf-8").lower()
    assert "authorization" not in said
    assert "127.0.0.1" not in said
    assert not [hit for hit in EMAIL.findall(said) if ".example" not in hit and "example." not in hit]


def test_what_is_scrubbed() -> None:
    said = '{"email": "ann.smith@corp.com", "access_token": "abcdef123456", "phone": "+44 20 3417 0958"}'
    kept = scrubbed(said)
    assert "ann.smith" not in kept
    assert "abcdef123456" not in kept
    assert "3417" not in kept
    assert scrubbed("to dana@fernwick.example") == "to dana@fernwick.example"
    assert scrubbed("a@b.com a@b.com").split()[0] == scrubbed("a@b.com")
