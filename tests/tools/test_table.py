"""The page of integrations says what is so."""

from __future__ import annotations

import pytest

from tests.tools.table import bases, read, undo_of
from tools.registry import discover


def test_every_operation_is_on_the_page_as_it_is() -> None:
    rows = read()
    for kind in discover().values():
        for tool in kind.tools.values():
            if tool.is_hidden:
                assert tool.id not in rows
                continue
            effect, proof, undo, _ = rows[tool.id]
            assert effect == tool.effect
            assert undo == undo_of(tool, kind).replace("|", "/")
            assert bool(proof) is (effect != "read")
    assert len(rows) == sum(not tool.is_hidden for kind in discover().values() for tool in kind.tools.values())


@pytest.mark.parametrize("key", ["stripe", "linear"])
async def test_the_basis_of_the_checks_is_as_said(key: str, descriptions: object) -> None:
    rows = read()
    assert {tool: rows[tool][-1] for tool in await bases(key)} == await bases(key)
