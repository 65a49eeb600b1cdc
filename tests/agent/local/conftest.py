from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from agent.interpretation import Interpretation, Request, Turn
from agent.local.interpreter import Interpreter
from core.principal import Principal
from core.tool import Tool
from tools.registry import discover

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Europe/Berlin"))
NORA = Principal(tenant="acme", id="u1", name="Nora Lind", email="nora@acme.example", timezone="Europe/Berlin")

Ask = Callable[..., Interpretation]


@pytest.fixture(scope="session")
def seven() -> list[Tool]:
    return [tool for kind in discover().values() for tool in kind.tools.values() if not tool.is_hidden]


@pytest.fixture(scope="session")
def interpreter(seven: list[Tool]) -> Interpreter:
    return Interpreter(seven)


@pytest.fixture(scope="session")
def ask(interpreter: Interpreter) -> Ask:
    def _ask(text: str, context: Sequence[Turn] = (), connected: frozenset[str] | None = None) -> Interpretation:
        return interpreter.interpret(Request(text, NOW, NORA, context, connected=connected))

    return _ask
