"""What every integration keeps to: its facts, its tools against the catalogue, its size, and its place."""

from __future__ import annotations

import ast
import statistics
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from sandbox.app import find_vendors
from sandbox.world import World
from tests.tools.walk import load
from tools.declare import Duration
from tools.integration import read_examples
from tools.kit.auth import OAuth2
from tools.registry import discover

ROOT = Path(__file__).parents[2]
FOLDERS = ROOT / "tools" / "integrations"
KEYS = sorted(discover())
PLATFORMS = {"slack", "teams"}  # chat platforms too, and named as such where messages come in
TYPES: dict[str, tuple[str, str]] = {
    "string": ("string", ""), "text": ("string", "text"), "id": ("string", "id"), "integer": ("integer", ""),
    "number": ("number", ""), "boolean": ("boolean", ""), "date": ("string", "date"),
    "datetime": ("string", "date-time"), "duration": ("string", "duration"), "money": ("number", "money"),
    "person": ("string", "person"), "email": ("string", "email"),
}  # fmt: skip
FORBIDDEN = {"httpx", "requests", "aiohttp", "asyncio", "sqlalchemy", "urllib.request", "socket"}
LENGTH: TypeAdapter[Any] = TypeAdapter(Duration)
MEDIAN_LINES = 250
EXAMPLES = 8


@pytest.mark.parametrize("key", KEYS)
def test_tools_are_declared_whole(key: str) -> None:
    kind = discover()[key]
    assert kind.name
    assert kind.aliases
    assert kind.base_url.startswith(("https://", "{"))
    known = {tool.id.partition(".")[2] for tool in kind.tools.values() if not tool.is_hidden}
    assert {*read_examples(kind.__module__.rpartition(".")[0])} <= known, "examples for what it cannot do"
    for tool in kind.tools.values():
        assert tool.id.partition(".")[0] == key
        assert tool.description.endswith(".")
        assert all(item.get("description") for item in tool.properties.values()), tool.id
        assert tool.proof, tool.id
        assert tool.effect == "read" or tool.undo, tool.id
        if isinstance(kind.auth, OAuth2) and kind.auth.scopes:
            assert tool.scopes, f"{tool.id} names no scope"
            assert {*tool.scopes} <= {*kind.auth.scopes}, f"{tool.id}: {tool.scopes}"
        assert {name for one in tool.examples for name in one.args} <= {*tool.properties}, tool.id
        if not tool.is_hidden:
            said = {one.say for one in tool.examples}
            assert len(said) >= EXAMPLES, f"{tool.id} has {len(said)} ways of asking"


@pytest.mark.parametrize("key", KEYS)
def test_folders_are_whole(key: str) -> None:
    kind, folder = discover()[key], FOLDERS / key
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert len(readme) > 300
    assert find_vendors(World())[key].hosts
    assert load(key).cases
    if not kind.streams:
        assert "stream" in readme.lower(), "no stream, and no word why"
    if kind.webhook is None:
        assert "webhook" in readme.lower(), "no webhook, and no word why"
    else:
        assert "events" in vars(kind), "webhooks are verified and not understood"


@pytest.mark.parametrize("key", KEYS)
def test_every_operation_of_the_catalogue_is_there(key: str, descriptions: Path) -> None:
    catalogue = yaml.safe_load((descriptions / "catalog" / f"{key}.yaml").read_text(encoding="utf-8"))
    kind = discover()[key]
    assert kind.name == catalogue["name"]
    assert kind.category == catalogue["category"]
    wrong = []
    for operation in catalogue["operations"]:
        tool = kind.tools.get(operation["name"])
        if tool is None or tool.is_hidden:
            wrong.append(f"{operation['name']} is missing")
            continue
        if tool.effect != operation["effect"]:
            wrong.append(f"{tool.id} is {tool.effect}, not {operation['effect']}")
        if {*operation.get("one_of", ())} - {*tool.one_of}:
            wrong.append(f"{tool.id} wants one of {operation['one_of']}")
        params = operation.get("params") or {}
        for name, param in params.items():
            wrong += [f"{tool.id}: {name}: {one}" for one in differences(dict(tool.properties), name, param)]
        needed = {name for name, param in params.items() if param.get("required")}
        if needed != {*tool.required} & {*params}:
            wrong.append(f"{tool.id} needs {sorted(tool.required)}, not {sorted(needed)}")
    assert not wrong, "\n".join(wrong)


def differences(properties: dict[str, Any], name: str, param: dict[str, Any]) -> list[str]:
    """How a parameter differs from the catalogue's."""
    there = properties.get(name)
    if there is None:
        return ["is missing"]
    said, kind = [], str(param.get("type", "string"))
    if kind.startswith("list["):
        if there.get("type") != "array":
            return [f"is {there.get('type')}, not a list"]
        there, kind = there["items"], kind[5:-1]
    wanted = TYPES[kind]
    formats = {wanted[1], "person", "id"} if wanted == ("string", "") else {wanted[1]}
    if there.get("type") != wanted[0] or there.get("format", "") not in formats:
        said.append(f"is {there.get('type')} {there.get('format', '')}, not {kind}")
    if "enum" in param and [*map(str, there.get("enum", ()))] != [*map(str, param["enum"])]:
        said.append(f"may be {there.get('enum')}, not {param['enum']}")
    is_length = kind == "duration"  # 1h and PT60M are one
    ours, theirs = properties[name].get("default"), param.get("default")
    if is_length and ours and theirs:
        ours, theirs = LENGTH.validate_python(ours), LENGTH.validate_python(theirs)
    if "default" in param and not kind.startswith("date") and ours != theirs:
        said.append(f"is {properties[name].get('default')!r} by default, not {param['default']!r}")
    return said


@pytest.mark.parametrize("key", KEYS)
def test_connectors_have_no_paging_retry_or_authorisation(key: str) -> None:
    for file in (FOLDERS / key).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            is_connector = file.name == "integration.py"
            allowed = set() if is_connector else {"asyncio"}  # a search may ask for several kinds at once
            assert not {*names} & (FORBIDDEN - allowed), f"{file.name}: {names}"
            if is_connector and isinstance(node, ast.While):
                pytest.fail(f"{file.name}:{node.lineno} loops until something ends")


def test_connectors_are_small() -> None:
    sizes = {key: len((FOLDERS / key / "integration.py").read_text(encoding="utf-8").splitlines()) for key in KEYS}
    assert statistics.median(sizes.values()) <= MEDIAN_LINES, sizes


def test_nothing_names_an_integration_outside_its_own_folders() -> None:
    keys, wrong = {*KEYS} - PLATFORMS, []
    for package in ("core", "tools", "governance", "agent", "memory", "bot", "prompts", "manifest"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if FOLDERS in file.parents:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
                if " " not in said and said.partition(".")[0] in keys:
                    wrong.append(f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {said}")
    assert not wrong, "\n".join(wrong)


def test_no_integration_imports_another() -> None:
    for key in KEYS:
        for file in (FOLDERS / key).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tools.integrations."):
                    other = (node.module or "").split(".")[2]
                    assert other in (key, key.partition("_")[0]), f"{file} imports {node.module}"


def test_every_folder_is_an_integration() -> None:
    folders = {folder.name for folder in FOLDERS.iterdir() if (folder / "__init__.py").exists()}
    assert folders == {*KEYS}
    for key in KEYS:
        assert import_module(f"tools.integrations.{key}").__doc__
