"""A discount code: what is sent to make one, and what it must hold then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tools.integrations.shopify.mapping import to_discount
from tools.integrations.shopify.money import taken_off, value_of

Item = Mapping[str, Any]


def new_discount(
    code: str, value: str, starts: datetime | None, ends: datetime | None, limit: int | None, minimum: Decimal | None
) -> dict[str, Any]:
    """The input of a code that takes something off a whole order, for everybody."""
    is_percentage, off = value_of(value)
    takes = (
        {"percentage": float(off / 100)}
        if is_percentage
        else {"discountAmount": {"amount": str(off), "appliesOnEachItem": False}}
    )
    fields = {
        "code": code, "title": code, "startsAt": (starts or datetime.now(UTC)).isoformat(timespec="seconds"),
        "endsAt": ends.isoformat(timespec="seconds") if ends else None, "usageLimit": limit,
        "minimumRequirement": {"subtotal": {"greaterThanOrEqualToSubtotal": str(minimum)}} if minimum else None,
        "context": {"all": "ALL"}, "customerGets": {"value": takes, "items": {"all": True}},
    }  # fmt: skip
    return {name: field for name, field in fields.items() if field is not None}


def expected_discount(
    made: Item, value: str, starts: datetime | None, ends: datetime | None, limit: int | None, minimum: Decimal | None
) -> dict[str, Any]:
    """What the code read back must hold."""
    is_percentage, off = value_of(value)
    currency = to_discount(made, "").value.rpartition(" ")[2]
    fields = {
        "value": taken_off(is_percentage, off, "" if is_percentage else currency), "limit": limit, "minimum": minimum,
        "starts_at": starts.replace(microsecond=0) if starts else None,
        "ends_at": ends.replace(microsecond=0) if ends else None,
    }  # fmt: skip
    return {name: field for name, field in fields.items() if field is not None}
