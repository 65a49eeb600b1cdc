"""Audiences, the people in them, their tags and segments."""

from __future__ import annotations

import re
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.mailchimp.base import Base, refused
from sandbox.vendors.mailchimp.seed import hash_of, member, stamp, web_id

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
INVALID = "The resource submitted could not be validated. For field-specific details, see the 'errors' array."
LEFT = "N/A (Unsubscribed by the contact)"


class Audiences(Base):
    """The lists API."""

    @route("GET", "/lists")
    def lists(self, call: Call) -> Json:
        """A page of the audiences."""
        rows = list(self.state["lists"])
        found = [self._list(own) for own in self.page(call, rows)]
        constraints = {"may_create": True, "max_instances": 5, "current_total_instances": len(rows)}
        return {"lists": found, "total_items": len(rows), "constraints": constraints}

    @route("GET", "/lists/{list_id}")
    def one_list(self, call: Call) -> Json:
        """One audience."""
        return self._list(self._audience(call))

    def _audience(self, call: Call) -> str:
        own = str(call.params["list_id"])
        if own not in self.state["lists"]:
            raise Refusal("no_route", status=404)
        return own

    def _list(self, own: str) -> Json:
        people = list(self.state["members"][own].values())
        counts = {status: sum(one["status"] == status for one in people) for status in STATUSES}
        return {
            "id": own, "web_id": web_id(own), "name": self.state["lists"][own]["name"], "visibility": "pub",
            "date_created": stamp(self.world.now.replace(year=self.world.now.year - 3, day=1)), "double_optin": True,
            "campaign_defaults": {"from_name": "Fernwick", "from_email": "hello@fernwick.example", "subject": "",
                                  "language": "en"},
            "stats": {"member_count": counts["subscribed"], "unsubscribe_count": counts["unsubscribed"],
                      "cleaned_count": counts["cleaned"], "total_contacts": len(people), "campaign_count": 2,
                      "open_rate": 31.4, "click_rate": 4.2},
        }  # fmt: skip

    # people

    @route("GET", "/lists/{list_id}/members")
    def members(self, call: Call) -> Json:
        """A page of the people; who was archived is left out unless asked for."""
        own = self._audience(call)
        rows = list(self.state["members"][own].values())
        wanted = call.get("status")
        rows = [one for one in rows if (one["status"] == wanted if wanted else one["status"] != "archived")]
        if since := call.get("since_last_changed"):
            rows = [one for one in rows if one["last_changed"] >= since]
        if field := call.get("sort_field"):
            rows.sort(key=lambda one: one[field], reverse=call.get("sort_dir") == "DESC")
        return {
            "members": [self._shown(one) for one in self.page(call, rows)],
            "list_id": own,
            "total_items": len(rows),
        }

    @route("GET", "/search-members")
    def search_members(self, call: Call) -> Json:
        """People of all audiences or one, by address or name."""
        query, within = str(call.need("query")).casefold(), call.get("list_id")
        every = [
            one for own, people in self.state["members"].items() if within in (None, own) for one in people.values()
            if one["status"] != "archived"
        ]  # fmt: skip
        exact = [one for one in every if one["email_address"].casefold() == query]
        loose = [one for one in every if one not in exact and _has(query, one)]
        return {
            name: {"members": [self._shown(one) for one in some], "total_items": len(some)}
            for name, some in (("exact_matches", exact), ("full_search", loose))
        }

    @route("GET", "/lists/{list_id}/members/{own}")
    def one_member(self, call: Call) -> Json:
        """One, by the hash of the address."""
        return self._shown(self._member(call))

    @route("POST", "/lists/{list_id}/members")
    def add_member(self, call: Call) -> Json:
        """Somebody new."""
        audience, email = self._audience(call), self._email(call)
        status = self._status(call.need("status"), "status")
        before = self.state["members"][audience].get(hash_of(email))
        if before and before["status"] != "archived":
            raise refused(
                "Member Exists", f"{email} is already a list member. Use PUT to insert or update list members."
            )
        row = self._made(audience, email, status)
        self._fill(call, row)
        row["tags"] = [self._tag(audience, name) for name in call.get("tags") or []]
        self.state["members"][audience][row["id"]] = row
        self._announce(row, "")
        return self._shown(row)

    @route("PUT", "/lists/{list_id}/members/{own}")
    def put_member(self, call: Call) -> Json:
        """Somebody new, or new values for who is there."""
        audience, email = self._audience(call), self._email(call)
        new = self._status(call.need("status_if_new"), "status_if_new")
        row = self.state["members"][audience].get(hash_of(email))
        if row is None:
            row = self.state["members"][audience][hash_of(email)] = self._made(audience, email, new)
            self._fill(call, row)
            self._announce(row, "")
            return self._shown(row)
        return self._changed(call, row)

    @route("PATCH", "/lists/{list_id}/members/{own}")
    def patch_member(self, call: Call) -> Json:
        """New values for some fields."""
        return self._changed(call, self._member(call))

    @route("DELETE", "/lists/{list_id}/members/{own}")
    def archive_member(self, call: Call) -> None:
        """Keep what is known, and send nothing any more."""
        row = self._member(call)
        row |= {"status": "archived", "last_changed": stamp(self.world.time())}

    # tags and segments

    @route("GET", "/lists/{list_id}/tag-search")
    def search_tags(self, call: Call) -> Json:
        """Tags that begin so."""
        tags = self.state["lists"][self._audience(call)]["tags"]
        begin = str(call.get("name") or "").casefold()
        found = [{"id": number, "name": name} for name, number in tags.items() if name.casefold().startswith(begin)]
        return {"tags": found, "total_items": len(found)}

    @route("POST", "/lists/{list_id}/members/{own}/tags")
    def change_tags(self, call: Call) -> Answer:
        """Give tags, and take some away."""
        audience, row = self._audience(call), self._member(call)
        for one in call.need("tags"):
            tag = self._tag(audience, one["name"])
            row["tags"] = [had for had in row["tags"] if had["id"] != tag["id"]]
            row["tags"] += [tag] if one["status"] == "active" else []
        row["tags"].sort(key=lambda tag: list(self.state["lists"][audience]["tags"]).index(tag["name"]))
        row["last_changed"] = stamp(self.world.time())
        self.tell("profile", id=row["unique_email_id"], list_id=audience, email=row["email_address"])
        return Answer(204)

    @route("GET", "/lists/{list_id}/segments")
    def segments(self, call: Call) -> Json:
        """Saved segments, and tags, which are static ones."""
        audience = self._audience(call)
        home, at = self.state["lists"][audience], stamp(self.world.now)
        rows = [
            {"id": number, "name": name, "type": kind, "list_id": audience, "created_at": at, "updated_at": at,
             "member_count": sum(any(tag["id"] == number for tag in one["tags"])
                                 for one in self.state["members"][audience].values())}
            for kind, some in (("saved", home["segments"]), ("static", home["tags"])) for name, number in some.items()
        ]  # fmt: skip
        return {"segments": self.page(call, rows), "list_id": audience, "total_items": len(rows)}

    def _tag(self, audience: str, name: str) -> Json:
        tags = self.state["lists"][audience]["tags"]
        known = next((tag for tag in tags if tag.casefold() == name.casefold()), name)
        return {"id": tags.setdefault(known, web_id(audience, known)), "name": known}

    def _member(self, call: Call) -> Json:
        row = self.state["members"][self._audience(call)].get(hash_or_own(call.params["own"]))
        if row is None:
            raise Refusal("no_route", status=404)
        found: Json = row
        return found

    def _shown(self, row: Json) -> Json:
        names = row["merge_fields"]
        full = f"{names.get('FNAME', '')} {names.get('LNAME', '')}".strip()
        return {**row, "full_name": full, "tags_count": len(row["tags"])}

    def _made(self, audience: str, email: str, status: str) -> Json:
        return member(audience, email, status, stamp(self.world.time()))

    def _email(self, call: Call) -> str:
        email = str(call.need("email_address"))
        if not ADDRESS.fullmatch(email) or email.rpartition("@")[2] in ("example.com", "test.com"):
            raise refused("Invalid Resource", "Please provide a valid email address.")
        return email

    def _status(self, status: Any, field: str) -> str:
        if status not in STATUSES:
            raise refused("Invalid Resource", INVALID, **{field: f"Value must be one of: {', '.join(STATUSES)}"})
        return str(status)

    def _fill(self, call: Call, row: Json) -> None:
        for name, value in (call.get("merge_fields") or {}).items():
            row["merge_fields"][name] = value

    def _changed(self, call: Call, row: Json) -> Json:
        old, new = row["status"], call.get("status")
        if new is not None:
            self._status(new, "status")
            if new == "subscribed" and row.get("unsubscribe_reason") == LEFT:
                said = f"{row['email_address']} is in a compliance state and cannot be subscribed."
                raise refused("Member In Compliance State", said)
            row["status"] = new
            row.pop("unsubscribe_reason", None)
            if new == "unsubscribed":
                row["unsubscribe_reason"] = "N/A (Unsubscribed by an admin)"
        self._fill(call, row)
        row["last_changed"] = stamp(self.world.time())
        self._announce(row, old)
        return self._shown(row)

    def _announce(self, row: Json, old: str) -> None:
        names = {f"merges][{name}": value for name, value in row["merge_fields"].items()}
        about = {"id": row["unique_email_id"], "list_id": row["list_id"], "email": row["email_address"], **names}
        kinds = {"subscribed": "subscribe", "unsubscribed": "unsubscribe", "cleaned": "cleaned"}
        if row["status"] == old:
            self.tell("profile", **about)
        elif row["status"] in kinds:
            self.tell(kinds[row["status"]], **about)


def hash_or_own(text: str) -> str:
    """A member may be asked for by the hash or by the address itself."""
    return hash_of(text) if "@" in text else text


def _has(query: str, row: Json) -> bool:
    names = " ".join(str(value) for value in row["merge_fields"].values())
    words = re.split(r"[\s@.]+", f"{row['email_address']} {names}".casefold())
    return all(any(word.startswith(part) for word in words) for part in re.split(r"[\s@.]+", query) if part)
