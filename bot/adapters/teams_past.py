"""What the last messages in a conversation led to: who edits or rates one of them means what came of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from bot.adapters.teams_reference import References

KEPT = 20


class Asked(BaseModel):
    """A message heard: the ids of the answers posted, and the plans of it that still wait."""

    model_config = ConfigDict(frozen=True)

    id: str
    answers: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()


class Past:
    """The last messages of each conversation and what was answered."""

    def __init__(self, references: References) -> None:
        self._references = references

    async def answered(self, tenant: str, thread: str, asked: str, answer: str, approvals: tuple[str, ...]) -> None:
        """Note an answer to a message, and the plans that it shows."""
        known = {one.id: one for one in await self._all(tenant, thread)}
        before = known.pop(asked, Asked(id=asked))
        now = Asked(id=asked, answers=(*before.answers, answer), approvals=(*before.approvals, *approvals))
        await self._keep(tenant, thread, [*known.values(), now])

    async def settled(self, tenant: str, thread: str, approval: str) -> None:
        """Note that a plan waits no longer."""
        before = await self._all(tenant, thread)
        if any(approval in one.approvals for one in before):
            left = [
                one.model_copy(update={"approvals": tuple(a for a in one.approvals if a != approval)}) for one in before
            ]
            await self._keep(tenant, thread, left)

    async def of_message(self, tenant: str, thread: str, asked: str) -> Asked | None:
        """What came of a message, or None."""
        return next((one for one in await self._all(tenant, thread) if one.id == asked), None)

    async def of_answer(self, tenant: str, thread: str, answer: str) -> Asked | None:
        """The message that was answered so, or None."""
        return next((one for one in await self._all(tenant, thread) if answer in one.answers), None)

    async def _all(self, tenant: str, thread: str) -> list[Asked]:
        kept = await self._references.load(tenant, _key(thread)) or {}
        return [Asked.model_validate(one) for one in kept.get("asked", ())]

    async def _keep(self, tenant: str, thread: str, asked: list[Asked]) -> None:
        value = {"asked": [one.model_dump(mode="json") for one in asked[-KEPT:]]}
        await self._references.store(tenant, _key(thread), value)


def _key(thread: str) -> str:
    return f"teams:past:{thread}"
