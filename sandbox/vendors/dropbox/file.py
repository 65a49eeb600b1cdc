"""Reading: metadata, lists, search, contents, the account."""

from __future__ import annotations

import base64
import json
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.dropbox.base import KINDS, Space, refused

META, READ = "files.metadata.read", "files.content.read"


class Files(Space):
    """Most of `/files` that reads, and `/users`."""

    @route("POST", "/2/users/get_current_account")
    def account_of_caller(self, call: Call) -> Json:
        """Who calls."""
        person = call.person
        return {
            "account_id": self.account(person.email), "email": person.email, "email_verified": True, "disabled": False,
            "name": {
                "given_name": person.first, "surname": person.last, "familiar_name": person.first,
                "display_name": person.name, "abbreviated_name": person.first[0] + person.last[0],
            },
            "locale": "en", "referral_link": "https://www.dropbox.com/referrals/x", "is_paired": False,
            "account_type": {".tag": "business"},
            "root_info": {".tag": "user", "root_namespace_id": "3235641", "home_namespace_id": "3235641"},
        }  # fmt: skip

    @route("POST", "/2/files/get_metadata", scope=META)
    def get_metadata(self, call: Call) -> Json:
        """A file or folder; with `include_deleted` also what is remembered."""
        path = str(call.need("path"))
        gone = self.state["deleted"].get(path.lower())
        if call.flag("include_deleted") and gone and path.lower() not in self.state["entries"]:
            return {
                ".tag": "deleted", "name": gone["path"].rpartition("/")[2], "path_lower": path.lower(),
                "path_display": gone["path"],
            }  # fmt: skip
        return self.shown(self.row(call, path))

    @route("POST", "/2/files/list_folder", scope=META)
    def list_folder(self, call: Call) -> Json:
        """The first page of a folder, and a cursor that later tells what changed."""
        path = str(call.get("path", ""))
        if path and self.row(call, path)["tag"] != "folder":
            raise refused("path/not_folder")
        mark = {
            "path": path, "deep": call.flag("recursive"), "log": len(self.state["log"]), "from": 0,
            "limit": max(1, call.whole("limit", 100, top=2000)),
        }  # fmt: skip
        return self._listed(call, mark)

    @route("POST", "/2/files/list_folder/continue", scope=META)
    def list_on(self, call: Call) -> Json:
        """The next page, or what changed since."""
        return self._listed(call, _open(call))

    @route("POST", "/2/files/search_v2", scope=META)
    def search(self, call: Call) -> Json:
        """By words in name or text."""
        options = call.get("options") or {}
        mark = {"query": str(call.need("query")), "options": options, "from": 0}
        return self._matches(call, mark)

    @route("POST", "/2/files/search/continue_v2", scope=META)
    def search_on(self, call: Call) -> Json:
        """The next matches."""
        return self._matches(call, _open(call))

    @route("POST", "/2/files/download", scope=READ)
    def download(self, call: Call) -> Answer:
        """The file; what is known of it comes in a header."""
        row = self.row(call, str(call.need("path")))
        if row["tag"] != "file":
            raise refused("path/not_file")
        told = {"dropbox-api-result": json.dumps(self.plain(row)), "content-type": "application/octet-stream"}
        return Answer(200, base64.b64decode(row["content"]), told)

    @route("POST", "/2/files/get_temporary_link", scope=READ)
    def temporary_link(self, call: Call) -> Json:
        """A link that works for four hours."""
        row = self.row(call, str(call.need("path")))
        link = f"https://uc{self.ident(20, row['id']).lower()}.dl.dropboxusercontent.com/cd/0/get/{row['rev']}/file"
        return {"metadata": self.plain(row), "link": link}

    def _listed(self, call: Call, mark: Json) -> Json:
        rows = self.below(call, mark["path"], is_deep=mark["deep"])
        size = mark["limit"]
        if mark["from"] is None:
            return self._changed(call, mark)
        part = rows[mark["from"] : mark["from"] + size]
        has_more = len(rows) > mark["from"] + size
        following = mark | {"from": mark["from"] + size if has_more else None}
        return {"entries": [self.shown(row) for row in part], "cursor": _seal(following), "has_more": has_more}

    def _changed(self, call: Call, mark: Json) -> Json:
        begin = mark["path"].lower() + "/"
        paths = [path for path in self.state["log"][mark["log"] :] if path.startswith(begin)]
        entries: list[Any] = []
        for path in dict.fromkeys(paths):
            row = self.state["entries"].get(path)
            gone = self.state["deleted"].get(path)
            if row is not None and self.sees(call.person, path):
                entries.append(self.shown(row))
            elif gone is not None and self.sees(call.person, path):
                name = gone["path"].rpartition("/")[2]
                told = {".tag": "deleted", "name": name, "path_lower": path, "path_display": gone["path"]}
                entries.append(told)
        following = mark | {"log": len(self.state["log"])}
        return {"entries": entries, "cursor": _seal(following), "has_more": False}

    def _matches(self, call: Call, mark: Json) -> Json:
        options = mark["options"]
        words = mark["query"].lower().replace("-", " ").split()
        kinds = {one[".tag"] for one in options.get("file_categories") or ()}
        size = int(options.get("max_results") or 100)
        rows = [
            row
            for row in self.below(call, str(options.get("path") or ""))
            if all(word in self._text(row, only_name=bool(options.get("filename_only"))) for word in words)
            and (not kinds or _kind(row) in kinds)
        ]
        part = rows[mark["from"] : mark["from"] + size]
        has_more = len(rows) > mark["from"] + size
        found: Json = {
            "matches": [{"metadata": {".tag": "metadata", "metadata": self.shown(row)}} for row in part],
            "has_more": has_more,
        }  # fmt: skip
        return found | ({"cursor": _seal(mark | {"from": mark["from"] + size})} if has_more else {})

    def _text(self, row: Json, *, only_name: bool) -> str:
        name = row["path"].rpartition("/")[2].lower().replace("-", " ")
        if only_name or row["tag"] == "folder":
            return str(name)
        return f"{name} {base64.b64decode(row['content']).decode(errors='ignore').lower()}"


def _kind(row: Json) -> str:
    if row["tag"] == "folder":
        return "folder"
    ending = row["path"].rpartition(".")[2].lower()
    return next((kind for kind, endings in KINDS.items() if ending in endings.split()), "others")


def _seal(mark: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()


def _open(call: Call) -> Json:
    try:
        mark: Json = json.loads(base64.urlsafe_b64decode(str(call.need("cursor"))))
    except ValueError:
        raise Refusal("invalid", 'cursor: Invalid "cursor" parameter') from None
    return mark
