"""Whether what was written is there: the read-back of every write, and the look after a lost answer."""

from __future__ import annotations

from typing import Any

from core.records import Record, Ref
from core.tool import Change
from tools.integrations.quickbooks.finder import Finder


class Recovery(Finder):
    """The proofs of an integration, and its recoveries."""

    async def read_record(self, ref: Ref) -> Record:
        """Reads the record again."""
        record: Record = await self._books.read(ref)
        return record

    async def recover_invoice(self, **args: Any) -> Change | None:
        """The new invoice, if it is there."""
        return await self._books.made_lately(await self._books.invoice(**args))

    async def recover_customer(self, **args: Any) -> Change | None:
        """The new customer, if it is there."""
        return await self._books.made_lately(await self._books.customer(**args))

    async def recover_payment(self, **args: Any) -> Change | None:
        """The payment, if it is there."""
        return await self._books.made_lately(await self._books.payment(**args, is_made=True))

    async def recover_bill(self, **args: Any) -> Change | None:
        """The bill, if it is there."""
        return await self._books.made_lately(await self._books.bill(**args))

    async def recover_expense(self, **args: Any) -> Change | None:
        """The expense, if it is there."""
        return await self._books.made_lately(await self._books.expense(**args))

    async def recover_send(self, invoice: str, to: str | None = None) -> Change | None:
        """The mail, if the invoice says that it was sent just now."""
        return await self._books.sent_lately(invoice, to)

    async def recover_void(self, invoice: str) -> Change | None:
        """The invoice, if it is void."""
        return await self._books.void_now(invoice)
