"""Pages: search, reading, making, changing, what they say."""

from __future__ import annotations

import re
from typing import Any

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.notion.base import Workspace, canonical, refused
from sandbox.vendors.notion.shape import rich, taken, value, words


class Pages(Workspace):
    """`/search`, `/pages` and `/blocks`."""

    @route("POST", "/v1/search")
    def search(self, call: Call) -> Json:
        """Pages and databases by title."""
        wanted = str(call.get("query") or "").lower().split()
        kind = (call.get("filter") or {}).get("value")
        rows = [] if kind == "data_source" else [row for row in self.state["pages"].values() if self._is_there(row)]
        found = [self.page_shown(row) for row in rows if _has(self._title(row), wanted)]
        if kind != "page":
            sources = self.state["sources"].values()
            found += [self.source_shown(row) for row in sources if _has(row["title"], wanted)]
        sort = call.get("sort") or {}
        is_down = sort.get("direction", "descending") == "descending"
        found.sort(key=lambda item: str(item["last_edited_time"]), reverse=is_down)
        return self.listed(call, found, "page_or_data_source")

    @route("GET", "/v1/pages/{page}")
    def get_page(self, call: Call) -> Json:
        """One page with its properties."""
        return self.page_shown(self.page(call.params["page"]))

    @route("POST", "/v1/pages")
    def create_page(self, call: Call) -> Json:
        """A page under another, in a database, or at the top."""
        parent, properties = call.need("parent"), call.get("properties") or {}
        number = self.fresh("page")
        row: Json = {
            "id": number, "created": self.now(), "edited": self.now(), "by": call.person.email, "in_trash": False,
            "unshared": False, "blocks": [], "properties": {},
        }  # fmt: skip
        if "page_id" in parent:
            above = self.page(str(parent["page_id"]))
            if above["in_trash"]:
                raise refused(400, "Can't create pages under a page that is in the trash.")
            row["parent"] = {"type": "page_id", "page_id": above["id"]}
        elif "data_source_id" in parent:
            source = self.source(str(parent["data_source_id"]))
            row["parent"] = {
                "type": "data_source_id", "data_source_id": source["id"], "database_id": source["database"],
            }  # fmt: skip
        elif parent.get("type") == "workspace":
            row["parent"] = {"type": "workspace", "workspace": True}
        else:
            raise refused(400, "body failed validation: body.parent should be defined")
        schema = self._schema(row)
        for name, about in schema.items():
            if about["type"] != "created_time":
                row["properties"][name] = {"id": about["id"], **value(about["type"], None)}
        self._set(row, schema, properties)
        self.state["pages"][number] = row
        self._write(row, str(call.get("markdown") or ""))
        self.tell(call, "page.created", "page", number, parent=row["parent"])
        return self.page_shown(row)

    @route("PATCH", "/v1/pages/{page}")
    def update_page(self, call: Call) -> Json:
        """Other properties, or into the trash and out of it."""
        row = self.page(call.params["page"])
        body: Json = call.body if isinstance(call.body, dict) else {}
        trash = body.get("in_trash", body.get("archived"))
        if row["in_trash"] and trash is not False:
            raise refused(
                400, "Can't edit page on block with an archived ancestor. You must unarchive the ancestor first."
            )
        if body.get("properties"):
            self._set(row, self._schema(row), body["properties"])
        if trash is not None:
            row["in_trash"] = bool(trash)
            self.tell(call, "page.deleted" if trash else "page.undeleted", "page", row["id"])
        if body.get("properties"):
            self.tell(call, "page.properties_updated", "page", row["id"])
        row["edited"] = self.now()
        return self.page_shown(row)

    @route("GET", "/v1/pages/{page}/markdown")
    def get_markdown(self, call: Call) -> Json:
        """What a page says."""
        return self._markdown(self.page(call.params["page"]))

    @route("PATCH", "/v1/pages/{page}/markdown")
    def patch_markdown(self, call: Call) -> Json:
        """Add to it, or write it anew."""
        row = self.page(call.params["page"])
        if row["in_trash"]:
            raise refused(400, "Can't edit a page in the trash.")
        kind = str(call.need("type"))
        told = call.need(kind)
        if kind == "replace_content":
            for block in row["blocks"]:
                self.state["blocks"].pop(block, None)
            row["blocks"] = []
            self._write(row, str(told["new_str"]))
        elif kind == "insert_content":
            at_start = (told.get("position") or {}).get("type") == "start"
            self._write(row, str(told["content"]), at_start=at_start)
        else:
            raise refused(400, f"{kind} is not supported here.")
        row["edited"] = self.now()
        self.tell(call, "page.content_updated", "page", row["id"])
        return self._markdown(row)

    @route("GET", "/v1/blocks/{block}/children")
    def children(self, call: Call) -> Json:
        """The blocks of a page, its pages among them."""
        row = self.page(call.params["block"])
        blocks = [self._block(self.state["blocks"][number]) for number in row["blocks"]]
        inside = [one for one in self.state["pages"].values() if one["parent"].get("page_id") == row["id"]]
        blocks += [self._child(one) for one in inside if self._is_there(one)]
        return self.listed(call, blocks, "block")

    @route("DELETE", "/v1/blocks/{block}")
    def delete_block(self, call: Call) -> Json:
        """Into the trash."""
        number = canonical(call.params["block"])
        block: Json | None = self.state["blocks"].pop(number, None)
        if block is None:
            raise refused(404, f"Could not find block with ID: {number}.")
        row = self.page(block["page"])
        row["blocks"].remove(number)
        row["edited"] = self.now()
        return self._block(block) | {"archived": True, "in_trash": True}

    def page_shown(self, row: Json) -> Json:
        """A page object."""
        title = re.sub(r"[^\w]+", "-", self._title(row)).strip("-")
        properties = dict(row["properties"])
        for name, about in self._schema(row).items():
            if about["type"] == "created_time":
                held = {"type": "created_time", "created_time": row["created"]}
                properties[name] = {"id": about["id"], **held}
            if about["type"] == "people" and properties[name]["people"]:
                people = [self._person(one["id"]) for one in properties[name]["people"]]
                properties[name] = {**properties[name], "people": people}
        return {
            "object": "page", "id": row["id"], "created_time": row["created"], "last_edited_time": row["edited"],
            "created_by": self.brief(row["by"]), "last_edited_by": self.brief(row["by"]), "cover": None, "icon": None,
            "parent": row["parent"], "archived": row["in_trash"], "in_trash": row["in_trash"], "properties": properties,
            "url": f"https://www.notion.so/{title}-{row['id'].replace('-', '')}", "public_url": None,
        }  # fmt: skip

    def source_shown(self, row: Json) -> Json:
        """A data source object."""
        number = row["database"].replace("-", "")
        return {
            "object": "data_source", "id": row["id"], "title": rich(row["title"]), "properties": row["properties"],
            "parent": {"type": "database_id", "database_id": row["database"]},
            "database_parent": {"type": "workspace", "workspace": True}, "created_time": "2025-01-07T09:00:00.000Z",
            "last_edited_time": "2026-01-07T09:00:00.000Z", "archived": False, "in_trash": False,
            "url": f"https://www.notion.so/{number}", "icon": None, "description": [],
        }  # fmt: skip

    def source(self, number: str) -> Json:
        """A data source."""
        row: Json | None = self.state["sources"].get(canonical(number))
        if row is None:
            raise refused(404, f"Could not find data source with ID: {number}.")
        return row

    def _schema(self, row: Json) -> Json:
        if "data_source_id" in row["parent"]:
            found: Json = self.source(row["parent"]["data_source_id"])["properties"]
            return found
        return {"title": {"id": "title", "type": "title", "title": {}}}

    def _set(self, row: Json, schema: Json, properties: Json) -> None:
        made = {}
        for name, given in properties.items():
            if name not in schema:
                raise refused(400, f"{name} is not a property that exists.")
            made[name] = {"id": schema[name]["id"], **taken(name, schema[name], given)}
            for one in made[name].get("people") or ():
                self._person(one["id"])
        row["properties"] |= made

    def _person(self, number: str) -> Json:
        for person in self.company.people:
            if self.uuid("user", person.email) == number:
                return self.user(person.email)
        raise refused(400, f"Could not find user with ID: {number}.")

    def _title(self, row: Json) -> str:
        return next((str(words(one)) for one in row["properties"].values() if one["type"] == "title"), "")

    def _is_there(self, row: Json) -> bool:
        return not row["in_trash"] and not row["unshared"]

    def _write(self, row: Json, markdown: str, *, at_start: bool = False) -> None:
        made = []
        for line in filter(str.strip, markdown.split("\n")):
            number = self.fresh("block")
            text = re.sub(r"^(\s*)[*+] ", r"\1- ", line.rstrip())
            self.state["blocks"][number] = {"id": number, "page": row["id"], "markdown": text, "at": self.now()}
            made.append(number)
        row["blocks"] = [*made, *row["blocks"]] if at_start else [*row["blocks"], *made]

    def _markdown(self, row: Json) -> Json:
        text = "\n".join(self.state["blocks"][number]["markdown"] for number in row["blocks"])
        return {
            "object": "page_markdown", "id": row["id"], "markdown": text, "truncated": False, "unknown_block_ids": [],
        }  # fmt: skip

    def _block(self, block: Json) -> Json:
        kind = "bulleted_list_item" if block["markdown"].lstrip().startswith("- ") else "paragraph"
        held: Json = {"rich_text": rich(block["markdown"].lstrip("- ")), "color": "default"}
        return self._common(block["id"], block["at"], block["page"]) | {"type": kind, kind: held}

    def _child(self, row: Json) -> Json:
        kind: Any = {"title": self._title(row)}
        parent = row["parent"]["page_id"]
        return self._common(row["id"], row["created"], parent) | {"type": "child_page", "child_page": kind}

    def _common(self, number: str, at: str, page: str) -> Json:
        return {
            "object": "block", "id": number, "parent": {"type": "page_id", "page_id": page}, "created_time": at,
            "last_edited_time": at, "has_children": False, "archived": False, "in_trash": False,
        }  # fmt: skip


def _has(title: str, wanted: list[str]) -> bool:
    return all(word in title.lower() for word in wanted)
