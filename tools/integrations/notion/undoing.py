"""What Notion's tools take back, and the writing that they share with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from core.errors import Conflict
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.notion.lookup import Lookup
from tools.integrations.notion.mapping import Holding, to_page
from tools.integrations.notion.property import shown

UNDO = "it is itself an undo"


class Undoing(Lookup):
    """The hidden tools."""

    @tool("write", proof="read_page_back", irreversible=UNDO, is_hidden=True)
    async def restore_page(self, page: Annotated[str, "id"]) -> Change:
        """Take a page out of the trash."""
        found = to_page(await self.patch(page, {"in_trash": False}))
        return Change(found, {"title": found.title})

    @tool("write", proof="read_page_back", irreversible=UNDO, is_hidden=True)
    async def restore_properties(
        self,
        page: Annotated[str, "id"],
        former: Annotated[dict[str, Any], "former values, in Notion's own words"],
    ) -> Change:
        """Set properties of a page back to what they were."""
        return await self.set_properties(page, former, None)

    @tool("destructive", proof="read_text_back", irreversible=UNDO, is_hidden=True)
    async def remove_blocks(
        self, page: Annotated[str, "id"], blocks: Annotated[list[str], "ids of the blocks that were added"]
    ) -> Change:
        """Take away what was added to a page."""
        left = await self.blocks(page)
        if gone := [one for one in blocks if one not in left]:
            raise Conflict(f"Of what was added, {len(gone)} pieces are gone already.")
        for one in blocks:
            await self.http.send("DELETE", f"/v1/blocks/{one}", is_repeatable=True)
        return Change(to_page(await self.page(page)))

    async def set_properties(self, page: str, values: Mapping[str, Any], undo: Call | None) -> Change:
        item = await self.patch(page, {"properties": values})
        told = {name: shown((item.get("properties") or {}).get(name) or {}) for name in values}
        held = {name: value for name, value in told.items() if item["properties"][name].get("type") != "title"}
        document = to_page(item)
        title = {"title": document.title} if len(held) < len(told) else {}
        return Change(document, {"properties": Holding(held), **title}, undo=undo)

    async def patch(self, page: str, body: Mapping[str, Any]) -> Any:
        return (await self.http.send("PATCH", f"/v1/pages/{page}", json=body, is_repeatable=True)).data
