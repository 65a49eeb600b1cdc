"""Names that people say, as records of the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.errors import Candidate
from core.principal import Principal
from tools.integrations.quickbooks.books import Books
from tools.integrations.quickbooks.ledger import BANKS, EXPENSES
from tools.kit.http import Http
from tools.kit.paging import take


class Finder:
    """The finders of an integration that has `http` and `who`."""

    http: Http
    who: Principal

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Customers and vendors."""
        kinds = {"customer": "Customer", "vendor": "Vendor"}
        return {
            kind: [row["DisplayName"] for row in await take(self._books.rows(entity), 500)]
            for kind, entity in kinds.items()
        }

    async def find_customer(self, text: str) -> Sequence[Candidate]:
        """Customers by name, company, address or id."""
        return await self._books.named("Customer", text)

    async def find_vendor(self, text: str) -> Sequence[Candidate]:
        """Vendors by name, company, address or id."""
        return await self._books.named("Vendor", text)

    async def find_payee(self, text: str) -> Sequence[Candidate]:
        """Vendors; somebody who is none is named in the expense all the same."""
        found = await self._books.named("Vendor", text)
        return found or [Candidate(text.strip(), text.strip(), "not among the vendors")]

    async def find_invoice(self, text: str) -> Sequence[Candidate]:
        """Invoices by document number or id, or a customer's unpaid ones."""
        return await self._books.invoices(text)

    async def find_account(self, text: str) -> Sequence[Candidate]:
        """Accounts that expenses are booked on."""
        return await self._books.accounts(text, EXPENSES)

    async def find_bank(self, text: str) -> Sequence[Candidate]:
        """Bank and card accounts."""
        return await self._books.accounts(text, BANKS)

    @property
    def _books(self) -> Books:
        return Books(self.http, self.who.timezone)
