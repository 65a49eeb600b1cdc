"""The tools that say who is in a team."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from core.errors import Conflict, NotFound
from core.tool import Call, Change
from tools.declare import Who, finds, tool
from tools.integrations.teams import mapping
from tools.integrations.teams.lookup import Lookup

LIST = ("Team.ReadBasic.All", "Channel.ReadBasic.All")
MEMBERS = (*LIST, "TeamMember.ReadWrite.All")
UNDO = "it is itself an undo"

TeamName = Annotated[str, finds("team")]


class Membership(Lookup):
    """Joining and leaving."""

    @tool("write", scopes=MEMBERS, proof="read_member", undo="restore_member", recover="recover_member")
    async def add_member(
        self,
        team: Annotated[TeamName, "the team"],
        person: Annotated[Who, "who joins"],
        role: Annotated[Literal["member", "owner"], "what they are there"] = "member",
    ) -> Change:
        """Put a person into a team, or make a member its owner."""
        before = await self.member(team, person)
        if before is not None and before.role == role:
            raise Conflict(f"{before.title} is {role} of it already.")
        return await self._set_member(team, person, role, before.role if before else "")

    @tool("destructive", scopes=MEMBERS, proof="read_member", undo="restore_member")
    async def remove_member(
        self, team: Annotated[TeamName, "the team"], person: Annotated[Who, "who leaves"]
    ) -> Change:
        """Take a person out of a team."""
        before = await self.member(team, person)
        if before is None:
            raise NotFound("This person is not in the team.")
        return await self._set_member(team, person, "", before.role)

    @tool("write", scopes=MEMBERS, proof="read_member", irreversible=UNDO, is_hidden=True)
    async def restore_member(
        self,
        team: Annotated[str, "id"],
        person: Annotated[str, "id"],
        role: Annotated[str, "former role, empty for none"] = "",
    ) -> Change:
        """Make somebody in a team again what they were there."""
        before = await self.member(team, person)
        return await self._set_member(team, person, role, before.role if before else "")

    async def recover_member(self, team: str, person: str, role: str) -> Change | None:
        """The person in the team, if they are what they should be."""
        now = await self.member(team, person)
        if now is None or now.role != role:
            return None
        undo = {"team": team, "person": now.handle, "role": ""}
        return Change(
            now, {"role": role}, undo=Call(tool="teams.restore_member", args=undo) if role == "member" else None
        )

    async def _set_member(self, team: str, person: str, role: str, former: str) -> Change:
        """Make somebody member, owner or neither; `former` is what they are now."""
        path = f"/teams/{team}/members"
        undo = Call(tool="teams.restore_member", args={"team": team, "person": person, "role": former})
        if not former:
            made = mapping.to_member(await self.http.post(path, mapping.member(person, role)), team)
            return Change(made, {"role": role}, undo=undo)
        now = await self.member(team, person)
        if now is None:
            raise NotFound("This person is not in the team.")
        one = f"/{now.ref.id}"
        if not role:
            await self.http.send("DELETE", one, is_repeatable=True)
            return Change(now, is_gone=True, undo=undo)
        body: dict[str, Any] = {"@odata.type": mapping.MEMBER, "roles": ["owner"] if role == "owner" else []}
        await self.http.send("PATCH", one, json=body, is_repeatable=True)
        return Change(now, {"role": role}, undo=undo)
