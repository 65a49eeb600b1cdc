"""What people name, in Tableau's filters and search; links and ids taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from core.errors import Candidate, NotFound, Rejected

LUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
LINK = re.compile(r"/views/([^/?#\s]+)/([^/?#\s]+)")
PAIR = re.compile(r"\s*(.+?)\s*(?:=|:|\bis\b)\s*(.+?)\s*")
TYPES = {
    r"flow": "run_flow",
    r"subscri|mail": "single_subscription_notify",
    r"increment": "increment_extracts",
    r"extract|refresh": "refresh_extracts",
}


def exactly(field: str, value: str) -> str:
    """A filter by one field's whole value; "" where Tableau's filters could not carry it."""
    return "" if re.search(r"[,&\[\]]", value) else f"{field}:eq:{value}"


def filters(*parts: str) -> str | None:
    """Several filters that all must hold."""
    return ",".join(part for part in parts if part) or None


def job_type(text: str) -> str:
    """The type of a background job that people mean."""
    word = text.strip().lower()
    if re.fullmatch(r"[a-z]+(_[a-z]+)+", word):
        return word
    return next((kind for pattern, kind in TYPES.items() if re.search(pattern, word)), word.replace(" ", "_"))


def chosen(pairs: Sequence[str] | None) -> dict[str, str]:
    """The query that narrows a view down, out of `Region=West` or `Region is West`.

    Raises:
        Rejected: one is no such pair.
    """
    found: dict[str, list[str]] = {}
    for one in pairs or ():
        hit = PAIR.fullmatch(one)
        if hit is None:
            raise Rejected(f"“{one}” is no filter; it looks like Region=West.", fields={"filters": "no field=value"})
        found.setdefault(f"vf_{hit[1]}", []).append(hit[2])
    return {name: ",".join(values) for name, values in found.items()}


def as_query(wanted: Mapping[str, str]) -> str:
    """The same filters in the link to a view."""
    named = "&".join(f"{quote(name.removeprefix('vf_'))}={quote(value)}" for name, value in wanted.items())
    return f"?{named}" if named else ""


def link_of(text: str) -> tuple[str, str] | None:
    """Workbook and sheet, as a link to a view writes them."""
    hit = LINK.search(text)
    return (hit[1], hit[2]) if hit else None


def luid_of(text: str) -> str:
    """The LUID that a text is, or ""."""
    return text.strip().lower() if LUID.fullmatch(text.strip()) else ""


def matches(text: str, name: str) -> bool:
    """Whether every word is in a name."""
    held = name.lower()
    return all(word in held for word in re.findall(r"[\w&/-]+", text.lower()))


def best(text: str, known: Sequence[Mapping[str, Any]], name: str = "name") -> list[Mapping[str, Any]]:
    """Those of the very name, else those with all of the words."""
    same = [one for one in known if str(one.get(name) or "").lower() == text.strip().lower()]
    return same or [one for one in known if matches(text, str(one.get(name) or ""))]


def people(text: str, users: Sequence[Mapping[str, Any]]) -> list[Candidate]:
    """Users by words of the name or the start of the address."""
    word = text.strip().lower()
    found = []
    for user in users:
        name, address = user.get("fullName") or user["name"], user.get("email") or user["name"]
        if user.get("siteRole") == "Unlicensed":
            continue
        if word in (user["id"], address.lower()) or address.lower().split("@")[0] == word or _named(word, name):
            found.append(Candidate(user["id"], name, address if "@" in address else ""))
    return found


def _named(text: str, name: str) -> bool:
    words = re.findall(r"\w+", name.lower())
    return bool(text) and all(any(word.startswith(part) for word in words) for part in re.findall(r"\w+", text))


def need_one(found: Mapping[str, Any] | None, what: str) -> Mapping[str, Any]:
    """Something that must be there.

    Raises:
        NotFound: it is not.
    """
    if not found:
        raise NotFound(f"{what} is not in Tableau, or you may not see it.")
    return found
