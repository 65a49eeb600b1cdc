"""Envelope encryption of secrets: a data key per tenant, wrapped by one master key.

Each secret is AES-256-GCM; its additional data binds tenant and purpose (an integration, say), so that a row copied
to another tenant or integration cannot be opened. Rotating the master key re-wraps data keys only.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import ConfigInvalid, SecretUnreadable

NONCE_BYTES = 12
KEY_BYTES = 32


class DataKey(Table):
    """A tenant's key, wrapped by the master key."""

    __tablename__ = "data_key"

    tenant: Mapped[str] = mapped_column(String(200), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Vault:
    """Seals and opens secrets of a tenant. `master` is 32 bytes; `previous` still opens during a rotation."""

    def __init__(
        self, database: Database, master: bytes, previous: bytes | None = None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._master = master
        self._previous = previous
        self._clock = clock
        self._keys: dict[str, bytes] = {}

    async def seal(self, tenant: str, purpose: str, secret: str) -> bytes:
        """Encrypt a text for this tenant and purpose."""
        return _seal(await self._key(tenant), secret.encode(), _binding(tenant, purpose))

    async def open(self, tenant: str, purpose: str, sealed: bytes) -> str:
        """Decrypt what `seal` gave.

        Raises:
            SecretUnreadable: another key, tenant or purpose, or damaged bytes.
        """
        return _open(await self._key(tenant), sealed, _binding(tenant, purpose)).decode()

    async def rotate(self) -> int:
        """Wrap every data key with the current master key; gives how many were re-wrapped."""
        async with self._database.session() as session:
            rows = (await session.scalars(select(DataKey))).all()
            for row in rows:
                row.wrapped = _seal(self._master, self._unwrap(row), _binding(row.tenant, "data key"))
            return len(rows)

    async def _key(self, tenant: str) -> bytes:
        if tenant not in self._keys:
            self._keys[tenant] = self._unwrap(await self._row(tenant))
        return self._keys[tenant]

    async def _row(self, tenant: str) -> DataKey:
        async with self._database.session() as session:
            row = await session.get(DataKey, tenant)
        if row is not None:
            return row
        wrapped = _seal(self._master, os.urandom(KEY_BYTES), _binding(tenant, "data key"))
        row = DataKey(tenant=tenant, wrapped=wrapped, created_at=self._clock())
        try:
            async with self._database.session() as session:
                session.add(row)
        except IntegrityError:  # another worker was first
            return await self._row(tenant)
        return row

    def _unwrap(self, row: DataKey) -> bytes:
        binding = _binding(row.tenant, "data key")
        try:
            return _open(self._master, row.wrapped, binding)
        except SecretUnreadable:
            if self._previous is None:
                raise
            return _open(self._previous, row.wrapped, binding)


def master_key(text: str, file: Path) -> bytes:
    """The master key from the setting, else from `file`, which is made (mode 600) at first use.

    Raises:
        ConfigInvalid: it is not 32 bytes in base64.
    """
    if not text and not file.exists():
        _make_key(file)
    try:
        key = base64.b64decode(text or file.read_text().strip(), validate=True)
    except ValueError as error:
        raise ConfigInvalid("The master key is not base64.", next_step="Set ATOM_MASTER_KEY.") from error
    if len(key) != KEY_BYTES:
        raise ConfigInvalid("The master key must have 32 bytes.", next_step="Set ATOM_MASTER_KEY.")
    return key


def _make_key(file: Path) -> None:
    """Write a new key, whole or not at all; where another process was first, its key stands."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(base64.b64encode(os.urandom(KEY_BYTES)))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _binding(tenant: str, purpose: str) -> bytes:
    return f"{len(tenant)}:{tenant}:{purpose}".encode()


def _seal(key: bytes, secret: bytes, binding: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, secret, binding)


def _open(key: bytes, sealed: bytes, binding: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], binding)
    except (InvalidTag, ValueError) as error:
        raise SecretUnreadable(
            "A stored secret cannot be opened.",
            cause=type(error).__name__,
            next_step="An administrator checks the master key; or connect again.",
        ) from error
