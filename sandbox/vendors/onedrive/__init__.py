"""OneDrive: drives, files, folders, sharing, search."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from sandbox.exchange import Answer, Call, Json
from sandbox.microsoft import refused, stamp
from sandbox.vendor import route
from sandbox.vendors.onedrive.base import READ, WRITE, Space, coded, content

ITEM = "/v1.0/drives/{drive}/items/{item}"
CONFLICT = "@microsoft.graph.conflictBehavior"
_TERM = re.compile(r'(filetype|author|lastmodifiedtime)(>=|<=|[:=])("[^"]*"|\S+)|(\S+)', re.IGNORECASE)
_NAME = re.compile(r'[^"*:<>?/\\|]{1,255}')


class OneDrive(Space):
    """OneDrive for work."""

    key = "onedrive"

    @route("GET", "/v1.0/me/drive", scope=READ)
    def get_drive(self, call: Call) -> Json:
        """The caller's own drive."""
        person = call.person
        home = f"https://fernwick-my.sharepoint.com/personal/{person.email.replace('@', '_').replace('.', '_')}"
        user = {"id": self.user_id(person), "displayName": person.name, "email": person.email}
        return {
            "id": self.drive_id(person.email), "driveType": "business", "name": "OneDrive", "owner": {"user": user},
            "webUrl": f"{home}/Documents", "createdDateTime": stamp(self.world.now),
        }  # fmt: skip

    # items

    @route("GET", ITEM, scope=READ)
    def get_item(self, call: Call) -> Json:
        """One item."""
        return self.shown(self.item(call))

    @route("GET", ITEM + ":/{path:path}", scope=READ)
    def get_by_path(self, call: Call) -> Json:
        """One item by the names below a folder."""
        return self.shown(self._below(call, str(call.params["path"])))

    @route("GET", "/v1.0/shares/{share}/driveItem", scope=READ)
    def get_by_link(self, call: Call) -> Json:
        """Whatever a link shows."""
        coded_link = str(call.params["share"]).removeprefix("u!")
        try:
            link = base64.urlsafe_b64decode(coded_link + "=" * (-len(coded_link) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise refused(400, "invalidRequest", "Invalid sharing token.") from None
        for row in self.state["items"].values():
            links = [one["link"].get("url") for one in row["permissions"] if one.get("link")]
            if not self.is_gone(row) and (
                link in links or (link == self.shown(row)["webUrl"] and self.role(row, call.person))
            ):
                return self.shown(row)
        raise refused(404, "itemNotFound", "The sharing link no longer exists, or you do not have permission.")

    @route("GET", ITEM + "/children", scope=READ)
    def list_children(self, call: Call) -> Json:
        """What lies in a folder."""
        row = self.item(call)
        return self.paged(call, [self.shown(one) for one in self.children(row["id"])], 200)

    @route("POST", ITEM + "/children", scope=WRITE)
    def create_folder(self, call: Call) -> Answer:
        """A folder."""
        above, name = self.item(call, is_write=True), self._fit(str(call.need("name")))
        body: Json = call.body
        if "folder" not in body:
            raise refused(400, "invalidRequest", "Only folders are made here.")
        self._free(above["id"], name, str(body.get(CONFLICT) or "fail"))
        row = self._row(above["drive"], "01" + self.ident(32, "item", self.count("item")), above["id"], name, True)
        row |= {"by": call.person.email, "created": stamp(self.world.time()), "changed": stamp(self.world.time())}
        self.touched(row)
        return Answer(201, self.shown(row))

    @route("PATCH", ITEM, scope=WRITE)
    def update_item(self, call: Call) -> Json:
        """Move or rename."""
        row, body = self.item(call, is_write=True), call.body or {}
        name = self._fit(str(body.get("name") or row["name"]))
        above = str((body.get("parentReference") or {}).get("id") or row["parent"])
        target = self.state["items"].get(above)
        if target is None or not target["folder"] or target["drive"] != row["drive"]:
            raise refused(400, "invalidRequest", "The target folder does not exist in this drive.")
        here: Json | None = target
        while here is not None:
            if here["id"] == row["id"]:
                raise refused(400, "invalidRequest", "A folder cannot be moved into itself.")
            here = self.state["items"].get(here["parent"])
        if (name.lower(), above) != (row["name"].lower(), row["parent"]):
            self._free(above, name, "fail")
        self.touched(row | {"name": name, "parent": above})
        return self.shown(self.state["items"][row["id"]])

    @route("DELETE", ITEM, scope=WRITE)
    def delete_item(self, call: Call) -> None:
        """Into the recycle bin."""
        row = self.item(call, is_write=True)
        if not row["parent"]:
            raise refused(403, "accessDenied", "The root cannot be deleted.")
        self.touched(row | {"deleted": True})

    # content

    @route("GET", ITEM + "/content", scope=READ)
    def get_content(self, call: Call) -> Answer:
        """Where the content of a file lies for a while."""
        row = self.item(call)
        if row["folder"]:
            raise refused(400, "invalidRequest", "A folder has no content.")
        return Answer(302, None, {"location": self.address(call, f"/download/{row['id']}")})

    @route("GET", "/download/{item}", public=True)
    def download(self, call: Call) -> Answer:
        """The content, for whoever has the address."""
        row = self.state["items"].get(str(call.params["item"]))
        if row is None:
            raise refused(404, "itemNotFound", "The resource could not be found.")
        return Answer(200, content(row), {"content-type": "application/octet-stream"})

    @route("PUT", ITEM + "/content", scope=WRITE)
    def put_content(self, call: Call) -> Answer:
        """A new version of a file."""
        row = self.item(call, is_write=True)
        if row["folder"]:
            raise refused(409, "nameAlreadyExists", "A folder with this name is there.")
        return Answer(200, self._written(row, call))

    @route("PUT", ITEM + ":/{name}:/content", scope=WRITE)
    def put_new(self, call: Call) -> Answer:
        """A new file in a folder."""
        above, name = self.item(call, is_write=True), self._fit(str(call.params["name"]))
        there = self.child(above["id"], name)
        if there is not None and not there["folder"] and str(call.get(CONFLICT)) == "replace":
            return Answer(200, self._written(dict(there), call))
        self._free(above["id"], name, "fail")
        row = self._row(above["drive"], "01" + self.ident(32, "item", self.count("item")), above["id"], name, False)
        row |= {"by": call.person.email, "created": stamp(self.world.time())}
        return Answer(201, self._written(row, call))

    @route("GET", ITEM + "/versions", scope=READ)
    def list_versions(self, call: Call) -> Json:
        """The versions of a file, the current one first."""
        rows = self.item(call)["versions"]
        return self.paged(call, [
            {"id": one["id"], "lastModifiedDateTime": one["at"], "size": len(base64.b64decode(one["content"]))}
            for one in reversed(rows)
        ])  # fmt: skip

    @route("POST", ITEM + "/versions/{version}/microsoft.graph.restoreVersion", scope=WRITE)
    def restore_version(self, call: Call) -> None:
        """Make a former version the current one, as a new version."""
        row = self.item(call, is_write=True)
        old = next((one for one in row["versions"] if one["id"] == call.params["version"]), None)
        if old is None:
            raise refused(404, "itemNotFound", "The version does not exist.")
        self._version(row, old["content"])

    @route("GET", ITEM + "/microsoft.graph.delta()", scope=READ)
    def changed_items(self, call: Call) -> Json:
        """All items of a drive, then those that changed."""
        owner, since = self.drive_of(call), self.since(call)
        self.item(call)
        rows = self.state["items"]
        if since is None:
            found = [one for one in rows.values() if one["drive"] == owner and not self.is_gone(one)]
            return self.delta(call, [self.shown(one) for one in found])
        entries = [one for one in self.state["log"] if one["n"] > since and one["drive"] == owner]
        told = dict.fromkeys(number for one in entries for number in one["items"] if number in rows)
        return self.delta(call, [
            self.shown(rows[one]) | ({"deleted": {"state": "deleted"}} if self.is_gone(rows[one]) else {})
            for one in told
        ])  # fmt: skip

    # search

    @route("GET", "/v1.0/drives/{drive}/microsoft.graph.search(q='{words}')", scope=READ)
    def search_drive(self, call: Call) -> Json:
        """What has the words in its name or content, in one drive."""
        owner, words = self.drive_of(call), str(call.params["words"]).replace("''", "'").lower().split()
        found = [
            row for row in self._seen(call) if row["drive"] == owner and all(self._has(row, word) for word in words)
        ]
        return self.paged(call, [self.shown(row) for row in found], 200)

    @route("POST", "/v1.0/search/microsoft.graph.query", scope=READ)
    def search(self, call: Call) -> Json:
        """What fits KQL in all drives."""
        asked = (call.get("requests") or [{}])[0]
        if asked.get("entityTypes") != ["driveItem"]:
            raise refused(400, "BadRequest", "The entity types are not supported together.")
        terms = _TERM.findall(str((asked.get("query") or {}).get("queryString") or ""))
        found = [row for row in self._seen(call) if all(self._fits(row, term) for term in terms)]
        begin, size = int(asked.get("from") or 0), int(asked.get("size") or 25)
        hits = [
            {
                "hitId": row["id"],
                "rank": n + 1,
                "resource": {"@odata.type": "#microsoft.graph.driveItem", **self.shown(row)},
            }
            for n, row in enumerate(found[begin : begin + size])
        ]
        container = {"hits": hits, "total": len(found), "moreResultsAvailable": len(found) > begin + size}
        return {"value": [{"searchTerms": [], "hitsContainers": [container]}]}

    # sharing

    @route("GET", ITEM + "/permissions", scope=READ)
    def list_permissions(self, call: Call) -> Json:
        """Who may open an item, also through the folders above."""
        row = self.item(call)
        found = [self._owner(row)]
        here: Json | None = row
        while here is not None:
            source = {} if here["id"] == row["id"] else {"inheritedFrom": {"id": here["id"], "name": here["name"]}}
            found += [self._permission(one) | source for one in here["permissions"]]
            here = self.state["items"].get(here["parent"])
        return self.paged(call, found)

    @route("POST", ITEM + "/microsoft.graph.invite", scope=WRITE)
    def invite(self, call: Call) -> Json:
        """Let people in."""
        row = self.item(call, is_write=True)
        people = [str(one.get("email") or "").lower() for one in call.get("recipients") or []]
        role = (call.get("roles") or [""])[0]
        if role not in ("read", "write") or not people or any("@" not in one for one in people):
            raise refused(400, "invalidRequest", "One or more recipients or roles are not valid.")
        made = []
        kept = [one for one in row["permissions"] if one.get("email") not in people]
        for email in people:
            one = {"id": self.ident(30, "permission", self.count("permission")), "email": email, "role": role}
            made.append(one | {"expires": None})
        self.touched(row | {"permissions": [*kept, *made]})
        return {"value": [self._permission(one) for one in made]}

    @route("POST", ITEM + "/microsoft.graph.createLink", scope=WRITE)
    def create_link(self, call: Call) -> Answer:
        """A link; one of each kind is there once."""
        row, kind, scope = self.item(call, is_write=True), call.need("type"), call.get("scope") or "organization"
        if kind not in ("view", "edit") or scope not in ("anonymous", "organization"):
            raise refused(400, "invalidRequest", f"A {kind} link is not supported in OneDrive for work.")
        end = call.get("expirationDateTime")
        for one in row["permissions"]:
            link = one.get("link") or {}
            if (link.get("type"), link.get("scope"), one["expires"]) == (kind, scope, end):
                return Answer(200, self._permission(one))
        number = self.ident(30, "permission", self.count("permission"))
        url = f"https://fernwick-my.sharepoint.com/:x:/g/{number}"
        made = {"id": number, "link": {"type": kind, "scope": scope, "url": url}, "expires": end}
        self.touched(row | {"permissions": [*row["permissions"], made]})
        return Answer(201, self._permission(made))

    @route("DELETE", ITEM + "/permissions/{permission}", scope=WRITE)
    def delete_permission(self, call: Call) -> None:
        """Take a permission away."""
        row, number = self.item(call, is_write=True), call.params["permission"]
        kept = [one for one in row["permissions"] if one["id"] != number]
        if len(kept) == len(row["permissions"]):
            raise refused(404, "itemNotFound", "The permission does not exist on this item itself.")
        self.touched(row | {"permissions": kept})

    # inside

    def _below(self, call: Call, path: str) -> Json:
        row = self.item(call)
        for name in path.strip("/").split("/"):
            found = self.child(row["id"], name)
            if found is None:
                raise refused(404, "itemNotFound", "The resource could not be found.")
            row = found
        return row

    def _fit(self, name: str) -> str:
        if not _NAME.fullmatch(name) or name.strip() in ("", ".", ".."):
            raise refused(400, "invalidRequest", "The provided name cannot contain one of its characters.")
        return name

    def _free(self, above: str, name: str, behaviour: str) -> None:
        if self.child(above, name) is not None and behaviour == "fail":
            raise refused(409, "nameAlreadyExists", "An item with the same name already exists under the parent.")

    def _written(self, row: Json, call: Call) -> Json:
        return self._version(row, coded(call.raw))

    def _version(self, row: Json, data: str) -> Json:
        now = stamp(self.world.time())
        number = f"{len(row['versions']) + 1}.0"
        made = {"id": number, "content": data, "at": now}
        self.touched(row | {"versions": [*row["versions"], made], "changed": now})
        return self.shown(self.state["items"][row["id"]])

    def _seen(self, call: Call) -> list[Json]:
        rows = [one for one in self.state["items"].values() if one["parent"]]
        return [one for one in rows if not self.is_gone(one) and self.role(one, call.person)]

    def _has(self, row: Json, word: str) -> bool:
        text = row["name"] if row["folder"] else f"{row['name']} {content(row).decode(errors='ignore')}"
        return word.strip('"') in text.lower()

    def _fits(self, row: Json, term: tuple[str, str, str, str]) -> bool:
        name, _, value, word = term
        wanted = value.strip('"').lower()
        if name.lower() == "filetype":
            return bool(row["name"].lower().endswith(f".{wanted}"))
        if name.lower() == "author":
            return wanted in self.company.by_email[row["by"]].name.lower()
        if name.lower() == "lastmodifiedtime":
            return bool(row["changed"][:10] >= wanted)
        return self._has(row, word.lower())

    def _owner(self, row: Json) -> Json:
        user = self._user(row["drive"])
        number = self.ident(30, "owner", row["id"])
        return {"id": number, "roles": ["owner"], "grantedToV2": {"user": user}}

    def _permission(self, one: Json) -> Json:
        shown: Json = {"id": one["id"], "expirationDateTime": one["expires"], "hasPassword": False}
        if one.get("link"):
            link = one["link"]
            url = link.get("url") or f"https://fernwick-my.sharepoint.com/:x:/g/{one['id']}"
            role = "write" if link["type"] == "edit" else "read"
            return shown | {"roles": [role], "link": {"type": link["type"], "scope": link["scope"], "webUrl": url}}
        shown |= {"roles": [one["role"]], "grantedToV2": {"user": self._user(one["email"])}}
        if one["email"] not in self.company.by_email:
            shown["invitation"] = {"email": one["email"], "signInRequired": True}
        return shown

    def _user(self, email: str) -> Json:
        person = self.company.by_email.get(email)
        known: Any = {"id": self.user_id(person), "displayName": person.name} if person else {"displayName": email}
        return {**known, "email": email}
