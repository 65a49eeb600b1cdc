"""People, organisations, teams and repositories."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.github.base import Organisation
from sandbox.vendors.github.shape import API, number_of


class Directory(Organisation):
    """People, organisations, teams and repositories."""

    @route("GET", "/user")
    def me(self, call: Call) -> Json:
        """The caller."""
        return self.shape.profile(call.person.github)

    @route("GET", "/users/{login}")
    def get_user(self, call: Call) -> Json:
        """One user."""
        login = call.params["login"]
        if login not in self.shape.by_login and login not in self.state["strangers"]:
            raise Refusal("no_route", status=404)
        return self.shape.profile(login)

    @route("GET", "/search/users")
    def search_users(self, call: Call) -> Answer:
        """Users by login and name, strangers among them; nobody here shows an address."""
        words = [word.strip('"').lower() for word in str(call.need("q")).split() if ":" not in word]
        names = {login: person.name for login, person in self.shape.by_login.items()} | self.state["strangers"]
        found = [login for login, name in names.items() if all(word in f"{login} {name}".lower() for word in words)]
        show = self.shape.user
        return self.page(call, found, lambda login: {**show(login), "score": 1.0}, "items", incomplete_results=False)

    @route("GET", "/user/orgs")
    def my_orgs(self, call: Call) -> list[Json]:
        """The one organisation."""
        slug = self.company.slug
        url = f"{API}/orgs/{slug}"
        names = ("repos", "events", "hooks", "issues", "members", "public_members")
        return [{"login": slug, "id": number_of("org", slug), "node_id": "O_1", "url": url, "avatar_url": "",
                 "description": self.company.name, **{f"{name}_url": f"{url}/{name}" for name in names}}]  # fmt: skip

    @route("GET", "/orgs/{org}/members", scope="read:org")
    def members(self, call: Call) -> Answer:
        """Everybody at the company."""
        self._org(call)
        return self.page(call, sorted(self.shape.by_login, key=str.lower), self.shape.user)

    @route("GET", "/orgs/{org}/teams", scope="read:org")
    def teams(self, call: Call) -> Answer:
        """The teams of the company."""
        self._org(call)
        return self.page(call, list(self.state["teams"]), self.shape.team)

    @route("GET", "/user/repos")
    def my_repos(self, call: Call) -> Answer:
        """Every repository that the token shows."""
        rows = sorted(self.visible(call), key=lambda name: str(self.state["repos"][name]["pushed_at"]), reverse=True)
        return self.page(call, rows, self.shape.repo)

    @route("GET", "/repos/{owner}/{repo}")
    def get_repo(self, call: Call) -> Json:
        """One repository."""
        return self.shape.repo(self.repo_of(call))

    def _org(self, call: Call) -> None:
        if call.params["org"] != self.company.slug:
            raise Refusal("no_route", status=404)
