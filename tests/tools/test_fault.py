"""What goes wrong at a vendor, for every integration: a clear word, and never a second effect."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agent.ledger import LedgerRow
from core.message import Connect, Failure, Question, Receipt
from sandbox.vendor import Vendor
from tests.assistant import Office, Recorder, receipts, text
from tests.tools.walk import Case, Reader, Walk, ask, connected, difference, load, ready, without
from tools.kit.auth import OAuth2, Session
from tools.kit.http import Shared
from tools.registry import discover

KEYS = sorted(discover())
LONG = 99
OTHER = "[^/]+"


@dataclass
class Effects:
    """The requests that changed what a vendor holds."""

    vendor: Vendor
    ignore: frozenset[str]
    seen: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[list[tuple[str, str]]]:
        """Method and path of each request that had an effect while the block ran."""
        self.seen = []
        kept, last = self.vendor._record, self._now()

        def record(call: Any, answer: Any, fault: Any) -> None:
            nonlocal last
            kept(call, answer, fault)
            if (now := self._now()) != last:
                self.seen.append((call.method, call.path))
                last = now

        self.vendor._record = record  # type: ignore[method-assign]
        try:
            yield self.seen
        finally:
            self.vendor._record = kept  # type: ignore[method-assign]

    def _now(self) -> str:
        return json.dumps(without(self.vendor.state, self.ignore), sort_keys=True, default=str)


@dataclass
class Rig:
    """One integration with a case that reads and one that writes."""

    desk: Office
    walk: Walk
    reader: Reader
    effects: Effects
    slept: list[float]
    talks: int = 0
    done: int = 0
    has_changed: bool = False

    @property
    def key(self) -> str:
        return self.walk.key

    @property
    def kind(self) -> Any:
        return self.desk.running.registry.integrations[self.key]

    @property
    def can_refresh(self) -> bool:
        return isinstance(self.kind.auth, OAuth2 | Session)

    async def fresh(self) -> None:
        """As if nothing had gone wrong before."""
        shared = self.desk.running.registry._shared
        new = Shared(shared.client)
        shared.buckets, shared.breakers, shared.budgets = new.buckets, new.breakers, new.budgets
        self.slept.clear()
        await self.desk.client.delete(f"{self.desk.sandbox.url}/_sandbox/{self.key}/faults")
        self.effects.vendor.reset()
        connected = await self.desk.running.registry.connected(self.desk.who)
        if connected.get(self.key) != "active":
            await self.desk.running.registry.connections.remove(self.desk.who.tenant, self.desk.who.id, self.key)
            await self.desk.connect(self.key)
        self.talks += 1
        self.desk.conversation = f"c{self.talks}"

    async def read(self, **fault: Any) -> Recorder:
        """Ask for the case that reads, with a fault switched on."""
        await self.fresh()
        case = self.walk.first(self.desk.running.registry._tools, is_read=True)
        args = await ready(self.desk, case)
        if fault:
            await self.desk.fault(self.key, **fault)
        return await self.asked(case, args)

    async def asked(self, case: Case, args: Mapping[str, Any]) -> Recorder:
        """Ask, and count the calls that were done."""
        before = await self._all_done()
        said = await ask(self.desk, self.reader, case, args)
        self.done = await self._all_done() - before
        return said

    async def _all_done(self) -> int:
        async with self.desk.running.database.session() as session:
            done = select(func.count()).select_from(LedgerRow).where(LedgerRow.status == "done")
            return int(await session.scalar(done) or 0)

    async def write(self, **fault: Any) -> tuple[Receipt | None, Recorder, int]:
        """Approve the case that writes, with a fault on the request that has the effect: receipt, answer, effects."""
        await self.fresh()
        case = self.walk.first(self.desk.running.registry._tools, is_read=False)
        args = await ready(self.desk, case)
        said = await ask(self.desk, self.reader, case, args)
        before = without(await self.desk.state(self.key), self.walk.ignore)
        if fault:
            await self.desk.fault(self.key, **fault)
        with self.effects.watched() as seen:
            shown = next(part for reply in said.replies for part in reply.parts if part.kind == "plan")
            pressed = await self.desk.press("approve", shown.approval)
        every = Recorder(replies=[*pressed.replies, *pressed.settled.values()])
        lines = receipts(every)
        self.has_changed = bool(difference(before, without(await self.desk.state(self.key), self.walk.ignore)))
        return (lines[0] if lines else None), every, len(seen)


@asynccontextmanager
async def rig(key: str, folder: Path) -> AsyncIterator[Rig]:
    """One integration, ready to be disturbed; waiting takes no time."""
    async with connected(key, folder) as (desk, reader, slept):
        walk, vendor = load(key), desk.sandbox.vendors[key]
        yield Rig(desk, walk, reader, Effects(vendor, walk.ignore), slept)


def has(said: Recorder, *kinds: type) -> bool:
    return any(isinstance(part, kinds) for reply in said.replies for part in reply.parts)


def failed(it: Rig, said: Recorder, name: str = "") -> bool:
    """Whether a read ended in a clear word and not in a result; a name is only called unknown after a 404."""
    return bool(text(said)) and it.done == 0 and (name == "404" or not has(said, Question))


READ_FAILS: Mapping[str, Mapping[str, Any]] = {
    "403": {"kind": "refused", "status": 403},
    "404": {"kind": "refused", "status": 404},
    "409": {"kind": "refused", "status": 409},
    "422": {"kind": "refused", "status": 422},
    "429 for good": {"kind": "rate_limited"},
    "429 without Retry-After": {"kind": "rate_limited", "retry_after": -1},
    "5xx for good": {"kind": "server_error"},
    "cut off": {"kind": "cut_off"},
    "broken JSON": {"kind": "malformed"},
    "HTML": {"kind": "html", "status": 200},
    "HTML of a gateway": {"kind": "html", "status": 502},
    "200 with an error": {"kind": "error_in_200", "status": 403},
}


@pytest.mark.parametrize("key", KEYS)
async def test_a_read_that_fails_says_so(key: str, tmp_path: Path) -> None:
    wrong = []
    async with rig(key, tmp_path) as it:
        assert not has(await it.read(), Failure, Question, Connect)
        for name, fault in READ_FAILS.items():
            said = await it.read(times=LONG, **fault)
            if not failed(it, said, name):
                wrong.append(f"{key}: {name}: {text(said)[:300]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("key", KEYS)
async def test_a_read_survives_what_passes(key: str, tmp_path: Path) -> None:
    passing: Mapping[str, Mapping[str, Any]] = {
        "429": {"kind": "rate_limited", "retry_after": 1},
        "429 without Retry-After": {"kind": "rate_limited", "retry_after": -1},
        "5xx": {"kind": "server_error"},
        "cut off": {"kind": "cut_off"},
    }
    wrong = []
    async with rig(key, tmp_path) as it:
        for name, fault in passing.items():
            said = await it.read(times=1, **fault)
            if has(said, Failure, Question, Connect):
                wrong.append(f"{key}: {name}: {text(said)[:300]}")
        said = await it.read(kind="expired_token", times=1)
        if has(said, Connect) is it.can_refresh or has(said, Failure, Question):
            wrong.append(f"{key}: expired once: {text(said)[:300]}")
        said = await it.read(kind="expired_token", times=LONG)
        if not has(said, Connect):
            wrong.append(f"{key}: expired for good: {text(said)[:300]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("key", KEYS)
async def test_a_revoked_token_and_a_missing_scope(key: str, tmp_path: Path) -> None:
    async with rig(key, tmp_path) as it:
        grants = it.effects.vendor.world.grants._tokens
        mine = [row for row in grants.values() if row["vendor"] == key]
        await it.fresh()
        for row in mine:
            row["scopes"] = []
        case = it.walk.first(it.desk.running.registry._tools, is_read=True)
        args = await ready(it.desk, case)
        said = await it.asked(case, args)
        has_scopes = any(point.scope for point in endpoints(it.effects.vendor))
        assert it.done == 0 or not has_scopes, text(said)
        for row in mine:
            row["scopes"], row["revoked"] = None, True
        it.desk.conversation = "revoked"
        said = await it.asked(case, args)
        assert has(said, Connect), text(said)


def endpoints(vendor: Vendor) -> list[Any]:
    """All routes of a vendor."""
    found = [getattr(type(vendor), name) for name in dir(type(vendor))]
    return [point for handler in found for point in getattr(handler, "endpoints", [])]


@pytest.mark.parametrize("key", KEYS)
async def test_a_write_has_one_effect_or_none_and_says_which(key: str, tmp_path: Path) -> None:
    wrong = []
    async with rig(key, tmp_path) as it:
        line, said, count = await it.write()
        assert line is not None, text(said)
        assert line.status == "done", text(said)
        steps = count
        method, path = it.effects.seen[-1]
        there = {"method": method, "path": f"^{exact(path)}$"}
        every = {name: {**fault, "times": LONG} for name, fault in READ_FAILS.items()}
        once = {name: {**fault, "times": 1} for name, fault in READ_FAILS.items()}
        for name, fault in [*every.items(), *((f"{name}, once", fault) for name, fault in once.items())]:
            line, said, count = await it.write(**there, **fault)
            status = line.status if line else "none"
            is_whole = it.has_changed and count == steps
            if (steps == 1 and count > 1) or (status == "done") != is_whole or (it.has_changed and status == "failed"):
                wrong.append(f"{key}: {name}: {status} after {count} effects: {text(said)[:300]}")
        for kind in ("cut_off", "server_error", "html", "malformed"):
            line, said, count = await it.write(**there, kind=kind, after_effect=True, times=1)
            if line is None or line.status == "failed" or (line.status == "done") > it.has_changed or count > steps:
                wrong.append(f"{key}: {kind} after the effect: {line} after {count} effects: {text(said)[:300]}")
        line, said, count = await it.write(**there, kind="expired_token", times=1)
        if it.can_refresh and (count != steps or line is None or line.status != "done"):
            wrong.append(f"{key}: expired in the middle: {text(said)[:300]}")
    assert not wrong, "\n".join(wrong)


def exact(path: str) -> str:
    """The path as a pattern in which ids that differ from run to run may be others."""
    parts = (OTHER if len(part) > 6 and any(map(str.isdigit, part)) else re.escape(part) for part in path.split("/"))
    return "/".join(parts)


async def test_slow_vendors_end_in_a_word(tmp_path: Path) -> None:
    """A time-out is the kit's alone, so one integration of each kind of call shows it."""
    async with rig("jira", tmp_path) as it:
        await it.write()
        method, path = it.effects.seen[0]
        it.desk.running.registry._timeout_s = 0.3
        line, said, count = await it.write(method=method, path=path, kind="slow", delay_s=1.0, times=LONG)
        assert line is not None, text(said)
        assert (count, line.status in ("done", "unknown")) == (1, True), text(said)
        said = await it.read(kind="slow", delay_s=1.0, times=LONG)
        assert failed(it, said), text(said)
