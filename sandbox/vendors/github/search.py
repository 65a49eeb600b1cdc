"""The search syntax of issues: words, qualifiers, `OR`, parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.exchange import Json, Refusal

Test = Callable[[Json], bool]
TOKEN = re.compile(r'[()]|-?[\w-]+:"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"|[^\s()]+')
UNSEEN = (
    "The listed users and repositories cannot be searched either because the resources do not exist or you do not"
    " have permission to view them."
)


def invalid(message: str) -> Refusal:
    """A query that is refused."""
    return Refusal("invalid", "Validation Failed", status=422, errors=[
        {"message": message, "resource": "Search", "field": "q", "code": "invalid"},
    ])  # fmt: skip


class Query:
    """A parsed query; `fits` says whether an issue passes. `repos` are those that the person sees."""

    def __init__(self, text: str, owner: str, repos: list[str]) -> None:
        self._tokens = TOKEN.findall(text)
        self._owner = owner
        self._repos = repos
        self.fits = self._either()
        if self._tokens:
            raise invalid("The query cannot be parsed.")

    def _either(self) -> Test:
        tests = [self._all()]
        while self._tokens and self._tokens[0] == "OR":
            self._tokens.pop(0)
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests: list[Test] = []
        while self._tokens and self._tokens[0] not in ("OR", ")"):
            token = self._tokens.pop(0)
            if token == "(":
                tests.append(self._either())
                if not self._tokens or self._tokens.pop(0) != ")":
                    raise invalid("A parenthesis is not closed.")
            elif token != "AND":
                tests.append(self._term(token))
        return lambda row: all(test(row) for test in tests)

    def _term(self, token: str) -> Test:
        name, colon, value = token.partition(":")
        value = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if not colon or token.startswith('"'):
            word = token.strip('"').lower()
            return lambda row: word in f"{row['title']}\n{row['body'] or ''}".lower()
        if name == "repo":
            owner, _, repo = value.partition("/")
            if owner != self._owner or repo not in self._repos:
                raise invalid(UNSEEN)
            return lambda row: bool(row["repo"] == repo)
        if name in ("org", "user"):
            return lambda row: value == self._owner
        if name in ("is", "type", "state"):
            return lambda row: value in row["kinds"]
        if name in ("author", "base", "head"):
            return lambda row: bool(row[name] == value)
        if name == "updated" and value.startswith(">="):
            return lambda row: str(row["updated_at"]) >= value[2:]
        many = {"label": "labels", "assignee": "assignees", "review-requested": "reviewers",
                "team-review-requested": "teams"}  # fmt: skip
        if name in many:
            wanted = value.rpartition("/")[2].lower()
            return lambda row: wanted in [one.lower() for one in row[many[name]]]
        raise invalid(f"{name} is no qualifier.")
