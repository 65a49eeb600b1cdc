"""The organisation at the start: accounts, contacts, leads, opportunities, cases, activities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.company import Company, Person
from sandbox.exchange import Json
from sandbox.grant import MIXED, ident
from sandbox.story import Story
from sandbox.vendors.salesforce.schema import PREFIXES, STAGES

SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
CASES = {"Bug": "High", "Story": "Low", "Feature": "Low", "Task": "Medium", "Chore": "Low", "Epic": "Low"}


def stamp(moment: datetime) -> str:
    """A moment as Salesforce writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000+0000}"


def make_id(prefix: str, *parts: object) -> str:
    """An id of 18 characters: the last three say which of the others are capital."""
    short = prefix + ident(12, "salesforce", prefix, *parts, alphabet=MIXED)
    chunks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(SUFFIX[sum(1 << n for n, char in enumerate(chunk) if char.isupper())] for chunk in chunks)


def user_id(person: Person) -> str:
    """The id of a person of the company."""
    return make_id("005", person.email)


def seed_salesforce(story: Story) -> Json:
    """Every record by id."""
    seed = _Seed(story)
    seed.accounts()
    seed.leads()
    seed.deals()
    seed.cases()
    return {"records": seed.records}


class _Seed:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.company: Company = story.company
        self.records: Json = {}

    def accounts(self) -> None:
        for customer in self.company.customers:
            owner = self.company.person(customer.owner)
            since = self.story.started(customer)
            account = self._add(
                "Account", customer.key, owner, since, Name=customer.crm_name, Website=f"https://{customer.domain}",
                Industry=customer.industry, Phone=_phone(customer.key), NumberOfEmployees=customer.seats * 3,
                BillingCountry=customer.country,
            )  # fmt: skip
            for name, title in customer.contacts:
                first, _, last = name.rpartition(" ")
                contact = self._add(
                    "Contact", name, owner, since, FirstName=first, LastName=last, Name=name, Title=title,
                    AccountId=account, Email=f"{name.split()[0]}.{last}@{customer.domain}".lower(), Phone=_phone(name),
                )  # fmt: skip
                self._add(
                    "Task", f"call {name}", owner, self.story.now - timedelta(days=9), Subject=f"Call with {name}",
                    Description="Happy with the tills, asked about reports.", Status="Completed", Priority="Normal",
                    WhoId=contact, IsClosed=True,
                    ActivityDate=(self.story.now - timedelta(days=9)).date().isoformat(),
                )  # fmt: skip

    def leads(self) -> None:
        for place, row in enumerate(self.company.work["leads"]):
            first, _, last = row["name"].rpartition(" ")
            host = "".join(char for char in row["company"].lower() if char.isalnum())
            self._add(
                "Lead", row["name"], self.company.person(row["owner"]), self.story.now - timedelta(days=3 + place),
                FirstName=first, LastName=last, Name=row["name"], Company=row["company"], Title=row["title"],
                Status=row["status"], LeadSource="Web", Email=f"{first}@{host}.example".lower(),
            )  # fmt: skip

    def deals(self) -> None:
        for deal in self.story.deals:
            self._add(
                "Opportunity", deal.name, deal.owner, deal.created, Name=deal.name, Amount=float(deal.amount),
                StageName=deal.stage, Probability=float(STAGES[deal.stage]), CloseDate=deal.closes.isoformat(),
                IsClosed=deal.stage.startswith("Closed"), IsWon=deal.stage == "Closed Won",
                AccountId=make_id(PREFIXES["Account"], deal.customer.key),
            )  # fmt: skip

    def cases(self) -> None:
        team = self.company.team("Support")
        about = [issue for issue in self.story.issues if issue.customer]
        for number, issue in enumerate(about, 1001):
            assert issue.customer is not None  # noqa: S101 - filtered above
            is_closed = issue.status == "done"
            self._add(
                "Case", issue.key, team[number % len(team)], issue.created, CaseNumber=f"{number:08d}",
                Subject=issue.title, Description=f"{issue.text} See {issue.key}.", Origin="Email",
                Status="Closed" if is_closed else "Working", Priority=CASES[issue.type], IsClosed=is_closed,
                AccountId=make_id(PREFIXES["Account"], issue.customer.key),
                ContactId=make_id(PREFIXES["Contact"], issue.customer.contacts[0][0]),
            )  # fmt: skip

    def _add(self, kind: str, name: str, owner: Person, created: datetime, **fields: object) -> str:
        record_id = make_id(PREFIXES[kind], name)
        by, at = user_id(owner), stamp(created)
        self.records[record_id] = {
            "type": kind, "Id": record_id, "IsDeleted": False, "OwnerId": by, "CreatedById": by, "CreatedDate": at,
            "LastModifiedById": by, "LastModifiedDate": at, "SystemModstamp": at, **fields,
        }  # fmt: skip
        return record_id


def _phone(name: str) -> str:
    return f"+44 20 7946 {sum(map(ord, name)) * 7919 % 10000:04d}"
