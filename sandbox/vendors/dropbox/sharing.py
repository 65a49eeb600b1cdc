"""Links, shared folders, file requests."""

from __future__ import annotations

from datetime import datetime

from sandbox.exchange import Call, Json
from sandbox.vendor import route
from sandbox.vendors.dropbox.base import Space, refused, stamp

READ, WRITE, ASK = "sharing.read", "sharing.write", "file_requests.write"
MANY = 20  # a folder with more in it is shared in the background


class Sharing(Space):
    """`/sharing` and `/file_requests`."""

    @route("POST", "/2/sharing/create_shared_link_with_settings", scope=WRITE)
    def create_link(self, call: Call) -> Json:
        """A link, if there is none yet."""
        row = self.row(call, str(call.need("path")))
        if self._links(row["path"], call.person.email):
            raise refused("shared_link_already_exists")
        kind = "fo" if row["tag"] == "folder" else "fi"
        number = self.ident(20, "link", row["id"], self.count("link")).lower()
        url = f"https://www.dropbox.com/scl/{kind}/{number}/{row['path'].rpartition('/')[2].replace(' ', '-')}?dl=0"
        link = {"url": url, "path": row["path"].lower(), "by": call.person.email, "audience": "public"}
        self._set(link, call.get("settings") or {})
        self.state["links"][url] = link
        self.happened(row["path"])
        return self._link(link)

    @route("POST", "/2/sharing/modify_shared_link_settings", scope=WRITE)
    def modify_link(self, call: Call) -> Json:
        """Other settings for a link."""
        link = self._own_link(call)
        self._set(link, call.need("settings"))
        if call.flag("remove_expiration"):
            link.pop("expires", None)
        return self._link(link)

    @route("POST", "/2/sharing/list_shared_links", scope=READ)
    def list_links(self, call: Call) -> Json:
        """One's own links, or those to one item."""
        path = call.get("path")
        row = self.row(call, str(path)) if path else None
        mine = [one for one in self.state["links"].values() if one["by"] == call.person.email]
        links = self._links(row["path"], call.person.email) if row else mine
        return {"links": [self._link(one) for one in links], "has_more": False}

    @route("POST", "/2/sharing/revoke_shared_link", scope=WRITE)
    def revoke_link(self, call: Call) -> None:
        """End a link."""
        del self.state["links"][self._own_link(call)["url"]]

    @route("POST", "/2/sharing/share_folder", scope=WRITE)
    def share_folder(self, call: Call) -> Json:
        """Make a folder one that can be shared."""
        row = self.row(call, str(call.need("path")), "bad_path/invalid_path")
        if row["tag"] != "folder":
            raise refused("bad_path/is_file")
        number = self._number(row["path"])
        if number:
            raise refused("bad_path/already_shared")
        number = str(84_528_192_000 + self.count("share"))
        share = {"path": row["path"].lower(), "owner": call.person.email, "members": {}, "at": self._now()}
        self.state["shares"][number] = share
        self.happened(row["path"])
        if len(self.below(call, row["path"])) > MANY:
            return {".tag": "async_job_id", "async_job_id": self._job(number)}
        return {".tag": "complete", **self._shared(number)}

    @route("POST", "/2/sharing/check_share_job_status", scope=WRITE)
    def share_job(self, call: Call) -> Json:
        """In progress once, then done."""
        number = self._progress(call)
        return {".tag": "complete", **self._shared(number)} if number else {".tag": "in_progress"}

    @route("POST", "/2/sharing/check_job_status", scope=WRITE)
    def job(self, call: Call) -> Json:
        """In progress once, then done."""
        return {".tag": "complete"} if self._progress(call) else {".tag": "in_progress"}

    @route("POST", "/2/sharing/add_folder_member", scope=WRITE)
    def add_member(self, call: Call) -> None:
        """Let people in."""
        share = self._share(call)
        wanted = [(str(one["member"].get("email", "")).lower(), one) for one in call.need("members")]
        if bad := next((email for email, _ in wanted if "@" not in email), None):
            raise refused("bad_member/invalid_email", bad_member={".tag": "invalid_email", "invalid_email": bad})
        for email, one in wanted:
            share["members"][email] = (one.get("access_level") or {".tag": "viewer"})[".tag"]
        self.happened(share["path"])

    @route("POST", "/2/sharing/list_folder_members", scope=READ)
    def list_members(self, call: Call) -> Json:
        """Colleagues as users, others as invited."""
        share = self._share(call)
        users = {share["owner"]: "owner", **share["members"]}
        found: Json = {"users": [], "groups": [], "invitees": []}
        for email, role in users.items():
            person = self.company.by_email.get(email)
            common = {"access_type": {".tag": role}, "is_inherited": False}
            if person is None:
                found["invitees"].append({**common, "invitee": {".tag": "email", "email": email}})
                continue
            user = {
                "account_id": self.account(email), "email": email, "display_name": person.name, "same_team": True,
            }  # fmt: skip
            found["users"].append({**common, "user": user})
        return found

    @route("POST", "/2/sharing/remove_folder_member", scope=WRITE)
    def remove_member(self, call: Call) -> Json:
        """Take somebody off, in the background."""
        share, email = self._share(call), str(call.need("member").get("email", "")).lower()
        if email not in share["members"]:
            raise refused("member_error/not_a_member")
        del share["members"][email]
        return {".tag": "async_job_id", "async_job_id": self._job(email)}

    @route("POST", "/2/sharing/unshare_folder", scope=WRITE)
    def unshare(self, call: Call) -> Json:
        """No longer shared."""
        self._share(call)
        del self.state["shares"][str(call.need("shared_folder_id"))]
        return {".tag": "complete"}

    @route("POST", "/2/file_requests/create", scope=ASK)
    def create_request(self, call: Call) -> Json:
        """A page where others upload."""
        folder = self.row(call, str(call.need("destination")), "not_found")
        number = self.ident(20, "request", self.count("request"))
        row = {
            "id": number, "url": f"https://www.dropbox.com/request/{number}", "title": str(call.need("title")),
            "created": self._now(), "is_open": call.flag("open", True), "file_count": 0, "destination": folder["path"],
        }  # fmt: skip
        row |= {name: call.get(name) for name in ("deadline", "description") if call.get(name)}
        self.state["requests"][number] = row
        self.happened(folder["path"])
        return row

    @route("POST", "/2/file_requests/get", scope="file_requests.read")
    def get_request(self, call: Call) -> Json:
        """One of them."""
        row: Json | None = self.state["requests"].get(str(call.need("id")))
        if row is None:
            raise refused("not_found")
        return row

    @route("POST", "/2/file_requests/list_v2", scope="file_requests.read")
    def list_requests(self, call: Call) -> Json:
        """All."""
        return {"file_requests": list(self.state["requests"].values()), "cursor": "end", "has_more": False}

    @route("POST", "/2/file_requests/update", scope=ASK)
    def update_request(self, call: Call) -> Json:
        """Close or open one."""
        row = self.get_request(call)
        row["is_open"] = call.flag("open", row["is_open"])
        return row

    @route("POST", "/2/file_requests/delete", scope=ASK)
    def delete_requests(self, call: Call) -> Json:
        """Closed ones only."""
        rows = [self.state["requests"].get(number) for number in call.need("ids")]
        if any(row is None for row in rows):
            raise refused("not_found")
        if any(row["is_open"] for row in rows):
            raise refused("file_request_open")
        for row in rows:
            del self.state["requests"][row["id"]]
        return {"file_requests": rows}

    def _links(self, path: str, email: str) -> list[Json]:
        return [one for one in self.state["links"].values() if one["path"] == path.lower() and one["by"] == email]

    def _own_link(self, call: Call) -> Json:
        link: Json | None = self.state["links"].get(str(call.need("url")))
        if link is None or link["by"] != call.person.email:
            raise refused("shared_link_not_found")
        return link

    def _set(self, link: Json, settings: Json) -> None:
        if expires := settings.get("expires"):
            if datetime.fromisoformat(expires) <= self.world.time():
                raise refused("settings_error/invalid_settings")
            link["expires"] = stamp(datetime.fromisoformat(expires))
        if settings.get("audience"):
            link["audience"] = settings["audience"][".tag"]
        if settings.get("require_password"):
            link["password"] = settings.get("link_password") or "set"
        elif settings.get("require_password") is False:
            link.pop("password", None)

    def _link(self, link: Json) -> Json:
        row = self.state["entries"][link["path"]]
        shown = self.shown(row)
        audience = link["audience"]
        rights = {
            "can_revoke": True, "visibility_policies": [], "can_set_expiry": True, "can_remove_expiry": True,
            "allow_download": True, "can_allow_download": True, "can_disallow_download": True, "allow_comments": True,
            "team_restricts_comments": False, "effective_audience": {".tag": audience},
            "resolved_visibility": {".tag": {"team": "team_only"}.get(audience, audience)},
            "link_access_level": {".tag": "viewer"}, "require_password": "password" in link,
        }  # fmt: skip
        found = {
            ".tag": row["tag"], "url": link["url"], "id": row["id"], "name": shown["name"],
            "path_lower": link["path"], "link_permissions": rights,
        }  # fmt: skip
        if "expires" in link:
            found["expires"] = link["expires"]
        names = ("client_modified", "server_modified", "rev", "size")
        return found | {name: shown[name] for name in names if name in shown}

    def _number(self, path: str) -> str | None:
        return next((key for key, one in self.state["shares"].items() if one["path"] == path.lower()), None)

    def _share(self, call: Call) -> Json:
        share: Json | None = self.state["shares"].get(str(call.need("shared_folder_id")))
        if share is None:
            raise refused("access_error/invalid_id")
        return share

    def _shared(self, number: str) -> Json:
        share = self.state["shares"][number]
        row = self.state["entries"][share["path"]]
        return {
            "access_type": {".tag": "owner"}, "is_inside_team_folder": False, "is_team_folder": False,
            "name": row["path"].rpartition("/")[2], "shared_folder_id": number, "time_invited": share["at"],
            "policy": {"acl_update_policy": {".tag": "owner"}, "shared_link_policy": {".tag": "anyone"}},
            "preview_url": f"https://www.dropbox.com/scl/fo/{number}", "path_lower": share["path"],
            "access_inheritance": {".tag": "inherit"},
        }  # fmt: skip

    def _job(self, about: str) -> str:
        job = f"dbjid:{self.ident(40, 'job', self.count('job'))}"
        self.state["jobs"][job] = {"about": about, "looks": 0}
        return job

    def _progress(self, call: Call) -> str:
        job = self.state["jobs"].get(str(call.need("async_job_id")))
        if job is None:
            raise refused("invalid_async_job_id")
        job["looks"] += 1
        return str(job["about"]) if job["looks"] > 1 else ""

    def _now(self) -> str:
        return stamp(self.world.time())
