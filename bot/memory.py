"""The memory as an integration, so that what it is told to do is planned, decided, proven and undone as all else is.

Its tools are chosen by rules alone and are offered to no model and no MCP client: `place` is what the adapter vouches
for, the channel that the person speaks in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from bot.assistant import Sink
from core.errors import AtomError, Candidate, NotFound
from core.message import Button, Entry, Failure, Listing, Part, Press, Reply
from core.message import Text as Said
from core.principal import Principal
from core.records import Document, Record, Ref, Remembered
from core.tool import Call, Change
from governance.policy import Decision
from memory.item import Circle, Owner
from memory.memory import Memory
from memory.toolset import KEY, Toolset, shown
from tools.declare import Text, finds, tool
from tools.integration import Integration
from tools.kit.auth import Open

STANDING: Mapping[str, Decision] = {f"{KEY}.{name}": "allow" for name in ("remember_fact", "take_back", "set_personal")}
HOME_SHOWS = 20
Place = Annotated[str, "the channel"]
Item = Annotated[str, finds("item")]


class Recollection(Integration):
    """The memory for one person."""

    key = KEY
    name = "Memory"
    category = "other"
    aliases = ("memory",)
    auth = Open()
    base_url = "memory:"
    memory: ClassVar[Memory]

    def _tools(self, place: str = "") -> Toolset:
        return Toolset(self.memory, Circle(self.who, place))

    @property
    def _mine(self) -> Owner:
        return Circle(self.who).person

    async def find_item(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """What words may mean of what is remembered."""
        return await self._tools(str(args.get("place") or "")).find(text)

    @tool("write", proof="read_fact", undo="take_back")
    async def remember_fact(self, text: Annotated[Text, "what to remember"], place: Place = "") -> Change:
        """Remember a fact, a preference or a name for something."""
        kept = await self._tools(place).remember(text, self.http.call_id)
        undo = None
        if kept.change != "same":
            args = {"item": kept.row.id, "before": kept.before.id if kept.before else "", "place": place}
            undo = Call(tool="memory.take_back", args=args)
        return Change(shown(kept.row), {"title": kept.row.text}, undo=undo)

    async def read_fact(self, ref: Ref) -> Record:
        """An item of the person's own as it stands."""
        _, row = await self._tools().get(ref.id)
        return shown(row)

    async def prove(self, tool_id: str, change: Change) -> Record | None:
        """The item as it stands where it was written, the person's own memory or the channel's."""
        if not (isinstance(change.record, Remembered) and change.record.owner):
            return await super().prove(tool_id, change)
        owner = Owner(self.who.tenant, change.record.scope, change.record.owner)  # type: ignore[arg-type]
        rows = await self.memory.store.some(owner, [change.record.ref.id])
        return shown(rows[0]) if rows else None

    @tool("write", proof="read_fact", undo="remember_fact", is_hidden=True)
    async def take_back(
        self, item: Annotated[str, "the item"], before: Annotated[str, "what it superseded"] = "", place: Place = ""
    ) -> Change:
        """Take back something just remembered."""
        owner, row = await self._tools(place).get(item)
        record = shown(row)
        if before:
            await self.memory.restore(owner, before, item)
        else:
            await self.memory.forget(owner, [item])
        return Change(record, is_gone=True)

    @tool("destructive", proof="read_fact", irreversible="what is forgotten is gone")
    async def forget_fact(self, item: Annotated[Item, "what to forget"], place: Place = "") -> Change:
        """Forget one thing for good."""
        _, row = await self._tools(place).get(item)
        record = shown(row)
        await self._tools(place).forget(item)
        return Change(record.model_copy(update={"title": "", "text": ""}), is_gone=True)

    @tool("destructive", proof="read_everything", irreversible="what is forgotten is gone")
    async def forget_everything(self) -> Change:
        """Forget everything about you: facts, preferences, names, habits, episodes, and our conversations."""
        await self._tools().forget_all()
        return Change(
            Remembered(ref=Ref(integration=KEY, kind="everything", id=self.who.id, key="everything")), is_gone=True
        )

    async def read_everything(self, _: Ref) -> Record:
        """Whatever is left of the person.

        Raises:
            NotFound: nothing is.
        """
        rows = await self.memory.store.history(self._mine)
        if not rows:
            raise NotFound("Nothing is remembered.")
        return shown(rows[0])

    @tool("read")
    async def show_memory(self, about: Annotated[str, "what about"] = "", place: Place = "") -> list[Remembered]:
        """Show what is remembered."""
        return await self._tools(place).show(about)

    @tool("read")
    async def export_memory(self) -> Document:
        """Export what is remembered about you, as JSON."""
        return await self._tools().export()

    @tool("write", proof="read_personal", undo="set_personal")
    async def set_personal(
        self, is_on: Annotated[bool, "whether what is remembered shapes plans and answers"]
    ) -> Change:
        """Switch personalisation on or off."""
        before = await self.memory.store.owner(self._mine)
        await self.memory.store.switch(self._mine, off=not is_on)
        undo = Call(tool="memory.set_personal", args={"is_on": not (before.is_off if before else False)})
        record = await self.read_personal(Ref(integration=KEY, kind="setting", id="personal"))
        return Change(record, {"title": _switch(is_on)}, undo=undo)

    async def read_personal(self, ref: Ref) -> Record:
        """The setting as it stands."""
        noted = await self.memory.store.owner(self._mine)
        return Remembered(ref=ref, title=_switch(noted is None or not noted.is_off))


def integration(memory: Memory) -> type[Integration]:
    """The memory as a kind of integration."""
    made: type[Integration] = type("Recollection", (Recollection,), {"memory": memory, "__module__": __name__})
    return made


class Shelf:
    """What a person sees and does about their memory with buttons."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def section(self, who: Principal) -> Sequence[Part]:
        """The part of the home that shows what is remembered of them."""
        records = await Toolset(self._memory, Circle(who)).show()
        found = [one for one in records if one.kind != "episode"][:HOME_SHOWS]
        entries = tuple(
            Entry(text=one.title, detail=_detail(_plain(one)), buttons=(forget_button(one.ref.id),)) for one in found
        )
        return [Listing(title="What I remember about you", entries=entries, empty="Nothing yet.")]

    async def forget(self, press: Press, sink: Sink) -> None:
        """Forget the item whose button was pressed."""
        place = f"{press.platform}:{press.conversation}" if press.audience == "channel" else ""
        try:
            await Toolset(self._memory, Circle(press.by, place)).forget(press.target)
        except AtomError as error:
            await sink.send(Reply(parts=(Failure(text=error.message, next_step=error.next_step),), is_private=True))
            return
        await sink.send(Reply(parts=(Said(text="Forgotten."),), is_private=True))


def _plain(one: Remembered) -> dict[str, Any]:
    return one.model_dump(mode="json")


def listing(records: Sequence[Mapping[str, Any]]) -> Listing:
    """What is remembered, each with the button that forgets it."""
    entries = tuple(
        Entry(text=str(one.get("title", "")), detail=_detail(one), buttons=(forget_button(str(one["id"])),))
        for one in records
    )
    return Listing(title="What I remember", entries=entries, empty="I remember nothing about you.")


def forget_button(item: str) -> Button:
    """The button that forgets one item."""
    return Button(label="Forget", action="forget", target=item, style="danger", confirm="Forget this for good?")


def _detail(one: Mapping[str, Any]) -> str:
    whose = {"channel": "for this channel", "team": "for your team", "tenant": "for the company"}.get(
        str(one.get("scope")), ""
    )
    since = str(one.get("since") or "")[:10]
    return ", ".join(filter(None, [str(one.get("kind", "")), whose, f"since {since}" if since else ""]))


def _switch(is_on: bool) -> str:
    return f"Personalisation is {'on' if is_on else 'off'}"
