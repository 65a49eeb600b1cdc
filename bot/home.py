"""What stands between a person and the assistant: connections, plans that wait, what was done, settings."""

from __future__ import annotations

from collections.abc import Sequence

from agent.ledger import Ledger, LedgerRow
from bot.assistant import Sink
from bot.locale import Writer
from bot.preference import Preferences
from bot.present import receipt, steps
from core.clock import Clock, utc_now
from core.errors import ConfigInvalid
from core.message import Button, Connect, Entry, Failure, Listing, Part, Press, Reply
from core.principal import Principal
from governance.approval import ApprovalRow, Approvals
from governance.audit import Audit
from tools.integration import Integration
from tools.kit.auth import Open
from tools.kit.connection import Connection
from tools.registry import Registry

RECENT = 8
OFFERED = 6


class Home:
    """The sections of the home page, and its buttons."""

    def __init__(
        self,
        registry: Registry,
        approvals: Approvals,
        ledger: Ledger,
        audit: Audit,
        preferences: Preferences,
        clock: Clock = utc_now,
    ) -> None:
        self._registry = registry
        self._approvals = approvals
        self._ledger = ledger
        self._audit = audit
        self._preferences = preferences
        self._clock = clock
        self._tools = {tool.id: tool for tool in registry.all_tools}
        self.sections = (self.waiting, self.connections, self.receipts, preferences.section)

    async def waiting(self, who: Principal) -> Sequence[Part]:
        """Plans that wait for this person's word."""
        rows = await self._approvals.waiting(who)
        entries = tuple([await self._plan(row, who) for row in rows])
        return [Listing(title="Waiting for you", entries=entries, empty="Nothing waits for your word.")]

    async def connections(self, who: Principal) -> Sequence[Part]:
        """The person's systems, those that ended first, then some that could be connected."""
        states = await self._registry.connections.keys(who.tenant, who.id)
        kinds = self._registry.integrations
        mine = sorted((key for key in states if key in kinds), key=lambda key: (states[key] == "active", key))
        found = [await self._connection(kinds[key], who) for key in mine]
        rest = [key for key, kind in sorted(kinds.items()) if key not in states and not isinstance(kind.auth, Open)]
        can = [key for key in rest if self._registry.can_connect(key)]
        offered = tuple(_connect(kinds[key]) for key in can[:OFFERED])
        more = ", ".join(kinds[key].name for key in can[OFFERED:])
        return [
            Listing(title="Connections", entries=tuple(found), empty="Nothing is connected yet."),
            *([Listing(title="More systems", buttons=offered, entries=_more(more))] if offered else []),
        ]

    async def receipts(self, who: Principal) -> Sequence[Part]:
        """What was done lately, with Undo where it can be taken back."""
        rows = await self._ledger.recent(who, RECENT)
        return [Listing(title="Done lately", entries=tuple(map(self._done, rows)), empty="Nothing was changed yet.")]

    async def disconnect(self, press: Press, sink: Sink) -> None:
        """Forget a connection; where it could not be revoked there, it is forgotten here all the same."""
        kind = self._kind(press.target)
        if kind is None:
            await sink.send(_private(Failure(text="I do not know that system.")))
            return
        await self._registry.disconnect(kind.key, press.by)
        await self._audit.note(press.by, "disconnected", integration=kind.key)
        await sink.send(Reply(parts=Reply.of_text(f"{kind.name} is disconnected.").parts, is_private=True))

    async def connect(self, press: Press, sink: Sink) -> None:
        """Give a link to connect a system, good once and for this person."""
        kind = self._kind(press.target)
        if kind is None:
            await sink.send(_private(Failure(text="I do not know that system.")))
            return
        try:
            url = await self._registry.link(kind.key, press.by)
        except ConfigInvalid as error:
            await sink.send(_private(Failure(text=error.message, next_step=error.next_step)))
            return
        await sink.send(_private(Connect(integration=kind.key, name=kind.name, url=url, text=f"Connect {kind.name}.")))

    async def choose(self, press: Press, sink: Sink) -> None:
        """Keep a setting."""
        await self._preferences.choose(press.by, press.target, press.value)
        await sink.send(Reply(parts=Reply.of_text("Noted; it holds from now on.").parts, is_private=True))

    def _kind(self, key: str) -> type[Integration] | None:
        return self._registry.integrations.get(key)

    async def _plan(self, row: ApprovalRow, who: Principal) -> Entry:
        rows = await self._ledger.planned(row.tenant, row.thread)
        shown = steps(rows, self._tools)
        lines = [f"{name}: {value}" for step in shown for name, value in step.arguments]
        asker = f"{row.principal} asks: " if row.principal != who.id else ""
        return Entry(
            text=asker + "; ".join(step.title for step in shown),
            detail="\n".join(lines),
            buttons=(
                Button(label="Approve", action="approve", target=row.id, style="primary"),
                Button(label="Cancel", action="reject", target=row.id),
            ),
        )

    async def _connection(self, kind: type[Integration], who: Principal) -> Entry:
        sure = f"Requests in {kind.name} will ask you to connect it again."
        off = Button(label="Disconnect", action="disconnect", target=kind.key, confirm=sure)
        connection = await self._registry.connections.get(who.tenant, who.id, kind.key)
        if connection is None or connection.status != "active":
            return Entry(text=f"{kind.name}: the connection has ended", buttons=(_connect(kind, "Connect again"), off))
        return Entry(text=f"{kind.name}: connected", detail=_lasts(connection, who), buttons=(off,))

    def _done(self, row: LedgerRow) -> Entry:
        line = receipt(row, self._tools.get(row.tool))
        undo = (Button(label="Undo", action="undo", target=line.undo),) if line.undo else ()
        return Entry(text=line.text, detail=line.key if line.key not in line.text else "", url=line.url, buttons=undo)


def _connect(kind: type[Integration], label: str = "") -> Button:
    return Button(label=label or kind.name, action="connect", target=kind.key)


def _lasts(connection: Connection, who: Principal) -> str:
    """How long a connection holds, and at which site."""
    if connection.secret.get("refresh_token"):
        holds = "renews itself"
    elif connection.expires_at:
        holds = f"ends {Writer.of(who).moment(connection.expires_at)}"
    else:
        holds = "has no end"
    return ", ".join(part for part in (connection.site.rpartition("://")[2], holds) if part)


def _more(names: str) -> tuple[Entry, ...]:
    return (Entry(text=f"Also: {names}.", detail="Ask for something there, and I give you the link."),) if names else ()


def _private(part: Part) -> Reply:
    return Reply(parts=(part,), is_private=True)
