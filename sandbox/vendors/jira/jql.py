"""The part of Jira's query language that people and programs use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.exchange import Json, Refusal
from sandbox.vendors.jira.adf import plain
from sandbox.vendors.jira.shape import CATEGORIES, PRIORITIES, STATUSES, TYPES

TOKEN = re.compile(r"""\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(!=|!~|>=|<=|[=~<>(),])|([^\s=~<>!(),"']+))""")
ALIASES = {"type": "issuetype", "due": "duedate", "issuekey": "key", "id": "key", "issue": "key", "label": "labels",
           "createddate": "created", "updateddate": "updated"}  # fmt: skip
DATES = {"duedate": "due", "created": "created", "updated": "updated", "resolved": "resolved"}
TEXTS = {"text": ("summary", "description", "comment"), "summary": ("summary",), "description": ("description",),
         "comment": ("comment",)}  # fmt: skip
PLAIN = {"project", "issuetype", "status", "statuscategory", "priority", "assignee", "reporter", "creator", "labels",
         "key", "parent", "resolution"}  # fmt: skip
SPANS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
Condition = Callable[[Json], bool]


@dataclass(frozen=True)
class View:
    """What names mean to the caller: people and projects by lower-case name."""

    now: datetime
    me: str
    people: Mapping[str, str]
    projects: Mapping[str, str]


@dataclass
class Query:
    """A condition (none: everything) and the order: field and whether it falls."""

    condition: Condition | None
    order: list[tuple[str, bool]]

    @classmethod
    def parse(cls, text: str, view: View) -> Query:
        """Read JQL; what is wrong is refused with a sentence, as Jira does."""
        return _Parser(text, view).query()

    def run(self, issues: list[Json]) -> list[Json]:
        """The hits in order; the newest first if none is asked for."""
        hits = [issue for issue in issues if self.condition is None or self.condition(issue)]
        hits.sort(key=lambda issue: int(issue["id"]), reverse=True)
        for field, falls in reversed(self.order):
            hits.sort(key=lambda issue, field=field: _rank(field, issue), reverse=falls)  # type: ignore[misc]
        return hits


def _rank(field: str, issue: Json) -> tuple[bool, Any]:
    match field:
        case "key":
            home, number = issue["key"].split("-")
            return True, (home, int(number))
        case "priority":
            return True, -PRIORITIES.index(issue["priority"])
        case "status":
            return True, list(STATUSES).index(issue["status"])
        case "issuetype":
            return True, issue["type"]
    value = issue.get(DATES.get(field, field))
    return value is not None, value if isinstance(value, str) else ""


class _Parser:
    def __init__(self, text: str, view: View) -> None:
        self.view = view
        self.tokens: list[str] = []
        place = 0
        while place < len(text.rstrip()):
            hit = TOKEN.match(text, place)
            if hit is None:
                raise Refusal("bad", f"Error in the JQL Query: The character at position {place + 1} is unexpected.")
            self.tokens.append(hit[1] or hit[2] or hit[3])
            place = hit.end()

    def _peek(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def _next(self) -> str:
        if not self.tokens:
            raise Refusal("bad", "Error in the JQL Query: The query ends before it is complete.")
        return self.tokens.pop(0)

    def _take(self, *words: str) -> bool:
        if [token.upper() for token in self.tokens[: len(words)]] == list(words):
            del self.tokens[: len(words)]
            return True
        return False

    def query(self) -> Query:
        is_ordered = self._take("ORDER", "BY")
        condition = None if is_ordered or not self.tokens else self._any()
        order = self._order() if is_ordered or self._take("ORDER", "BY") else []
        if self.tokens:
            raise Refusal("bad", f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek()}'.")
        return Query(condition, order)

    def _order(self) -> list[tuple[str, bool]]:
        order = []
        while True:
            field = self._field(self._next())
            falls = self._take("DESC")
            if not falls:
                self._take("ASC")
            order.append((field, falls))
            if not self._take(","):
                return order

    def _any(self) -> Condition:
        parts = [self._all()]
        while self._take("OR"):
            parts.append(self._all())
        return lambda issue: any(part(issue) for part in parts)

    def _all(self) -> Condition:
        parts = [self._not()]
        while self._take("AND"):
            parts.append(self._not())
        return lambda issue: all(part(issue) for part in parts)

    def _not(self) -> Condition:
        if self._take("NOT"):
            inner = self._not()
            return lambda issue: not inner(issue)
        if self._take("("):
            inside = self._any()
            if not self._take(")"):
                raise Refusal("bad", "Error in the JQL Query: Expecting ')' before the end of the query.")
            return inside
        return self._clause()

    def _field(self, token: str) -> str:
        name = _bare(token).lower()
        name = ALIASES.get(name, name)
        if name not in PLAIN and name not in DATES and name not in TEXTS:
            raise Refusal("bad", f"Field '{_bare(token)}' does not exist or you do not have permission to view it.")
        return name

    def _clause(self) -> Condition:
        field = self._field(self._next())
        if self._take("IS", "NOT"):
            self._empty()
            return lambda issue: bool(_values(field, issue))
        if self._take("IS"):
            self._empty()
            return lambda issue: not _values(field, issue)
        if self._take("NOT", "IN"):
            wanted = self._list(field)
            return lambda issue: bool(_values(field, issue)) and not wanted & _values(field, issue)
        if self._take("IN"):
            wanted = self._list(field)
            return lambda issue: bool(wanted & _values(field, issue))
        operator = self._next()
        if operator in ("~", "!~") and field in TEXTS:
            words = _bare(self._next()).lower()
            return lambda issue: _has(field, issue, words) == (operator == "~")
        if field in DATES and operator in ("=", "!=", "<", "<=", ">", ">="):
            return self._compare(field, operator)
        if operator not in ("=", "!=") or field in TEXTS:
            raise Refusal("bad", f"The operator '{operator}' is not supported by the '{field}' field.")
        value = self._value(field)
        if value is None:
            return lambda issue: bool(_values(field, issue)) == (operator == "!=")
        if operator == "=":
            return lambda issue: value in _values(field, issue)
        return lambda issue: bool(_values(field, issue)) and value not in _values(field, issue)

    def _empty(self) -> None:
        if self._next().upper() not in ("EMPTY", "NULL"):
            raise Refusal("bad", "Error in the JQL Query: 'IS' takes EMPTY or NULL.")

    def _list(self, field: str) -> set[str]:
        if not self._take("("):
            value = self._value(field)
            return {value} if value else set()
        wanted: set[str] = set()
        while not self._take(")"):
            wanted |= {self._value(field) or ""}
            self._take(",")
        return wanted

    def _value(self, field: str) -> str | None:
        """A value as `_values` has it; `None` is EMPTY."""
        token = self._next()
        if token.upper() in ("EMPTY", "NULL"):
            return None
        text = _bare(token)
        if self._take("("):
            if text.lower() != "currentuser" or not self._take(")"):
                raise Refusal("bad", f"Unable to find JQL function '{text}()'.")
            return self.view.me
        known: Mapping[str, str] | None = {
            "project": self.view.projects, "assignee": self.view.people, "reporter": self.view.people,
            "creator": self.view.people, "status": {name.lower(): name for name in STATUSES},
            "issuetype": {name.lower(): name for name in TYPES},
            "priority": {name.lower(): name for name in PRIORITIES},
            "statuscategory": {of[1].lower(): key for key, of in CATEGORIES.items()} | {key: key for key in CATEGORIES},
            "resolution": {"done": "Done", "unresolved": ""},
        }.get(field)  # fmt: skip
        if known is None:
            return text.upper() if field in ("key", "parent") else text
        if text.lower() not in known:
            raise Refusal("bad", f"The value '{text}' does not exist for the field '{field}'.")
        return known[text.lower()] or None

    def _compare(self, field: str, operator: str) -> Condition:
        low, high = self._moment()

        def fits(issue: Json) -> bool:
            given = issue[DATES[field]]
            if given is None:
                return False
            at = self._at(given)
            match operator:
                case "<":
                    return at < low
                case "<=":
                    return at < high or at == low
                case ">":
                    return at >= high and at > low
                case ">=":
                    return at >= low
            return (low <= at < high or at == low) == (operator == "=")

        return fits

    def _at(self, given: str) -> datetime:
        if len(given) == 10:
            return datetime.combine(date.fromisoformat(given), time(), self.view.now.tzinfo)
        return datetime.strptime(given, "%Y-%m-%dT%H:%M:%S.%f%z")

    def _moment(self) -> tuple[datetime, datetime]:
        """A day as its start and end, a moment as itself twice."""
        text = _bare(self._next())
        now = self.view.now
        if self._take("("):
            shift = "" if self._peek() == ")" else _bare(self._next())
            self._take(")")
            return _function(text, shift, now)
        if hit := re.fullmatch(r"([+-]?\d+)([mhdw])", text):
            moment = now + timedelta(seconds=int(hit[1]) * SPANS[hit[2]])
            return moment, moment
        day = text.replace("/", "-")
        try:
            moment = datetime.fromisoformat(day).replace(tzinfo=now.tzinfo)
        except ValueError:
            says = f"Date value '{text}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', "
            raise Refusal("bad", says + "'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'.") from None
        return moment, moment + timedelta(days=1 if len(day) <= 10 else 0)


def _function(name: str, shift: str, now: datetime) -> tuple[datetime, datetime]:
    today = datetime.combine(now.date(), time(), now.tzinfo)
    starts = {"now": now, "startofday": today, "startofweek": today - timedelta(days=now.weekday()),
              "startofmonth": today.replace(day=1)}  # fmt: skip
    ends = {"endofday": today + timedelta(days=1), "endofweek": starts["startofweek"] + timedelta(days=7),
            "endofmonth": (today.replace(day=1) + timedelta(days=32)).replace(day=1)}  # fmt: skip
    moment = {**starts, **{key: end - timedelta(microseconds=1) for key, end in ends.items()}}.get(name.lower())
    if moment is None:
        raise Refusal("bad", f"Unable to find JQL function '{name}()'.")
    if hit := re.fullmatch(r"([+-]?\d+)([mhdw]?)", shift):
        unit = hit[2] or ("w" if "week" in name.lower() else "d")
        moment += timedelta(seconds=int(hit[1]) * SPANS[unit])
    return moment, moment


def _bare(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1]) if token[:1] in ("'", '"') else token


def _values(field: str, issue: Json) -> set[str]:
    match field:
        case "labels":
            return set(issue["labels"])
        case "issuetype":
            return {issue["type"]}
        case "statuscategory":
            return {STATUSES[issue["status"]]}
        case "resolution":
            return {"Done"} if issue["resolved"] else set()
        case "creator":
            return {issue["reporter"]}
    value = issue.get(DATES.get(field, field))
    if isinstance(value, dict):
        return {plain(value)} - {""}
    return {str(value)} if value else set()


def _has(field: str, issue: Json, words: str) -> bool:
    parts = {"summary": issue["summary"], "description": plain(issue["description"]),
             "comment": "\n".join(plain(row["body"]) for row in issue["comments"])}  # fmt: skip
    text = "\n".join(parts[name] for name in TEXTS[field]).lower()
    if len(words) > 2 and words[0] == words[-1] == '"':
        return words[1:-1] in text
    stems = [_stem(word.strip("*")) for word in re.findall(r"[\w*-]+", words)]
    return all(re.search(r"\b" + re.escape(stem), text) for stem in stems)


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
