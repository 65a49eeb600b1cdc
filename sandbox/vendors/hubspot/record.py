"""Objects read, made, changed and archived one at a time, or read in batches."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot.base import Base
from sandbox.vendors.hubspot.schema import (
    LIFECYCLE,
    OPTIONS,
    PROPERTIES,
    REQUIRED,
    SINGULAR,
    TIES,
    created,
    is_closed,
    modified,
)
from sandbox.vendors.hubspot.seed import is_owner, owner_id, stamp

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
READ, WRITE = "crm.objects.contacts.read crm.objects.deals.read crm.objects.companies.read", "crm.objects.contacts.write crm.objects.deals.write crm.objects.companies.write"  # noqa: E501 # fmt: skip


class Records(Base):
    """The objects API."""

    @route("GET", "/crm/v3/objects/{kind}", scope=READ)
    def list_objects(self, call: Call) -> Json:
        """A page of them, oldest first."""
        kind = call.params["kind"]
        rows = sorted(self.of_kind(kind).values(), key=lambda row: int(row["id"]))
        start, size = int(call.get("after") or 0), call.whole("limit", 10, 100) or 10
        found: Json = {"results": [self.shown(kind, row, self._wanted(call)) for row in rows[start : start + size]]}
        return found | self.paging(start + size, len(rows))

    def paging(self, end: int, total: int) -> Json:
        """Where the next page begins, if there is one."""
        return {"paging": {"next": {"after": str(end), "link": f"?after={end}"}}} if end < total else {}

    @route("GET", "/crm/v3/objects/{kind}/{own}", scope=READ)
    def get_object(self, call: Call) -> Json:
        """One, by id or by a unique property, with the ids of what it is tied to."""
        kind, own = call.params["kind"], call.params["own"]
        if name := call.get("idProperty"):
            rows = self.of_kind(kind).values()
            own = next((row["id"] for row in rows if row["properties"].get(name) == own.lower()), "")
        row = self.object_of(kind, own)
        found = self.shown(kind, row, self._wanted(call))
        ties: Json = {}
        for other in filter(None, ",".join(call.many("associations")).split(",")):
            near = [
                {"id": one, "type": f"{SINGULAR[kind]}_to_{SINGULAR[other]}"} for one, _ in self.near(kind, own, other)
            ]
            ties |= {other: {"results": near}} if near else {}
        return found | ({"associations": ties} if ties else {})

    @route("POST", "/crm/v3/objects/{kind}", scope=WRITE)
    def create_object(self, call: Call) -> Answer:
        """A new object, tied as the body says."""
        kind = call.params["kind"]
        properties = self._checked(kind, call.get("properties") or {})
        missing = [name for name in REQUIRED.get(kind, ()) if name not in properties]
        if missing:
            raise Refusal("invalid", f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set.")
        self._unique(kind, properties, "")
        ties = [(tie, self._other(kind, tie)) for tie in call.get("associations") or []]
        own, at = str(20_000_000_000 + self.count("object")), stamp(self.world.time())
        if kind == "deals":
            properties = {"pipeline": "default", **properties}
            properties["hs_is_closed"] = "true" if is_closed(properties.get("dealstage")) else "false"
        properties |= {"hs_object_id": own, created(kind): at, modified(kind): at}
        row = {"id": own, "properties": properties, "createdAt": at, "updatedAt": at}
        self.of_kind(kind)[own] = row
        for tie, other in ties:
            self.tie(kind, own, other, str(tie["to"]["id"]))
        self.tell(kind, "creation", own, changeFlag="CREATED")
        return Answer(201, {**row, "archived": False})

    @route("PATCH", "/crm/v3/objects/{kind}/{own}", scope=WRITE)
    def update_object(self, call: Call) -> Json:
        """New values for some properties; an empty one clears it."""
        kind, own = call.params["kind"], call.params["own"]
        row = self.object_of(kind, own)
        properties = self._checked(kind, call.get("properties") or {})
        self._unique(kind, properties, own)
        before: Json = row["properties"]
        if self._goes_back(before.get("lifecyclestage"), properties.get("lifecyclestage")):
            del properties["lifecyclestage"]
        if "dealstage" in properties:
            closes = is_closed(properties["dealstage"]) and not is_closed(before.get("dealstage"))
            properties = ({"closedate": stamp(self.world.time())} if closes else {}) | properties
            properties["hs_is_closed"] = "true" if is_closed(properties["dealstage"]) else "false"
        changed = {name: value for name, value in properties.items() if (before.get(name) or "") != value}
        for name, value in changed.items():
            before[name] = value
            if value == "":
                del before[name]
        if changed:
            self.touch(kind, row)
        for name, value in changed.items():
            self.tell(kind, "propertyChange", own, propertyName=name, propertyValue=value)
        return {**row, "archived": False}

    @route("DELETE", "/crm/v3/objects/{kind}/{own}", scope=WRITE)
    def archive_object(self, call: Call) -> None:
        """Into the recycle bin, with its ties; what is there already stays there."""
        kind, own = call.params["kind"], call.params["own"]
        if own in self.state["bin"]:
            return
        self.object_of(kind, own)
        end = f"{kind}/{own}"
        ties = {tie: value for tie, value in self.state["ties"].items() if end in tie.split(">")}
        for tie in ties:
            del self.state["ties"][tie]
        self.state["bin"][own] = {"kind": kind, "ties": ties, **self.of_kind(kind).pop(own)}
        self.tell(kind, "deletion", own, changeFlag="DELETED")

    @route("POST", "/crm/v3/objects/{kind}/batch/read", scope=READ)
    def read_batch(self, call: Call) -> Json:
        """Up to a hundred by id; those that are not there are left out."""
        kind, inputs = call.params["kind"], call.need("inputs")
        if len(inputs) > 100:
            raise Refusal("invalid", "Batch sizes are limited to 100")
        rows = [self.of_kind(kind).get(str(one["id"])) for one in inputs]
        at = stamp(self.world.time())
        results = [self.shown(kind, row, call.get("properties")) for row in rows if row]
        return {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}

    def _wanted(self, call: Call) -> list[str]:
        return [name for name in ",".join(call.many("properties")).split(",") if name]

    def _other(self, kind: str, tie: Json) -> str:
        """The kind of object that an association's type leads to."""
        number = tie["types"][0]["associationTypeId"]
        other = next((to for (start, to), its in TIES.items() if start == kind and its == number), "")
        if not other:
            raise Refusal("invalid", f"Association type {number} is not valid for {kind}")
        self.object_of(other, str(tie["to"]["id"]))
        return other

    def _unique(self, kind: str, properties: Json, own: str) -> None:
        email = properties.get("email") if kind == "contacts" else None
        rows = self.of_kind(kind).values()
        there = next((row["id"] for row in rows if email and row["properties"].get("email") == email), own)
        if there != own:
            raise Refusal("conflict", f"Contact already exists. Existing ID: {there}", status=409)

    def _goes_back(self, old: str | None, new: str | None) -> bool:
        order = list(LIFECYCLE)
        return bool(old and new) and order.index(str(new)) < order.index(str(old))

    def _checked(self, kind: str, properties: Any) -> Json:
        self.of_kind(kind)
        wrong = [one for name, value in properties.items() if (one := self._wrong(kind, name, value))]
        if wrong:
            errors = [
                {"message": one["message"], "code": one["error"], "context": {"propertyName": [one["name"]]}}
                for one in wrong
            ]
            raise Refusal("invalid", f"Property values were not valid: {json.dumps(wrong)}", errors=errors)
        return {name: value.lower() if name == "email" else value for name, value in properties.items()}

    def _wrong(self, kind: str, name: str, value: Any) -> Json | None:
        sort, code, said = PROPERTIES[kind].get(name), "", ""
        if sort is None:
            code, said = "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
        elif sort == "read":
            code, said = "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
        elif value == "":
            return None
        elif sort in OPTIONS and value not in OPTIONS[sort]:
            code, said = "INVALID_OPTION", f"{value} was not one of the allowed options: {OPTIONS[sort]}"
        elif sort == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            code, said = "INVALID_DOUBLE", f"{value} was not a valid number."
        elif sort == "email" and not ADDRESS.fullmatch(value):
            code, said = "INVALID_EMAIL", f"Email address {value} is invalid"
        elif sort == "owner" and value not in self.owner_ids():
            code, said = "INVALID_OWNER_ID", f"Owner {value} does not exist"
        elif sort == "datetime" and not _is_moment(value):
            code, said = "INVALID_DATE", f"{value} was not a valid date."
        return {"isValid": False, "message": said, "error": code, "name": name} if code else None

    def owner_ids(self) -> set[str]:
        """The ids of those who may own something."""
        return {owner_id(person) for person in self.company.people if is_owner(person, self.company.default)}


def _is_moment(value: str) -> bool:
    try:
        return value.isdigit() or datetime.fromisoformat(value) is not None
    except ValueError:
        return False
