"""`docs/integrations.md`: every tool, how it is proven and undone, and what its requests were checked against.

`python -m tests.tools.table` writes it anew; it needs the descriptions (`ATOM_DESCRIPTIONS`) and walks every operation.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.tool import Tool
from tests.assistant import receipts
from tests.description import basis
from tests.tools.walk import approve, ask, connected, load, ready
from tools.integration import Integration
from tools.kit.auth import Basic, BearerToken, Key, OAuth2, Session
from tools.registry import discover

FILE = Path(__file__).parents[2] / "docs" / "integrations.md"
HEAD = """# Integrations

Made by `python -m tests.tools.table` from the connectors themselves and from a walk of every operation through the
assistant against the sandbox; a test holds it to both. The last column says what the requests of an operation, and the
sandbox's answers to them, were validated against:

- **description**: the vendor's own published API description (or GraphQL schema), unchanged;
- **widened**: that description with paths or fields added by `tests/tools/<key>/gap.py`, each with its reason;
- **knowledge**: an operation that no description holds; its shape is written down in `gap.py` from the vendor's
  documentation as known to us, and has not been checked against the vendor.

Nothing here has been run against the real vendors: the sandbox answers as their descriptions say. A recording against a
real account can be made with `pytest --record-mode=rewrite tests/tools/test_recording.py` and credentials.
"""


async def bases(key: str) -> dict[str, str]:
    """What the requests of each operation are checked against, by tool id."""
    walk, found = load(key), dict[str, set[str]]()
    async with connected(key, Path(tempfile.mkdtemp())) as (desk, reader, _):
        control = f"{desk.sandbox.url}/_sandbox/{key}/requests"
        for number, case in enumerate(walk.cases):
            desk.conversation = f"c{number}"
            args = await ready(desk, case)
            await desk.client.delete(control)
            said = await ask(desk, reader, case, args)
            tool = desk.running.registry.tool(case.tool)
            if tool is not None and tool.effect != "read":
                [line] = receipts(await approve(desk, said))
                if line.undo:  # the next case begins where this one did
                    await approve(desk, await desk.press("undo", line.undo))
            rows = (await desk.client.get(control)).json()
            found.setdefault(case.tool, set()).update(
                short(basis(key, row["method"], row["path"])) for row in rows if "/oauth" not in row["path"]
            )
    return {tool: shown(said) for tool, said in found.items()}


def short(said: str) -> str:
    """One of the table's three words."""
    if said.startswith("the vendor's"):
        return "description"
    return "knowledge" if said.startswith("added: ") and "knowledge" in said else "widened"


def shown(said: Iterable[str]) -> str:
    """The words in the order of their strength."""
    return ", ".join(word for word in ("description", "widened", "knowledge") if word in {*said})


def auth_of(kind: type[Integration]) -> str:
    """How it is connected, in words."""
    names = {
        OAuth2: "consent (OAuth 2)",
        Session: "keys, traded for a session",
        Key: "keys",
        BearerToken: "token",
        Basic: "name and password",
    }
    return names.get(type(kind.auth), "nothing")


def undo_of(tool: Tool, kind: type[Integration]) -> str:
    """The inverse, or why there is none."""
    if tool.effect == "read":
        return ""
    declared = kind.declarations[tool.id]
    return f"`{tool.undo.partition('.')[2]}`" if declared.undo else f"none: {tool.undo}"


def section(kind: type[Integration], based: Mapping[str, str]) -> str:
    """One integration's part of the page."""
    public = [tool for tool in kind.tools.values() if not tool.is_hidden]
    streams = ", ".join(sorted(kind.streams)) or "none"
    signed = "verified" if kind.webhook is not None else "none"
    lines = [
        f"## {kind.name}",
        "",
        f"`{kind.key}` · {kind.category.replace('_', ' ')} · connected by {auth_of(kind)} · streams: {streams} · "
        f"webhooks: {signed} · [how to register](../tools/integrations/{kind.key}/README.md)",
        "",
        "| operation | effect | proof | undo | checked against |",
        "| --- | --- | --- | --- | --- |",
    ]
    for tool in sorted(public, key=lambda one: one.id):
        proof = "" if tool.effect == "read" else tool.proof.rstrip(".")
        cells = (f"`{tool.id.partition('.')[2]}`", tool.effect, proof, undo_of(tool, kind), based[tool.id])
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def read() -> dict[str, tuple[str, ...]]:
    """The page's rows by tool id: effect, proof, undo, basis."""
    found, key = dict[str, tuple[str, ...]](), ""
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if hit := re.match(r"`(\w+)` · ", line):
            key = hit[1]
        elif line.startswith("| `"):
            name, *rest = (cell.strip() for cell in line.strip("|").split(" | "))
            found[f"{key}.{name.strip('| `')}"] = tuple(cell.rstrip(" |") for cell in rest)
    return found


async def write() -> None:
    """Write the page anew."""
    parts, counts = [], dict[str, int]()
    for key, kind in discover().items():
        based = await bases(key)
        for said in based.values():
            counts[said] = counts.get(said, 0) + 1
        parts.append(section(kind, based))
        print(key, len(based), flush=True)
    total = sum(counts.values())
    figures = "; ".join(f"{said}: {number}" for said, number in sorted(counts.items(), key=lambda pair: -pair[1]))
    head = f"{HEAD}\n{len(parts)} integrations, {total} operations. Checked against {figures}.\n"
    FILE.write_text(head + "\n" + "\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
