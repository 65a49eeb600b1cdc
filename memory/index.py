"""The vectors, in Chroma: a collection for each owner, with ids and vectors and not a word of text.

The database is the truth. A collection notes the revision it was made for; one that is behind is brought level by
comparing ids, so a crash, a second worker or a restored backup loses nothing and brings nothing back. Chroma away,
slow or still opening means no vectors, never a wait or an error for whoever asks.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from filelock import FileLock

from core.log import logger
from memory.encoder import Encoder, Vectors
from memory.item import Owner
from memory.store import Store

BATCH = 5_000
SPACE = {"hnsw": {"space": "cosine", "batch_size": 1, "sync_threshold": 1}}  # on disk at once: one closed is read again
OPEN_COLLECTIONS = 128  # held in memory, 3 MB each
RETRY_S = 5.0
SERVER_S = 5.0  # the longest wait for one answer of a Chroma server
_log = logger("memory.index")
Answer = TypeVar("Answer")


class Client(Protocol):
    """What is used of a Chroma client."""

    def get_or_create_collection(self, name: str, **options: Any) -> Any: ...
    def list_collections(self, limit: int | None = None, offset: int | None = None) -> Sequence[Any]: ...
    def delete_collection(self, name: str) -> None: ...
    def close(self) -> None: ...


class Index:
    """Vectors by owner. `where` is a folder for the embedded Chroma, or the http(s) address of a server."""

    def __init__(self, where: str, encoder: Encoder, store: Store, wait_s: float = 0.5) -> None:
        self._where = where
        self._encoder = encoder
        self._store = store
        self._wait_s = wait_s
        self._client: Client | None = None
        self._tried = -RETRY_S
        self._revisions: dict[str, int] = {}
        self._collections: dict[str, Any] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="memory-index")
        self._opening: asyncio.Task[bool] | None = None
        self._lock: FileLock | None = None
        self._is_dirty = False

    @property
    def is_open(self) -> bool:
        """Whether vectors can be asked now."""
        return self._client is not None

    @property
    def is_embedded(self) -> bool:
        """Whether the vectors lie in files of ours."""
        return not self._where.startswith(("http://", "https://"))

    async def open(self) -> bool:
        """Open Chroma, in its own thread because its import takes a second; false where that fails."""
        if self._client is not None:
            return True
        now = asyncio.get_running_loop().time()
        if self._opening is None and now - self._tried < RETRY_S:
            return False
        if self._opening is None:
            self._tried = now
            self._opening = asyncio.create_task(self._opened())
        opening = self._opening
        is_open = await asyncio.shield(opening)
        if self._opening is opening:
            self._opening = None
        return is_open

    async def near(self, owner: Owner, vector: Vectors, most: int) -> dict[str, float] | None:
        """The ids nearest to a vector with their cosine; None where vectors cannot be asked in time."""
        if self._client is None:
            self._reopen()
            return None
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._run(self._near, owner.name, vector, most)
        except Exception as error:  # whatever Chroma raises, the assistant goes on without
            self._lost(error)
            return None

    async def encode(self, text: str) -> Vectors | None:
        """The vector of a question, (1, 384); None where vectors cannot be asked anyhow."""
        return await asyncio.to_thread(self._encoder.encode, [text]) if self._client is not None else None

    async def level(self, owner: Owner, revision: int, wait_s: float | None = None) -> bool:
        """Bring an owner's collection to what the database holds, where it is behind; false where that takes longer."""
        if self._client is None or self._revisions.get(owner.name) == revision:
            return self._client is not None
        try:
            async with asyncio.timeout(wait_s):
                current, texts = await self._store.texts(owner)
                await self._run(self._leveled, owner.name, current, texts)
        except Exception as error:
            self._lost(error)
            return False
        return True

    async def drop(self, owner: Owner) -> bool:
        """Delete an owner's collection; false where Chroma cannot be asked now, and repair does it later."""
        if self._client is None:
            return False
        try:
            await self._run(self._dropped, owner.name)
        except Exception as error:
            self._lost(error)
            return False
        return True

    async def repair(self) -> int:
        """Bring every collection level, and delete those that nobody owns; gives how many were not right."""
        if not await self.open():
            return 0
        owners = await self._store.owners()
        try:
            held: dict[str, int] = await self._run(self._held)
        except Exception as error:
            self._lost(error)
            return 0
        names = {owner.name for owner in owners}
        lost = [name for name in held if name.startswith("m-") and name not in names]
        for name in lost:
            await self._run(self._dropped, name)
        behind = [owner for owner, revision in owners.items() if held.get(owner.name) != revision]
        self._revisions |= {name: held[name] for name in names & held.keys()}
        for owner in behind:
            await self.level(owner, owners[owner])
        if self._is_dirty:
            await self.scrub()
        return len(lost) + len(behind)

    async def count(self, owner: Owner) -> int | None:
        """How many vectors an owner has; None where Chroma cannot be asked."""
        if self._client is None:
            return None
        try:
            return await self._run(lambda: int(self._collection(owner.name).count()))
        except Exception as error:
            self._lost(error)
            return None

    async def scrub(self) -> bool:
        """Write the embedded files anew without what was deleted; a server keeps its own house, and gives false."""
        if self._client is None or not self.is_embedded:
            return False
        self._is_dirty = False
        await self._run(_vacuum, Path(self._where) / "chroma.sqlite3")
        return True

    async def close(self) -> None:
        """Let Chroma, its folder and the thread go."""
        if self._opening is not None:
            await asyncio.wait([self._opening])
        await self._run(self._closed)
        await asyncio.to_thread(self._thread.shutdown)

    async def _opened(self) -> bool:
        try:
            self._client = await self._run(self._connected)
        except Exception as error:  # no folder, no server, no memory: it says less
            _log.warning("index_unavailable", kind=type(error).__name__)
            return False
        return True

    def _reopen(self) -> None:
        task = asyncio.create_task(self.open())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _lost(self, error: Exception) -> None:
        _log.warning("index_unavailable", kind=type(error).__name__)
        if self._client is not None and not (self.is_embedded and isinstance(error, TimeoutError)):
            self._thread.submit(_let_go, self._client)
            self._client = None
            self._collections.clear()
            self._revisions.clear()

    async def _run(self, work: Callable[..., Answer], *given: Any) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *given))

    # what follows runs in the one thread that speaks to Chroma

    def _connected(self) -> Client:
        import chromadb
        from chromadb.config import Settings

        settings = Settings(anonymized_telemetry=False)
        if not self.is_embedded:
            parts = urlsplit(self._where)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            host, is_secure = parts.hostname or "", parts.scheme == "https"
            server: Client = chromadb.HttpClient(host=host, port=port, ssl=is_secure, settings=settings)
            for session in _sessions(server):
                session.timeout = SERVER_S
            return server
        Path(self._where).mkdir(parents=True, exist_ok=True)
        if self._lock is None:  # two processes must not write one folder; the second goes without vectors
            self._lock = FileLock(Path(self._where) / "lock", blocking=False)
        if not self._lock.is_locked:
            self._lock.acquire()
        embedded: Client = chromadb.PersistentClient(self._where, settings=settings)
        bindings: Any = getattr(embedded, "_server")  # noqa: B009 - Chroma offers no setting for it
        bindings.stop()
        bindings.hnsw_cache_size = OPEN_COLLECTIONS
        bindings.start()
        return embedded

    def _closed(self) -> None:
        if self._client is not None:
            _let_go(self._client)
            self._client = None
        if self._lock is not None:
            self._lock.release()

    def _collection(self, name: str) -> Any:
        if name not in self._collections:
            assert self._client is not None  # noqa: S101 - asked before
            made = self._client.get_or_create_collection(
                name, embedding_function=None, configuration=SPACE, metadata=None
            )
            self._collections[name] = made
        return self._collections[name]

    def _near(self, name: str, vector: Vectors, most: int) -> dict[str, float]:
        found = self._collection(name).query(query_embeddings=vector, n_results=most, include=["distances"])
        return {one: 1 - far for one, far in zip(found["ids"][0], found["distances"][0], strict=True)}

    def _leveled(self, name: str, revision: int, texts: Mapping[str, str]) -> None:
        if revision < 0:
            self._dropped(name)
            return
        collection = self._collection(name)
        held = set(collection.get(include=[])["ids"])
        if held - texts.keys():  # deleting ids leaves their vectors in the files; a new collection does not
            self._dropped(name)
            collection, held = self._collection(name), set()
        missing = [one for one in texts if one not in held]
        for at in range(0, len(missing), BATCH):
            part = missing[at : at + BATCH]
            collection.add(ids=part, embeddings=self._encoder.encode([texts[one] for one in part]))
        collection.modify(metadata={"revision": revision})
        self._revisions[name] = revision

    def _dropped(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._collections.pop(name, None)
        self._revisions.pop(name, None)
        assert self._client is not None  # noqa: S101 - asked before
        try:
            self._client.delete_collection(name)
            self._is_dirty = True
        except NotFoundError:
            return

    def _held(self) -> dict[str, int]:
        """Each collection there is, with the revision it was made for."""
        assert self._client is not None  # noqa: S101 - asked before
        found: dict[str, int] = {}
        while part := self._client.list_collections(limit=500, offset=len(found)):
            found |= {one.name: int((one.metadata or {}).get("revision", -1)) for one in part}
        return found


def _sessions(client: Client) -> list[Any]:
    """The HTTP clients of a Chroma client, which Chroma gives no time limit and never closes; none for the embedded."""
    parts = (client, getattr(client, "_admin_client", None))
    found = [getattr(getattr(part, "_server", None), "_session", None) for part in parts]
    return [session for session in found if session is not None]


def _let_go(client: Client) -> None:
    for session in _sessions(client):
        session.close()
    client.close()


def _vacuum(file: Path) -> None:
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        connection.execute("VACUUM")
