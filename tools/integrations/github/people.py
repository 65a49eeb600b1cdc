"""From what people are called to their logins: members of the person's organisations, with the directory's help."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Candidate, NotFound
from core.principal import Principal
from tools.directory import People
from tools.kit.http import Http
from tools.kit.paging import by_link, take

MOST_MEMBERS = 5000
MOST_SHOWN = 6


class Colleagues:
    """Looks people and teams up for one request."""

    def __init__(self, http: Http, who: Principal, people: People) -> None:
        self._http = http
        self._who = who
        self._people = people

    async def organisations(self) -> list[str]:
        """The logins of the organisations that the person belongs to."""
        return [one["login"] for one in await take(by_link(self._http, "/user/orgs", per_page=100), 100)]

    async def find(self, text: str) -> Sequence[Candidate]:
        """People by login, name or address; colleagues before strangers, who count by their exact login only."""
        text = text.strip().lstrip("@")
        if text.casefold() in (self._who.name.casefold(), self._who.email.casefold()):
            return [await self._shown(self._http.connection.account, text)]
        members = await self._members()
        found = await self._search(text)
        mine = [login for login in found if login in members]
        if not mine:
            mine = [login for login in found if login.lower() == text.lower()]
        if not mine:
            return await self._by_directory(text, members)
        return [await self._shown(login) for login in mine[:MOST_SHOWN]]

    async def find_teams(self, text: str) -> Sequence[Candidate]:
        """Teams by name or slug; the id is `owner/team`."""
        word = text.strip().lstrip("@").lower().removeprefix("the ").removesuffix(" team")
        found = []
        for owner in await self.organisations():
            for team in await take(by_link(self._http, f"/orgs/{owner}/teams", per_page=100), 500):
                name, slug = team["name"], team["slug"]
                if word in (f"{owner}/{slug}".lower(), slug) or word in name.lower():
                    also = (slug, f"{owner}/{slug}", f"{name} team", f"the {name} team", f"the {slug} team")
                    found.append(Candidate(f"{owner}/{slug}", name, "team", also=also))
        return found

    async def _by_directory(self, text: str, members: set[str]) -> Sequence[Candidate]:
        """Colleagues whom other systems know by this name or address, looked up by what those call them."""
        found: dict[str, Candidate] = {}
        for person in (await self._people.find(text))[:MOST_SHOWN]:
            logins = await self._search(person.id) or await self._search(f'"{person.label}"')
            for login in logins:
                if login in members:
                    found[login] = await self._shown(login, person.id, text)
        return list(found.values())

    async def _members(self) -> set[str]:
        found: set[str] = set()
        for owner in await self.organisations():
            pages = by_link(self._http, f"/orgs/{owner}/members", per_page=100)
            found |= {one["login"] for one in await take(pages, MOST_MEMBERS)}
        return found

    async def _search(self, text: str) -> list[str]:
        query = f"{text} in:login in:name in:email type:user"
        found = await self._http.get("/search/users", q=query, per_page=100)
        return [one["login"] for one in found["items"]]

    async def _shown(self, login: str, *also: str) -> Candidate:
        try:
            user = await self._http.get(f"/users/{login}")
        except NotFound:
            user = {}
        return Candidate(login, user.get("name") or login, user.get("email") or "", also=(login, f"@{login}", *also))
