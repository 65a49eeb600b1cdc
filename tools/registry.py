"""All integrations there are, and a person's own instance of each."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib.metadata import entry_points

import httpx

import tools.integrations
from core.clock import Clock, utc_now
from core.db import Database
from core.errors import AtomError, Candidate, ConfigInvalid, InvalidArgument, NotConnected, VendorUnavailable
from core.log import logger
from core.principal import Principal
from core.tool import Tool
from core.vault import Vault
from tools.integration import Integration
from tools.kit.auth import OAuth2, Open, Session, fill
from tools.kit.connection import Connection, Connections, needs
from tools.kit.http import Http, Shared
from tools.kit.oauth import OAuth, Provider

ENTRY_POINTS = "atom.integrations"
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_log = logger("tools.registry")


def discover() -> dict[str, type[Integration]]:
    """Every integration by key: those of `tools.integrations` and of installed packages.

    Raises:
        TypeError: one is malformed.
        ConfigInvalid: two have the same key.
    """
    found: dict[str, type[Integration]] = {}
    for kind in _classes():
        if kind.key in found:
            raise ConfigInvalid(f"Two integrations are called “{kind.key}”.")
        found[kind.key] = kind
    return dict(sorted(found.items()))


def offered() -> list[Tool]:
    """Every tool that a person may ask for, of every integration."""
    return [tool for kind in discover().values() for tool in kind.tools.values() if not tool.is_hidden]


def _classes() -> Iterator[type[Integration]]:
    for module in pkgutil.iter_modules(tools.integrations.__path__, f"{tools.integrations.__name__}."):
        loaded = importlib.import_module(f"{module.name}.integration")
        for item in vars(loaded).values():
            if isinstance(item, type) and issubclass(item, Integration) and item.__module__ == loaded.__name__:
                yield item
    for point in entry_points(group=ENTRY_POINTS):
        loaded = point.load()
        if not (isinstance(loaded, type) and issubclass(loaded, Integration)):
            raise TypeError(f"The entry point {point.name} = {point.value} is no Integration.")
        yield loaded


class Registry:
    """Opens integrations for people.

    `hosts` maps, by integration, the beginning of a vendor's address to another (the demo's). `clients` has by
    integration the OAuth client's `id` and `secret`, and what the integration's `slots` name (a subdomain).
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        client: httpx.AsyncClient,
        *,
        callback_url: str = "",
        connect_url: str = "",
        hosts: Mapping[str, Mapping[str, str]] | None = None,
        clients: Mapping[str, Mapping[str, str]] | None = None,
        timeout_s: float = 15.0,
        integrations: Mapping[str, type[Integration]] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.integrations = dict(integrations) if integrations is not None else discover()
        self.connections = Connections(database, vault, clock)
        self.oauth = OAuth(client, database, vault, self.connections, callback_url, clock)
        self._clock = clock
        self._connect_url = connect_url
        self._shared = Shared(client)
        self._hosts = {key: dict(moves) for key, moves in (hosts or {}).items()}
        self._clients = dict(clients or {})
        self._timeout_s = timeout_s
        self._tools = {tool.id: tool for kind in self.integrations.values() for tool in kind.tools.values()}

    @property
    def tools(self) -> Sequence[Tool]:
        """The tools a person may ask for."""
        return [tool for tool in self._tools.values() if not tool.is_hidden]

    @property
    def all_tools(self) -> Sequence[Tool]:
        """Every tool, the hidden ones too."""
        return list(self._tools.values())

    def tool(self, tool_id: str) -> Tool | None:
        """A tool by id, the hidden ones too."""
        return self._tools.get(tool_id)

    async def connected(self, who: Principal) -> dict[str, str]:
        """The status of each of the person's connections, by integration."""
        free = {key: "active" for key, kind in self.integrations.items() if isinstance(kind.auth, Open)}
        return free | await self.connections.keys(who.tenant, who.id)

    async def open(self, key: str, who: Principal, call_id: str = "") -> Integration:
        """The integration under this person's own connection.

        Raises:
            NotConnected: there is none that works.
        """
        kind = self._kind(key)
        if isinstance(kind.auth, Open):
            return self._bind(kind, Connection(who.tenant, who.id, key, {}), who, call_id)
        connection = needs(await self.connections.get(who.tenant, who.id, key), key, kind.name)
        if connection.is_due(self._clock()) and self._can_refresh(kind, connection):
            connection = await self._early(kind, connection)
        return self._bind(kind, connection, who, call_id)

    def _can_refresh(self, kind: type[Integration], connection: Connection) -> bool:
        return isinstance(kind.auth, Session) or bool(connection.secret.get("refresh_token"))

    async def _early(self, kind: type[Integration], connection: Connection) -> Connection:
        """Refreshed before it ends; where that fails for now, as it is: it may still be good for a minute."""
        try:
            return await self.oauth.refresh(self._provider(kind), connection)
        except (VendorUnavailable, ConfigInvalid) as error:
            _log.warning("refresh_put_off", integration=kind.key, cause=error.cause or type(error).__name__)
            return connection

    def can_connect(self, key: str) -> bool:
        """Whether this deployment can connect somebody: a client is registered, or none is needed."""
        return not isinstance(self._kind(key).auth, OAuth2) or bool(self._clients.get(key))

    async def link(self, key: str, who: Principal) -> str:
        """Where this person connects the integration: the vendor's consent page, or ours for a key.

        Raises:
            ConfigInvalid: no client is registered for it.
        """
        kind = self._kind(key)
        if isinstance(kind.auth, OAuth2):
            return await self.oauth.link(self._provider(kind), who)
        return f"{self._connect_url}/{await self.oauth.pend(key, who)}"

    async def asked(self, state: str) -> type[Integration]:
        """The integration that a link to our own page is for.

        Raises:
            BadSignature: the link was used, is too old, or was not ours.
        """
        return self._kind((await self.oauth.look(state)).integration)

    def asks(self, kind: type[Integration]) -> tuple[str, ...]:
        """What a person gives on our own page: the keys, and where their system is, if the deployment does not say."""
        return (*(name for name in kind.slots if not self._slots(kind).get(name)), *kind.auth.asks)

    async def finish(self, state: str, code: str, query: Mapping[str, str] | None = None) -> tuple[Principal, str]:
        """Complete a consent that came back with a code and the rest of the `query`; gives who connected what.

        Raises:
            BadSignature: the link was used, is too old, or was not ours.
            NotConnected: the vendor refused.
        """
        pending = await self.oauth.claim(state)
        kind = self._kind(pending.integration)
        who = Principal(tenant=pending.tenant, id=pending.principal, name=pending.principal)
        connection = await self.oauth.finish(self._provider(kind), pending, code, query)
        await self.settle(who, connection)
        return who, kind.key

    async def paste(self, state: str, secret: Mapping[str, str]) -> tuple[Principal, str]:
        """Connect with a key, a token or a password that the person gave on our page; gives who connected what.

        Raises:
            BadSignature: the link was used, is too old, or was not ours.
            InvalidArgument: something is missing, or has a character that no key has.
            VendorError: the vendor does not accept it; nothing was stored, and the link still works.
        """
        pending = await self.oauth.look(state)
        kind = self._kind(pending.integration)
        given = {name: value.strip() for name, value in secret.items()}
        given |= {name: _slot(kind.base_url, name, given[name]) for name in kind.slots if name in given}
        for name in self.asks(kind):
            if not given.get(name) or not (given[name].isascii() and given[name].isprintable()):
                raise InvalidArgument(f"This is no {name} that {kind.name} could have given.", parameter=name)
        who = Principal(tenant=pending.tenant, id=pending.principal, name=pending.principal)
        await self.settle(who, Connection(who.tenant, who.id, kind.key, given))
        await self.oauth.claim(state)
        return who, kind.key

    async def settle(self, who: Principal, connection: Connection) -> None:
        """Prove a new connection by asking the vendor who it belongs to, and store it.

        Raises:
            NotConnected: the vendor does not accept it; nothing was stored.
        """
        kind = self._kind(connection.integration)
        connection = replace(connection, base_url=self._moved(kind, connection.base_url))
        if isinstance(kind.auth, Session):
            connection = await self._signed_in(kind, connection)
        account = await self._bind(kind, connection, who, "", is_new=True).identify()
        base = self._moved(kind, account.base) or connection.base_url or self._filled(kind, connection, kind.base_url)
        made = replace(connection, account=account.id, base_url=base + account.path, site=account.site)
        await self.connections.put(made)

    async def disconnect(self, key: str, who: Principal) -> None:
        """Forget a connection, and revoke it at the vendor where that is possible.

        Raises:
            NotConnected: there was none.
        """
        kind = self._kind(key)
        connection = await self.connections.get(who.tenant, who.id, key)
        if connection is None:
            raise NotConnected(key, kind.name)
        if isinstance(kind.auth, OAuth2):
            await self.oauth.disconnect(self._provider(kind), connection)
        else:
            await self.connections.remove(who.tenant, who.id, key)

    async def names(self, who: Principal) -> dict[str, tuple[str, ...]]:
        """Names that the person's connected systems know, by kind; a system that fails is left out."""
        status = await self.connected(who)
        keys = [key for key, one in status.items() if one == "active" and key in self.integrations]
        found: dict[str, list[str]] = {}
        for listed in await asyncio.gather(*(self._names_in(key, who) for key in keys)):
            for kind, names in listed.items():
                found.setdefault(kind, []).extend(name for name in names if name)
        return {kind: tuple(dict.fromkeys(names)) for kind, names in found.items()}

    async def _names_in(self, key: str, who: Principal) -> Mapping[str, Sequence[str]]:
        try:
            return await (await self.open(key, who)).list_names()
        except AtomError as error:
            _log.warning("names_unavailable", integration=key, cause=error.cause or type(error).__name__)
            return {}

    def _bind(
        self, kind: type[Integration], connection: Connection, who: Principal, call_id: str, is_new: bool = False
    ) -> Integration:
        if not connection.base_url:
            connection = replace(connection, base_url=self._filled(kind, connection, kind.base_url))

        async def refresh(stale: Connection) -> Connection:
            return await self.oauth.refresh(self._provider(kind), stale)

        can_refresh = isinstance(kind.auth, OAuth2 | Session) and not is_new
        sites = {name: self._filled(kind, connection, address) for name, address in kind.sites.items()}
        lost = None if is_new else self._lost
        renew = refresh if can_refresh else None
        http = Http(kind, connection, self._shared, renew, call_id, self._timeout_s, sites, lost)
        http.slots = self._slots(kind)
        return kind(http, who, _Directory(self, who, but=kind.key))

    async def _lost(self, connection: Connection) -> None:
        await self.connections.replace(replace(connection, status="broken"))

    async def _signed_in(self, kind: type[Integration], connection: Connection) -> Connection:
        """With a new session. The old one is dropped first, so that nothing is sent with it."""
        who = Principal(tenant=connection.tenant, id=connection.principal, name=connection.principal)
        kept = {name: connection.secret[name] for name in (*kind.auth.asks, *kind.slots) if name in connection.secret}
        bare = replace(connection, secret=kept)
        added, lasts = await self._bind(kind, bare, who, "", is_new=True).sign_in()
        ends = self._clock() + timedelta(seconds=lasts) if lasts else None
        return replace(bare, secret=kept | added, expires_at=ends, status="active")

    def _kind(self, key: str) -> type[Integration]:
        if key not in self.integrations:
            raise ConfigInvalid(f"There is no integration “{key}”.")
        return self.integrations[key]

    def _provider(self, kind: type[Integration]) -> Provider:
        client = self._clients.get(kind.key, {})
        if isinstance(kind.auth, Session):
            none = OAuth2("", "", ())
            return Provider(kind.key, kind.name, none, client, renew=partial(self._signed_in, kind))
        if not isinstance(kind.auth, OAuth2):
            raise ConfigInvalid(f"{kind.name} is connected with a key, not by consent.")
        auth = replace(
            kind.auth,
            authorize_url=self._filled(kind, None, kind.auth.authorize_url),
            token_url=self._filled(kind, None, kind.auth.token_url),
            revoke_url=self._filled(kind, None, kind.auth.revoke_url),
            refresh_url=self._filled(kind, None, kind.auth.refresh_url),
        )
        base = "" if kind.base_url.startswith("{") else self._filled(kind, None, kind.base_url)
        return Provider(kind.key, kind.name, auth, client, base)

    def _slots(self, kind: type[Integration]) -> dict[str, str]:
        """The deployment's values of an integration's slots."""
        client = self._clients.get(kind.key, {})
        return {name: client.get(name) or default for name, default in kind.slots.items()}

    def _filled(self, kind: type[Integration], connection: Connection | None, address: str) -> str:
        """An address with its slots filled in, where this deployment reaches it.

        Raises:
            ConfigInvalid: a slot has no value, or one that would lead elsewhere.
        """
        secret = connection.secret if connection else {}
        values = {name: str(secret.get(name) or value) for name, value in self._slots(kind).items()}
        for name, value in values.items():
            if f"{{{name}}}" in address and not _LABEL.fullmatch(value):
                raise ConfigInvalid(
                    f"{kind.name} cannot be connected yet: its {name} is not known.",
                    next_step=f"An administrator sets “{name}” in ATOM_CLIENTS for “{kind.key}”.",
                )
        return self._moved(kind, fill(address, values) or address)

    def _moved(self, kind: type[Integration], address: str) -> str:
        for begin, instead in self._hosts.get(kind.key, {}).items():
            if address.startswith(begin):
                return instead + address[len(begin) :]
        return address


def _slot(address: str, name: str, value: str) -> str:
    """The value of a slot out of what people paste: the whole address of their system, or its name."""
    _, _, after = address.partition(f"{{{name}}}")
    host = re.sub(r"^https?://", "", value, flags=re.IGNORECASE).partition("/")[0]
    return host.removesuffix(after.partition("/")[0])


class _Directory:
    """People of the systems that the asker has connected, by e-mail address."""

    def __init__(self, registry: Registry, who: Principal, but: str) -> None:
        self._registry = registry
        self._who = who
        self._but = but

    async def find(self, text: str) -> Sequence[Candidate]:
        """People that `text` may stand for; a candidate's id is the e-mail address."""
        found: dict[str, Candidate] = {}
        for key, status in (await self._registry.connected(self._who)).items():
            kind = self._registry.integrations.get(key)
            if key == self._but or status != "active" or kind is None or "person" not in kind.names:
                continue
            try:
                system = await self._registry.open(key, self._who)
                people: Sequence[Candidate] = await getattr(system, "find_person")(text)  # noqa: B009
            except AtomError as error:
                _log.warning("directory_unavailable", integration=key, cause=error.cause or type(error).__name__)
                continue
            for person in people:
                if "@" in person.detail:
                    address = person.detail.lower()
                    found.setdefault(address, Candidate(address, person.label, person.detail, (person.id,)))
        return list(found.values())
