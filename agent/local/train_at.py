"""The moment at which examples are read: any will do, their dates are only found, not resolved."""

from __future__ import annotations

from datetime import UTC, datetime

READ_AT = datetime(2026, 3, 11, 10, 30, tzinfo=UTC)
