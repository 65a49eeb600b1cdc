"""The words of a team: its states, cycles and labels, from what people call them to Linear's ids."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Rejected
from tools.integrations.linear import document
from tools.integrations.linear.mapping import cycle_filter, states
from tools.kit.graphql import ask, by_connection
from tools.kit.http import Http
from tools.kit.paging import take


async def find_states(http: Http, text: str, team: str | None) -> list[str]:
    """Ids of the states of a team, or of all teams, that a name or kind means; the first of the workflow first.

    Raises:
        Rejected: there is none; it says which there are.
    """
    wanted = {"team": {"id": {"eq": team}}} if team else None
    known = await take(by_connection(http, document.STATES, "workflowStates", filter=wanted), 500)
    found = states(text, known)
    if not found:
        names = ", ".join(dict.fromkeys(state["name"] for state in known))
        raise Rejected(f"There is no state “{text}”; there are {names}.")
    return found


async def find_cycle(http: Http, text: str, team: str) -> str:
    """The id of a team's cycle by current, next, last, number or name.

    Raises:
        Rejected: there is none.
    """
    wanted = {"team": {"id": {"eq": team}}, **cycle_filter(text)}
    found = (await ask(http, document.CYCLES, filter=wanted))["cycles"]["nodes"]
    if not found:
        raise Rejected(f"The team has no cycle “{text}”.")
    return str(found[0]["id"])


async def find_labels(http: Http, names: Sequence[str], team: str) -> dict[str, str]:
    """Name by id of labels; a team's own label goes before the workspace's of the same name.

    Raises:
        Rejected: one does not exist; it says which there are.
    """
    if not names:
        return {}
    known = await take(by_connection(http, document.LABELS, "issueLabels"), 1000)
    usable = [one for one in known if not one["isGroup"] and (one["team"] or {}).get("id", team) == team]
    by_name = {one["name"].lower(): one for one in sorted(usable, key=lambda one: one["team"] is not None)}
    if missing := [name for name in names if name.strip().lower() not in by_name]:
        raise Rejected(f"There is no label “{missing[0]}”; there are {', '.join(sorted(by_name))}.")
    return {label["id"]: label["name"] for label in (by_name[name.strip().lower()] for name in names)}
