"""`sobjects`: create, read, change, delete, describe, follow relations."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from sandbox.exchange import Answer, Call, Json
from sandbox.vendor import route
from sandbox.vendors.salesforce.base import DATA, refused
from sandbox.vendors.salesforce.query import Queries
from sandbox.vendors.salesforce.schema import (
    CHILDREN,
    DEFAULTS,
    PICKLISTS,
    PREFIXES,
    RELATIONS,
    REQUIRED,
    RESTRICTED,
    SCHEMA,
    STAGES,
    Column,
)
from sandbox.vendors.salesforce.seed import make_id, stamp, user_id

GONE = "The requested resource does not exist"
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
NUMBERS = ("int", "double", "currency", "percent")


class Records(Queries):
    """Single records."""

    @route("POST", DATA + "/sobjects/{kind}", scope="api full")
    def create(self, call: Call) -> Answer:
        """A new record."""
        kind, body = self._kind(call), self._body(call)
        values = {**DEFAULTS.get(kind, {}), "OwnerId": user_id(call.person), **self._checked(kind, body)}
        lacking = [name for name in REQUIRED[kind] if values.get(name) in (None, "")]
        if lacking:
            names = ", ".join(lacking)
            raise refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{names}]", *lacking)
        number = self.count("record")
        record_id = make_id(PREFIXES[kind], "made", number)
        by, at = user_id(call.person), stamp(self.world.time())
        row: Json = {
            "type": kind, "Id": record_id, "IsDeleted": False, "CreatedById": by, "CreatedDate": at, **values
        }  # fmt: skip
        if kind == "Case":
            row["CaseNumber"] = f"{self.count('case', 5001):08d}"
        self._keep(call, row, values)
        return Answer(201, {"id": record_id, "success": True, "errors": []})

    @route("GET", DATA + "/sobjects/{kind}/describe", scope="api full")
    def describe(self, call: Call) -> Json:
        """The fields of an object."""
        kind = self._kind(call)
        fields = [self._described(kind, column) for column in SCHEMA[kind].values()]
        return {"name": kind, "label": kind, "keyPrefix": PREFIXES[kind], "queryable": True, "fields": fields}

    @route("GET", DATA + "/sobjects/{kind}/{record}", scope="api full")
    def read(self, call: Call) -> Json:
        """One record, with all of its fields or the wanted ones."""
        names = str(call.get("fields") or "").split(",") if call.get("fields") else None
        return self.payload(call, self._row(call), names)

    @route("PATCH", DATA + "/sobjects/{kind}/{record}", scope="api full")
    def change(self, call: Call) -> None:
        """Change fields; nothing is answered."""
        row = self._row(call)
        values = self._checked(row["type"], self._body(call))
        emptied = [name for name in REQUIRED[row["type"]] if name in values and values[name] in (None, "")]
        if emptied:
            raise refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(emptied)}]", *emptied)
        row |= values
        self._keep(call, row, values)

    @route("DELETE", DATA + "/sobjects/{kind}/{record}", scope="api full")
    def remove(self, call: Call) -> None:
        """Into the recycle bin, with what hangs on it; only by its owner or an administrator."""
        row = self._row(call)
        if row["OwnerId"] != user_id(call.person) and not call.person.is_admin:
            raise refused("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        below = [one for one in self.records.values() if row["Id"] in (one.get("AccountId"), one.get("WhatId"))]
        below = [one for one in below if not one["IsDeleted"]]
        if any(one["type"] == "Case" for one in below):
            message = f"Your attempt to delete {self.title(row)} could not be completed because it is associated with"
            raise refused("DELETE_FAILED", f"{message} the following cases.")
        for one in (row, *below):
            one["IsDeleted"] = True

    @route("GET", DATA + "/sobjects/{kind}/{record}/{relation}", scope="api full")
    def related(self, call: Call) -> Json:
        """The record or records on the other side of a relation."""
        row, relation = self._row(call), str(call.params["relation"])
        if (row["type"], relation) in CHILDREN:
            kind, column = CHILDREN[row["type"], relation]
            ids = [one["Id"] for one in self.all(kind) if one.get(column) == row["Id"]]
            return self.slice(call, ids, list(SCHEMA[kind]), 0)
        other = self.by_id(row.get(RELATIONS.get(relation, ""), ""))
        if other is None:
            raise refused("NOT_FOUND", GONE, status=404)
        return self.payload(call, other)

    def _kind(self, call: Call) -> str:
        kind = str(call.params["kind"])
        if kind not in REQUIRED:
            raise refused("NOT_FOUND", GONE, status=404)
        return kind

    def _row(self, call: Call) -> Json:
        kind, name = self._kind(call), str(call.params["record"])
        row = self.by_id(name)
        if row and row["type"] == kind:
            return row
        if not re.fullmatch(r"[a-zA-Z0-9]{15}([a-zA-Z0-9]{3})?", name):
            raise refused("MALFORMED_ID", f"malformed id {name}")
        if name in self.records and self.records[name]["IsDeleted"]:
            raise refused("ENTITY_IS_DELETED", "entity is deleted", status=404)
        raise refused("NOT_FOUND", GONE, status=404)

    def _body(self, call: Call) -> Json:
        if not isinstance(call.body, dict):
            raise refused("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
        return call.body

    def _checked(self, kind: str, body: Json) -> Json:
        values: Json = {}
        for name, value in body.items():
            column = SCHEMA[kind].get(name)
            if column is None:
                raise refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}", name)
            if not column.is_writable:
                message = f"Unable to create/update fields: {name}. Please check the security settings of this field."
                raise refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
            values[name] = None if value in (None, "") else self._value(kind, column, value)
        return values

    def _value(self, kind: str, column: Column, value: Any) -> Any:
        name = column.name
        if column.type in NUMBERS:
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise refused("JSON_PARSER_ERROR", f"Cannot deserialize instance of {column.type} from {value!r}")
            return value if column.type == "int" else float(value)
        if column.type == "boolean":
            return bool(value)
        if not isinstance(value, str):
            raise refused("JSON_PARSER_ERROR", f"Cannot deserialize instance of {column.type} from {value!r}")
        if column.type == "date":
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                raise refused("JSON_PARSER_ERROR", f"Cannot deserialize instance of date from {value!r}") from None
        if column.type == "email" and not ADDRESS.fullmatch(value):
            raise refused("INVALID_EMAIL_ADDRESS", f"{column.label}: invalid email address: {value}", name)
        if (kind, name) in RESTRICTED and value not in PICKLISTS[kind, name]:
            message = f"{column.label}: bad value for restricted picklist field: {value}"
            raise refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, name)
        if column.type == "reference":
            other = self.by_id(value)
            if other is None:
                raise refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", name)
            return other["Id"]
        if column.type in ("string", "phone") and len(value) > 255:
            raise refused("STRING_TOO_LONG", f"{column.label}: data value too large: {value[:40]}", name)
        return value

    def _keep(self, call: Call, row: Json, values: Json) -> None:
        """Store a record with what follows from its values."""
        kind = row["type"]
        if kind in ("Contact", "Lead"):
            row["Name"] = " ".join(filter(None, (row.get("FirstName"), row.get("LastName"))))
        if kind == "Opportunity":
            stage = row["StageName"]
            row |= {"IsClosed": stage.startswith("Closed"), "IsWon": stage == "Closed Won"}
            if "StageName" in values and "Probability" not in values:
                row["Probability"] = float(STAGES.get(stage, 0))
        if kind in ("Case", "Task"):
            row["IsClosed"] = row["Status"] in ("Closed", "Completed")
        by, at = user_id(call.person), stamp(self.world.time())
        row |= {"LastModifiedById": by, "LastModifiedDate": at, "SystemModstamp": at}
        self.records[row["Id"]] = row

    def _described(self, kind: str, column: Column) -> Json:
        values = PICKLISTS.get((kind, column.name), ())
        return {
            "name": column.name, "label": column.label, "type": column.type, "updateable": column.is_writable,
            "createable": column.is_writable, "nillable": column.name not in REQUIRED[kind],
            "restrictedPicklist": (kind, column.name) in RESTRICTED, "picklistValues": [
                {"active": True, "defaultValue": False, "label": value, "value": value, "validFor": None}
                for value in values
            ],
        }  # fmt: skip
