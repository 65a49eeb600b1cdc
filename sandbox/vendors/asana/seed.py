"""The workspace at the start: what marketing, sales and people operations plan in Asana."""

from __future__ import annotations

from datetime import timedelta

from sandbox.company import Company, Person
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

DIGITS = "0123456789"
PROJECTS: dict[str, tuple[str, str, list[str]]] = {  # name: owner, team, sections
    "Spring launch": ("dana.whitlock", "Marketing", ["To do", "In progress", "In review", "Done"]),
    "Website refresh": ("nadia.rossi", "Marketing", ["Backlog", "In progress", "Waiting", "Done"]),
    "Content calendar": ("pieter.devries", "Marketing", ["Ideas", "Drafting", "Scheduled", "Published"]),
    "Merchant onboarding": ("julia.stein", "Support", ["New", "Training", "Live"]),
    "Summer offsite": ("hannah.reuter", "People", ["Untitled section"]),
    "Launch retro 2025": ("dana.whitlock", "Product", ["Notes"]),
}
# project | section | title | who | due in days | done
TASKS = """
Spring launch | To do | Write the launch press release | pieter.devries | 9 |
Spring launch | To do | Book the photographer for the launch | grace.kim | 12 |
Spring launch | In progress | Landing page copy for line-item refunds | pieter.devries | 4 |
Spring launch | In progress | Pricing page redesign | emil.sorensen | 6 |
Spring launch | In review | Launch mail to Chain merchants | grace.kim | 2 |
Spring launch | In review | Demo video of the tip screen | mila.jovanovic | -1 |
Spring launch | Done | Pick the launch date | dana.whitlock | -20 | done
Spring launch | Done | Agree the list of launch features | dana.whitlock | -14 | done
Spring launch | To do | Brief support on the new refunds | dana.whitlock | 5 |
Website refresh | Backlog | Replace the stock photos | emil.sorensen | |
Website refresh | Backlog | Rewrite the FAQ | bea.santos | 21 |
Website refresh | In progress | Fix broken footer links | marcus.hill | 3 |
Website refresh | Waiting | Customer logos for the home page | nadia.rossi | |
Website refresh | Done | Move the blog to the new theme | elena.petrova | -8 | done
Content calendar | Ideas | Podcast with a market stall owner | | |
Content calendar | Drafting | Case study: Harbourlight Books | pieter.devries | 8 |
Content calendar | Drafting | Case study: Nordkaffe | pieter.devries | 15 |
Content calendar | Scheduled | Partial refunds explained | bea.santos | 1 |
Merchant onboarding | New | Onboard Kestrel Cycles service desk | rosa.mendes | 7 |
Merchant onboarding | New | Onboard Granite & Oak | kyle.bennett | 10 |
Merchant onboarding | Training | Train the stores of Pinecrest Outfitters | hamza.ali | -2 |
Merchant onboarding | Training | Handhelds for Saffron Lane Group | rosa.mendes | 14 |
Merchant onboarding | Live | Brightloom Textiles goes live | julia.stein | -5 | done
Summer offsite | Untitled section | Find a venue | hannah.reuter | 30 |
Summer offsite | Untitled section | Collect T-shirt sizes | ella.murphy | 20 |
Launch retro 2025 | Notes | What went well | dana.whitlock | | done
"""
POSTS = 110  # published posts, so that a project has more than one page


def gid(*parts: object) -> str:
    """A stable id of sixteen digits."""
    return "1" + ident(15, "asana", *parts, alphabet=DIGITS)


def seed_asana(company: Company, story: Story) -> Json:
    """Projects with sections, tasks, stories and status updates, all by id."""
    state: Json = {"projects": {}, "sections": {}, "tasks": {}, "stories": {}, "status_updates": {}}
    now = story.now
    for name, (owner, team, sections) in PROJECTS.items():
        project = gid("project", name)
        created = (now - timedelta(days=120)).isoformat()
        state["projects"][project] = {
            "gid": project, "name": name, "owner": company.person(owner).email, "team": team,
            "archived": name.startswith("Launch retro"), "due_on": None, "created_at": created,
        }  # fmt: skip
        for section in sections:
            key = gid("section", name, section)
            state["sections"][key] = {"gid": key, "name": section, "project": project}
    rows = [[part.strip() for part in line.split("|")] for line in TASKS.strip().splitlines()]
    rows += [
        ["Content calendar", "Published", f"Weekly post {number}", "pieter.devries", str(-7 * number), "done"]
        for number in range(1, POSTS + 1)
    ]
    for place, (project, section, title, who, due, done) in enumerate(rows):
        key = gid("task", project, title)
        made = now - timedelta(days=60, minutes=-place)
        boss = company.person(PROJECTS[project][0])
        person = company.person(who) if who else None
        state["tasks"][key] = {
            "gid": key, "name": title, "html_notes": f"<body>{notes(title)}</body>",
            "assignee": person.email if person else None, "created_by": boss.email,
            "followers": sorted({one.email for one in (person, boss) if one}), "parent": None,
            "due_on": (now + timedelta(days=int(due))).date().isoformat() if due else None, "due_at": None,
            "completed_at": (now - timedelta(days=3, minutes=place)).isoformat() if done else None,
            "created_at": made.isoformat(), "modified_at": (made + timedelta(days=2)).isoformat(),
            "places": [[gid("project", project), gid("section", project, section)]],
        }  # fmt: skip
    _say(
        state, company, story, "Spring launch", "Pricing page redesign", "lena.hoffmann", "Second draft is in the file."
    )
    _say(
        state,
        company,
        story,
        "Spring launch",
        "Pricing page redesign",
        "dana.whitlock",
        "The Chain plan needs its own line.",
    )
    _say(state, company, story, "Merchant onboarding", "Train the stores of Pinecrest Outfitters", "hamza.ali",
         "Doug Ferris asks for a second date.")  # fmt: skip
    _report(state, company.person("dana.whitlock"), story, "Spring launch", "at_risk", "Week 6",
            "Demo video slips, everything else holds.")  # fmt: skip
    return state


def notes(title: str) -> str:
    """The description of a seeded task."""
    return f"{title}: see the brief in the drive." if len(title) % 3 == 0 else ""


def _say(state: Json, company: Company, story: Story, project: str, title: str, who: str, text: str) -> None:
    key, task = gid("story", project, title, text), gid("task", project, title)
    at = (story.now - timedelta(days=2, minutes=-len(state["stories"]))).isoformat()
    state["stories"][key] = {
        "gid": key, "task": task, "text": text, "created_by": company.person(who).email, "created_at": at,
    }  # fmt: skip


def _report(state: Json, who: Person, story: Story, project: str, status: str, title: str, text: str) -> None:
    key = gid("status", project, title)
    state["status_updates"][key] = {
        "gid": key, "parent": gid("project", project), "status_type": status, "title": title, "text": text,
        "created_by": who.email, "created_at": (story.now - timedelta(days=4)).isoformat(),
    }  # fmt: skip
