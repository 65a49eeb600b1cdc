"""OAuth 2 with PKCE: the link, the code, the refresh, the end. What it gets is a `Connection`."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from sqlalchemy import LargeBinary, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import Clock, utc_now
from core.db import Database, Moment, Table
from core.errors import BadSignature, ConfigInvalid, NotConnected, VendorUnavailable
from core.principal import Principal
from core.vault import Vault
from tools.kit.auth import OAuth2
from tools.kit.connection import Connection, Connections

LINK_LIFE = timedelta(minutes=15)
LEASE_S = 20.0
POLL_S = 0.1
# What an authorisation server calls a wrong client: the deployment's fault, the person's token may be good.
CLIENT_REFUSED = frozenset({"invalid_client", "incorrect_client_credentials", "bad_client_secret", "invalid_client_id"})
UNWELL = frozenset({"temporarily_unavailable", "server_error", "slow_down", "ratelimited", "rate_limited"})
Key = tuple[str, str, str]
Renew = Callable[[Connection], Awaitable[Connection]]


class PendingLink(Table):
    """A connect link that was given out; its state is kept only as a hash, and it works once."""

    __tablename__ = "pending_link"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(200))
    principal: Mapped[str] = mapped_column(String(320))
    integration: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class Provider:
    """One integration's authorisation server, as this deployment talks to it.

    `renew` stands for the refresh where an integration signs in with keys of its own (`Session`).
    """

    def __init__(
        self,
        key: str,
        name: str,
        auth: OAuth2,
        client: Mapping[str, str],
        base_url: str = "",
        renew: Renew | None = None,
    ) -> None:
        self.key = key
        self.name = name
        self.auth = auth
        self.base_url = base_url
        self.renew = renew
        self._client = client

    @property
    def client_id(self) -> str:
        """The registered client's id.

        Raises:
            ConfigInvalid: no client is registered for this integration.
        """
        if not self._client.get("id"):
            raise ConfigInvalid(
                f"{self.name} cannot be connected yet: no OAuth client is registered.",
                next_step=f"An administrator sets ATOM_CLIENTS for “{self.key}”.",
            )
        return self._client["id"]

    def fields(self) -> dict[str, str]:
        """The client's id and secret as form fields."""
        return {"client_id": self.client_id, "client_secret": self._client.get("secret", "")}

    def signed(self, fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and fields of a request to the authorisation server, the client named in either."""
        headers = {"Accept": "application/json"}
        client = self.fields()
        if not self.auth.client_in_header:
            return headers, {**fields, **client}
        pair = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode())
        return headers | {"Authorization": f"Basic {pair.decode()}"}, dict(fields)


class OAuth:
    """The flow. One instance serves all integrations and tenants."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        database: Database,
        vault: Vault,
        connections: Connections,
        callback_url: str,
        clock: Clock = utc_now,
    ) -> None:
        self._http = http
        self._database = database
        self._vault = vault
        self._connections = connections
        self._callback_url = callback_url
        self._clock = clock
        self._refreshing: dict[Key, asyncio.Task[Connection]] = {}

    async def link(self, provider: Provider, who: Principal) -> str:
        """An address where this person, and nobody else, can consent; good once, for a quarter of an hour."""
        auth, client_id, verifier = provider.auth, provider.client_id, secrets.token_urlsafe(48)
        state = await self.pend(provider.key, who, verifier)
        query = {
            "client_id": client_id,
            "redirect_uri": self._callback_url,
            "response_type": "code",
            "state": state,
            auth.scope_parameter: auth.scope_separator.join(auth.scopes),
            **auth.extra,
        }
        if auth.has_pkce:
            query |= {"code_challenge": _challenge(verifier), "code_challenge_method": "S256"}
        return f"{auth.authorize_url}{'&' if '?' in auth.authorize_url else '?'}{urlencode(query)}"

    async def pend(self, integration: str, who: Principal, verifier: str = "") -> str:
        """A state that stands for this person's wish to connect; good once, for a quarter of an hour."""
        state = secrets.token_urlsafe(32)
        row = PendingLink(
            state_hash=_hash(state),
            tenant=who.tenant,
            principal=who.id,
            integration=integration,
            sealed=await self._vault.seal(who.tenant, f"link:{integration}:{who.id}", verifier),
            expires_at=self._clock() + LINK_LIFE,
        )
        async with self._database.session() as session:
            await session.execute(delete(PendingLink).where(PendingLink.expires_at < self._clock()))
            session.add(row)
        return state

    async def look(self, state: str) -> PendingLink:
        """The pending link, left as it is.

        Raises:
            BadSignature: the state is unknown, used or too old.
        """
        async with self._database.session() as session:
            row = await session.get(PendingLink, _hash(state))
        if row is None or row.expires_at < self._clock():
            raise _stale()
        return row

    async def claim(self, state: str) -> PendingLink:
        """Take the pending link of a returning browser; a second call with the same state fails.

        Raises:
            BadSignature: the state is unknown, used or too old.
        """
        async with self._database.session() as session:
            row = await session.get(PendingLink, _hash(state))
            taken = await session.execute(delete(PendingLink).where(PendingLink.state_hash == _hash(state)))
        if row is None or taken.rowcount != 1 or row.expires_at < self._clock():  # type: ignore[attr-defined]
            raise _stale()
        return row

    async def finish(
        self, provider: Provider, pending: PendingLink, code: str, query: Mapping[str, str] | None = None
    ) -> Connection:
        """Exchange the code for a connection, which is not stored yet; `query` is what came back with the code.

        Raises:
            VendorUnavailable: the authorisation server did not answer as it should.
            NotConnected: it refused the code.
            ConfigInvalid: it refused this deployment's client.
        """
        purpose = f"link:{provider.key}:{pending.principal}"
        verifier = await self._vault.open(pending.tenant, purpose, pending.sealed)
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._callback_url}
        if provider.auth.has_pkce:
            fields["code_verifier"] = verifier
        answer = await self._token(provider, fields)
        kept = {name: query[name] for name in provider.auth.callback_fields if query and query.get(name)}
        return self._merged(
            Connection(pending.tenant, pending.principal, provider.key, kept, provider.base_url),
            provider,
            answer,
        )

    async def refresh(self, provider: Provider, stale: Connection) -> Connection:
        """A fresh access token; of many that ask at once, in this or another process, one refreshes.

        Raises:
            NotConnected: the vendor no longer accepts the refresh token; the connection is marked so.
            VendorUnavailable: the authorisation server did not answer; the connection is left as it is.
        """
        key = (stale.tenant, stale.principal, stale.integration)
        task = self._refreshing.get(key)
        if task is None:
            task = asyncio.create_task(self._turn(provider, stale))
            self._refreshing[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        # whoever is cancelled meanwhile leaves the task to the others: a new refresh token must not be lost
        return await asyncio.shield(task)

    def _ended(self, key: Key, task: asyncio.Task[Connection]) -> None:
        self._refreshing.pop(key, None)
        if not task.cancelled():
            task.exception()  # those who waited have it; nobody may have

    async def _turn(self, provider: Provider, stale: Connection) -> Connection:
        """Wait for the right to refresh, or for the one who has it."""
        for _ in range(int(LEASE_S / POLL_S) + 1):
            current = await self._connections.get(stale.tenant, stale.principal, stale.integration)
            if current is None:
                raise NotConnected(provider.key, provider.name)
            if current.status != "active":
                raise NotConnected(provider.key, provider.name, expired=True, cause="it was marked broken")
            if current.version != stale.version:
                return current
            if await self._connections.lease(current, timedelta(seconds=LEASE_S)):
                return await self._renewed(provider, current)
            await asyncio.sleep(POLL_S)
        raise VendorUnavailable(f"{provider.name} did not renew the sign-in in time.", next_step="Try again soon.")

    async def _renewed(self, provider: Provider, current: Connection) -> Connection:
        try:
            fresh = await (provider.renew(current) if provider.renew else self._refreshed(provider, current))
        except NotConnected:
            await self._connections.replace(replace(current, status="broken"))
            raise
        except BaseException:
            await self._connections.release(current)
            raise
        if await self._connections.replace(fresh):
            return replace(fresh, version=current.version + 1)
        latest = await self._connections.get(current.tenant, current.principal, current.integration)
        if latest is None or latest.status != "active":  # disconnected meanwhile
            raise NotConnected(provider.key, provider.name)
        return latest

    async def _refreshed(self, provider: Provider, current: Connection) -> Connection:
        token = current.secret.get("refresh_token")
        if not token:
            raise NotConnected(provider.key, provider.name, expired=True, cause="no refresh token")
        fields = {"grant_type": "refresh_token", "refresh_token": token}
        answer = await self._token(provider, fields, provider.auth.refresh_url)
        return self._merged(current, provider, answer)

    async def disconnect(self, provider: Provider, connection: Connection) -> None:
        """Forget the connection, and revoke its token where the vendor can."""
        await self._connections.remove(connection.tenant, connection.principal, connection.integration)
        if provider.auth.revoke_url:
            token = connection.secret.get("refresh_token") or connection.secret.get("access_token", "")
            try:
                headers, fields = provider.signed({"token": token})
                if provider.auth.is_revoked_by_header:
                    headers, fields = provider.auth.headers(connection.secret), {}
                body: dict[str, Any] = {"json": fields} if provider.auth.is_json and fields else {"data": fields}
                answer = await self._http.post(provider.auth.revoke_url, headers=headers, **body)
                cause = "" if answer.status_code < 500 else str(answer.status_code)
            except (httpx.HTTPError, ConfigInvalid) as error:
                cause = type(error).__name__
            if cause:
                raise VendorUnavailable(
                    f"I forgot your {provider.name} token, but could not tell {provider.name}.",
                    cause=cause,
                    next_step=f"Remove ATOM in {provider.name}'s own settings.",
                )

    async def _token(self, provider: Provider, fields: dict[str, str], address: str = "") -> dict[str, Any]:
        auth, name = provider.auth, provider.name
        address = address or auth.token_url
        headers, fields = provider.signed(fields)
        try:
            if auth.is_json:
                response = await self._http.post(address, json=fields, headers=headers)
            else:
                response = await self._http.post(address, data=fields, headers=headers)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise VendorUnavailable(
                f"{name} did not answer the sign-in.", cause=type(error).__name__, next_step="Try again soon."
            ) from None
        status = response.status_code
        said = str(answer.get("error") or "") if isinstance(answer, dict) else "malformed"
        if status >= 500 or status in (408, 425, 429) or said in UNWELL:
            raise VendorUnavailable(
                f"{name} is having trouble.", status=status, cause=said, next_step="Try again soon."
            )
        if said in CLIENT_REFUSED:
            raise ConfigInvalid(
                f"{name} does not accept this assistant's own sign-in.",
                cause=said,
                next_step=f"An administrator checks ATOM_CLIENTS for “{provider.key}”.",
            )
        if said or status >= 400 or answer.get("ok") is False:
            is_renewal = fields["grant_type"] == "refresh_token"
            raise NotConnected(provider.key, name, expired=is_renewal, cause=f"{status} {said}".strip())
        return dict(answer)

    def _merged(self, connection: Connection, provider: Provider, answer: dict[str, Any]) -> Connection:
        token: Any = answer
        for step in provider.auth.token_path:
            inner = token.get(step)
            token = inner if isinstance(inner, dict) and inner else token
        kept = ("access_token", "refresh_token", "id", "instance_url", "scope")
        secret = connection.secret | {name: token[name] for name in kept if token.get(name)}
        if not token.get("access_token"):
            raise NotConnected(provider.key, provider.name, cause="no access token in the answer")
        scope = token.get("scope") or ""
        granted = (" ".join(map(str, scope)) if isinstance(scope, list) else str(scope)).replace(",", " ").split()
        return replace(
            connection,
            secret=secret,
            base_url=connection.base_url or str(answer.get("instance_url") or ""),
            scopes=tuple(granted) or connection.scopes or provider.auth.scopes,
            expires_at=self._ends(token.get("expires_in")),
            status="active",
        )

    def _ends(self, lasts: Any) -> datetime | None:
        """When a token ends that lasts so many seconds; None where the vendor says nothing that can be read."""
        try:
            return self._clock() + timedelta(seconds=float(lasts)) if lasts else None
        except (TypeError, ValueError, OverflowError):
            return None


def _stale() -> BadSignature:
    return BadSignature("This connect link was used or is too old.", next_step="Ask me for a new one.")


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
