"""Holds every recorded request and answer of a vendor against its own description."""

from __future__ import annotations

from typing import Any

from sandbox.server import Sandbox
from tests.description import check_answer, check_request, has_descriptions, load


def is_refused(answer: Any) -> bool:
    """Whether an answer with a good status says no all the same."""
    return isinstance(answer, dict) and (answer.get("ok") is False or "errors" in answer)


def problems(sandbox: Sandbox, vendor: str, undescribed: tuple[str, ...] = ()) -> list[str]:
    """What is wrong; requests whose path ends with one of `undescribed` are left out."""
    if not has_descriptions():
        return []
    load(vendor)
    found = []
    for row in sandbox.vendors[vendor].requests:
        if row["fault"] or row["path"].endswith(undescribed or ("\0",)):
            continue
        about = f"{row['method']} {row['path']} → {row['status']}"
        asked = []
        if row["status"] < 400 and not is_refused(row["answer"]):
            asked = check_request(vendor, row["method"], row["path"], row["query"], row["headers"], row["body"])
        told = check_answer(vendor, row["method"], row["path"], row["status"], row["answer"], row["body"])
        found += [f"{about}: {problem}" for problem in (*asked, *told)]
    return found
