"""Webhooks: the targets that asked for a vendor's events, and what was delivered to them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx

Sign = Callable[[str, bytes, Mapping[str, Any]], dict[str, str]]


@dataclass(frozen=True)
class Target:
    """Where events go, and the secret they are signed with."""

    url: str
    secret: str

    @classmethod
    def parse(cls, row: Any) -> Target:
        """A target from JSON; only loopback addresses are taken (`ValueError`)."""
        if not isinstance(row, dict) or not {"url", "secret"} <= row.keys():
            raise ValueError("url and secret are required")
        host = urlsplit(row["url"]).hostname or ""
        if host != "localhost" and not (host.replace(".", "").isdigit() and ip_address(host).is_loopback):
            raise ValueError("a webhook target must be on this machine")
        return cls(row["url"], row["secret"])


class Hooks:
    """Delivers in the background; `deliveries` holds the latest."""

    def __init__(self, sign: Sign) -> None:
        self.targets: list[Target] = []
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=200)
        self._sign = sign
        self._tasks: set[asyncio.Task[None]] = set()

    def emit(self, payload: Any, **about: Any) -> None:
        """Send one event to every target, text as it is; `about` is for the signer (its type, its id)."""
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        for target in self.targets:
            self._start(target, text.encode(), about)

    def redeliver(self, last: int = 1) -> int:
        """Send the latest deliveries once more, as vendors do after a time-out."""
        again = list(self.deliveries)[-last:]
        for row in again:
            self._start(Target(row["url"], row["secret"]), row["body"].encode(), row["about"])
        return len(again)

    async def settle(self) -> None:
        """Wait until everything under way is delivered."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    def _start(self, target: Target, body: bytes, about: Mapping[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(target, body, about))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, target: Target, body: bytes, about: Mapping[str, Any]) -> None:
        signed = self._sign(target.secret, body, {**about, "url": target.url})
        headers = {"content-type": "application/json", **signed}
        row = {
            "url": target.url,
            "secret": target.secret,
            "body": body.decode(),
            "about": dict(about),
            "headers": headers,
            "status": 0,
        }
        self.deliveries.append(row)
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                row["status"] = (await client.post(target.url, content=body, headers=headers)).status_code
        except httpx.HTTPError as lost:
            row["error"] = type(lost).__name__
