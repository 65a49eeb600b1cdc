"""The company's Tableau site at the start: workbooks with their sheets, data sources, last night's jobs."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from datetime import datetime, timedelta

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

SITE = "fernwick"
PROJECTS = (("Finance", "ruth.adeyemi", "Numbers for the board and the books"),
            ("Sales", "luca.moretti", "Pipeline and accounts"), ("Product", "naomi.fischer", "Usage and quality"),
            ("Support", "dana.whitlock", "What customers need"),
            ("Playground", "mei.tanaka", "Try things here"))  # fmt: skip
# name, project, owner, tags, description, days since the last change, sheets: name, table, views
WORKBOOKS: tuple[tuple[str, str, str, tuple[str, ...], str, int, tuple[tuple[str, str, int], ...]], ...] = (
    ("Regional Revenue", "Finance", "ruth.adeyemi", ("board-pack", "certified"), "Billed by country and month", 2,
     (("Overview", "country", 842), ("By Customer", "customer", 377), ("Overdue", "overdue", 119))),
    ("Pipeline Health", "Sales", "luca.moretti", ("weekly",), "Open deals by stage and owner", 1,
     (("Stages", "stage", 655), ("By Rep", "rep", 401))),
    ("Ops Weekly", "Support", "dana.whitlock", ("weekly",), "Tickets, incidents and what is late", 6,
     (("Open Work", "work", 233), ("Priorities", "priority", 98))),
    ("Churn Watch", "Product", "naomi.fischer", (), "Who left and who may", 15, (("Customers", "customer", 190),)),
    ("Seats and Plans", "Sales", "luca.moretti", ("certified",), "Seats by plan", 40, (("Plans", "plan", 75),)),
    ("Seats and Plans (copy)", "Playground", "mei.tanaka", (), "", 200, (("Plans", "plan", 2),)),
    ("Fleet of Tills", "Playground", "mei.tanaka", ("old",), "Tills in the field", 410, (("Map", "country", 0),)),
)  # fmt: skip
SOURCES = (("Billing", "Finance", "ruth.adeyemi"), ("CRM Opportunities", "Sales", "luca.moretti"),
           ("Issue Tracker", "Product", "naomi.fischer"))  # fmt: skip
NIGHTLY = (("Billing", "datasource"), ("CRM Opportunities", "datasource"), ("Regional Revenue", "workbook"),
           ("Ops Weekly", "workbook"))  # fmt: skip
FLOWS = (("Clean CRM accounts", "Sales", "mei.tanaka"), ("Merge billing names", "Finance", "mei.tanaka"))


def luid(*parts: object) -> str:
    """A stable LUID."""
    return str(uuid.UUID(hex=ident(32, "tableau", *parts, alphabet="0123456789abcdef"), version=4))


def stamp(moment: datetime) -> str:
    """A moment as Tableau writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def slug(name: str) -> str:
    """A name in an address."""
    return re.sub(r"[^A-Za-z0-9]", "", name)


def seed_tableau(company: Company, story: Story) -> Json:
    """Rows by LUID; a row names others by id in fields that end in `Id`."""
    state: Json = {name: {} for name in (
        "users", "projects", "workbooks", "views", "datasources", "flows", "jobs", "subscriptions",
    )}  # fmt: skip
    now, tables = story.now, _tables(company, story)
    for person in company.people:
        role = "SiteAdministratorCreator" if person.is_admin else "Creator" if person.team == "Data" else "Explorer"
        identity = luid("user", person.email)
        state["users"][identity] = {
            "id": identity, "name": person.email, "email": person.email, "fullName": person.name, "siteRole": role,
        }  # fmt: skip

    def whose(handle: str) -> str:
        return luid("user", company.person(handle).email)

    for name, owner, text in PROJECTS:
        identity = luid("project", name)
        state["projects"][identity] = {
            "id": identity, "name": name, "description": text, "ownerId": whose(owner),
            "createdAt": stamp(now - timedelta(days=900)), "updatedAt": stamp(now - timedelta(days=100)),
        }  # fmt: skip
    for name, project, owner, tags, text, ago, sheets in WORKBOOKS:
        identity = luid("workbook", name)
        made, changed = stamp(now - timedelta(days=ago + 300)), stamp(now - timedelta(days=ago, minutes=ago))
        views = [luid("view", name, sheet) for sheet, *_ in sheets]
        state["workbooks"][identity] = {
            "id": identity, "name": name, "description": text, "contentUrl": slug(name),
            "projectId": luid("project", project),
            "ownerId": whose(owner), "tags": sorted(tags), "createdAt": made, "updatedAt": changed, "views": views,
        }  # fmt: skip
        for view, (sheet, table, seen) in zip(views, sheets, strict=True):
            state["views"][view] = {
                "id": view, "name": sheet, "contentUrl": f"{slug(name)}/sheets/{slug(sheet)}", "workbookId": identity,
                "seen": seen, "createdAt": made, "updatedAt": changed, "table": tables[table],
            }  # fmt: skip
    for kind, rows in (("datasources", SOURCES), ("flows", FLOWS)):
        for name, project, owner in rows:
            identity = luid(kind, name)
            state[kind][identity] = {
                "id": identity, "name": name, "contentUrl": slug(name), "projectId": luid("project", project),
                "tags": [],
                "ownerId": whose(owner), "updatedAt": stamp(now - timedelta(days=3)),
                "createdAt": stamp(now - timedelta(days=500)),
            }  # fmt: skip
    night = now.replace(hour=2, minute=0, second=0, microsecond=0)
    night = night if night < now else night - timedelta(days=1)
    for days in range(3):
        for place, (name, kind) in enumerate(NIGHTLY):
            begun = night - timedelta(days=days) + timedelta(minutes=10 * place)
            identity = luid("job", name, days)
            is_bad = name == "CRM Opportunities" and days == 0
            state["jobs"][identity] = {
                "id": identity, "jobType": "refresh_extracts", "title": name, "about": kind,
                "aboutId": luid("workbook" if kind == "workbook" else "datasources", name), "createdAt": stamp(begun),
                "startedAt": stamp(begun + timedelta(seconds=5)), "endedAt": stamp(begun + timedelta(minutes=4)),
                "status": "Failed" if is_bad else "Success",
            }  # fmt: skip
    return state


def _tables(company: Company, story: Story) -> dict[str, list[list[str]]]:
    """The numbers behind the sheets, out of what happened at the company."""
    billed: Counter[tuple[str, str]] = Counter()
    late: Counter[str] = Counter()
    for bill in story.invoices:
        billed[(bill.customer.country, bill.customer.billing_name)] += bill.amount // 100
        late[bill.customer.billing_name] += bill.amount // 100 if bill.status == "open" else 0
    by_country: Counter[str] = Counter()
    for (country, _), amount in billed.items():
        by_country[country] += amount
    deals: Counter[str] = Counter()
    reps: Counter[str] = Counter()
    for deal in story.deals:
        deals[deal.stage] += deal.amount
        reps[deal.owner.name] += deal.amount
    work = Counter((issue.home, issue.status) for issue in story.issues)
    ranks = Counter(issue.priority for issue in story.issues if issue.status != "done")
    seats: Counter[str] = Counter()
    for customer in company.customers:
        seats[company.plan(customer.plan).name] += 0 if customer.churned else customer.seats
    return {
        "country": [["Country", "Revenue"], *([name, str(n)] for name, n in sorted(by_country.items()))],
        "customer": [
            ["Country", "Customer", "Revenue"],
            *([c, name, str(n)] for (c, name), n in sorted(billed.items())),
        ],
        "overdue": [["Customer", "Overdue"], *([name, str(n)] for name, n in sorted(late.items()) if n)],
        "stage": [["Stage", "Amount"], *([name, str(n)] for name, n in sorted(deals.items()))],
        "rep": [["Rep", "Amount"], *([name, str(n)] for name, n in sorted(reps.items()))],
        "work": [["Team", "Status", "Items"], *([home, status, str(n)] for (home, status), n in sorted(work.items()))],
        "priority": [["Priority", "Items"], *([name, str(n)] for name, n in sorted(ranks.items()))],
        "plan": [["Plan", "Seats"], *([name, str(n)] for name, n in sorted(seats.items()))],
    }
