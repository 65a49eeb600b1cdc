"""Teams, projects, files, pictures, versions, components."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.figma.base import TOLD, Team, refused

WHITE = {"r": 1, "g": 1, "b": 1, "a": 1}
BOX = {"x": 0, "y": 0, "width": 390, "height": 844}


class Files(Team):
    """What reads the team's files."""

    @route("GET", "/v1/me")
    def me(self, call: Call) -> Json:
        """Who calls."""
        return self.user(call.person.email) | {"email": call.person.email}

    @route("GET", "/v1/teams/{team}/projects", scope="projects:read")
    def projects(self, call: Call) -> Json:
        """The projects of a team."""
        if call.params["team"] != TOLD["team"]["id"]:
            raise refused(403, "You do not have access to this team")
        return {"name": TOLD["team"]["name"], "projects": list(self.state["projects"].values())}

    @route("GET", "/v1/projects/{project}/files", scope="projects:read")
    def files(self, call: Call) -> Json:
        """The files of a project."""
        project: Json | None = self.state["projects"].get(call.params["project"])
        if project is None:
            raise refused(404, "Not found")
        rows = [row for row in self.state["files"].values() if row["project"] == project["id"]]
        found = [
            {
                "key": row["key"], "name": row["name"], "last_modified": row["changed"],
                "thumbnail_url": f"https://s3-alpha.figma.com/thumbnails/{row['key']}",
            }
            for row in rows
        ]  # fmt: skip
        return {"name": project["name"], "files": found}

    @route("GET", "/v1/files/{key}/meta", scope="file_metadata:read")
    def meta(self, call: Call) -> Json:
        """A file's facts."""
        row = self.file(call)
        return {
            "name": row["name"], "folder_name": self.state["projects"][row["project"]]["name"],
            "last_touched_at": row["changed"], "creator": self.user(row["by"]), "last_touched_by": self.user(row["by"]),
            "editorType": "figma", "role": "editor", "link_access": "org_view", "version": row["versions"][0]["id"],
            "url": f"https://www.figma.com/design/{row['key']}/{row['name'].replace(' ', '-')}",
        }  # fmt: skip

    @route("GET", "/v1/files/{key}", scope="file_content:read")
    def content(self, call: Call) -> Json:
        """Pages and frames."""
        row = self.file(call)
        depth = call.whole("depth", 9)
        pages = [self._page(page, depth) for page in row["pages"]]
        document = {"id": "0:0", "name": "Document", "type": "DOCUMENT", "scrollBehavior": "SCROLLS", "children": pages}
        return {
            "name": row["name"], "role": "editor", "lastModified": row["changed"], "editorType": "figma",
            "version": row["versions"][0]["id"], "document": document, "components": {}, "componentSets": {},
            "schemaVersion": 0, "styles": {}, "thumbnailUrl": "",
        }  # fmt: skip

    @route("GET", "/v1/files/{key}/nodes", scope="file_content:read")
    def nodes(self, call: Call) -> Json:
        """Parts of a file; null for what is not there."""
        row = self.file(call)
        there = self._nodes(row)
        wanted = str(call.need("ids")).split(",")
        extra = {"components": {}, "componentSets": {}, "schemaVersion": 0, "styles": {}}
        found = {one: {"document": there[one], **extra} if one in there else None for one in wanted}
        return {
            "name": row["name"], "role": "editor", "lastModified": row["changed"], "editorType": "figma",
            "thumbnailUrl": "", "version": row["versions"][0]["id"], "nodes": found,
        }  # fmt: skip

    @route("GET", "/v1/images/{key}", scope="file_content:read")
    def images(self, call: Call) -> Json:
        """Links to pictures; null for what could not be rendered."""
        row = self.file(call)
        there = self._nodes(row)
        kind = str(call.get("format", "png"))
        links = {}
        for one in str(call.need("ids")).split(","):
            picture = self.ident(36, row["key"], one, kind, call.get("scale")).lower()
            links[one] = (
                f"https://figma-alpha-api.s3.us-west-2.amazonaws.com/images/{picture}" if one in there else None
            )
        return {"err": None, "images": links}

    @route("GET", "/v1/files/{key}/versions", scope="file_versions:read")
    def versions(self, call: Call) -> Json:
        """The history, the newest first; `before` is the id that a page starts after."""
        row = self.file(call)
        size, before = max(1, call.whole("page_size", 30, top=50)), call.get("before")
        rows = row["versions"]
        start = next((place + 1 for place, one in enumerate(rows) if one["id"] == before), 0)
        part = rows[start : start + size]
        found = [
            {
                "id": one["id"], "created_at": one["created_at"], "label": one["label"], "description": None,
                "user": self.user(one["by"]),
            }
            for one in part
        ]  # fmt: skip
        pagination = {}
        if start + size < len(rows):
            query = urlencode({"page_size": size, "before": part[-1]["id"]})
            pagination["next_page"] = f"http://{call.headers['host']}/{self.key}{call.path}?{query}"
        return {"versions": found, "pagination": pagination}

    @route("GET", "/v1/files/{key}/components", scope="library_content:read")
    def components(self, call: Call) -> Json:
        """What a library has published."""
        row = self.file(call)
        page = row["pages"][0]
        found = [
            {
                "key": self.ident(40, "component", name).lower(), "file_key": row["key"], "node_id": f"9:{place}",
                "name": name, "description": "", "created_at": row["changed"], "updated_at": row["changed"],
                "user": self.user(row["by"]), "containing_frame": {"pageId": page["id"], "pageName": page["name"]},
            }
            for place, name in enumerate(row["components"])
        ]  # fmt: skip
        return {"status": 200, "error": False, "meta": {"components": found}}

    def _nodes(self, row: Json) -> Json:
        pages = {page["id"]: self._page(page, 1) for page in row["pages"]}
        return pages | {frame["id"]: _frame(frame) for page in row["pages"] for frame in page["frames"]}

    def _page(self, page: Json, depth: int) -> Json:
        device = {"type": "NONE", "rotation": "NONE"}
        return {
            "id": page["id"], "name": page["name"], "type": "CANVAS", "scrollBehavior": "SCROLLS",
            "children": [_frame(frame) for frame in page["frames"]] if depth > 1 else [], "backgroundColor": WHITE,
            "prototypeStartNodeID": None, "flowStartingPoints": [], "prototypeDevice": device,
        }  # fmt: skip


def _frame(frame: Json) -> Json:
    return {
        "id": frame["id"], "name": frame["name"], "type": "FRAME", "scrollBehavior": "SCROLLS", "children": [],
        "blendMode": "PASS_THROUGH", "absoluteBoundingBox": BOX, "absoluteRenderBounds": BOX, "clipsContent": True,
        "constraints": {"vertical": "TOP", "horizontal": "LEFT"}, "fills": [], "effects": [],
        "backgroundColor": WHITE, "background": [], "strokes": [], "strokeWeight": 1, "strokeAlign": "INSIDE",
    }  # fmt: skip
