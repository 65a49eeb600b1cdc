"""The command `atom`, as a process and as a person would type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ATOM = str(Path(sys.executable).with_name("atom"))


def atom(*words: str, folder: Path, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `atom` in an empty folder with only these settings."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "ATOM_HOME": str(folder / ".atom"), **variables}
    return subprocess.run(
        [ATOM, *words], input=text, capture_output=True, text=True, cwd=folder, env=environment, timeout=90, check=False
    )


def test_tools_lists_everything_with_its_proof_and_undo(tmp_path: Path) -> None:
    listed = json.loads(atom("tools", "--json", folder=tmp_path).stdout)
    assert len({tool["name"] for tool in listed}) == len(listed) >= 370
    for tool in listed:
        assert set(tool) >= {"name", "effect", "parameters", "integration", "proof", "undo"}
        assert tool["description"].endswith(".")
        if tool["effect"] != "read":
            assert tool["proof"], tool["name"]
            assert tool["undo"], tool["name"]


def test_settings_are_all_explained(tmp_path: Path) -> None:
    said = atom("settings", folder=tmp_path).stdout
    assert "ATOM_DATABASE_URL\n    SQLAlchemy address" in said
    assert "OPENAI_API_KEY" in said


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"ATOM_DATABSE_URL": "x"}, "Did you mean ATOM_DATABASE_URL?"),
        ({"ATOM_PORT": "70000"}, "ATOM_PORT"),
        ({"ATOM_WORKSPACES": "{"}, "ATOM_WORKSPACES"),
        ({"ATOM_LOG_LEVEL": "loud"}, "ATOM_LOG_LEVEL"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, variables: dict[str, str], word: str) -> None:
    ended = atom("serve", folder=tmp_path, **variables)
    assert ended.returncode == 2
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_serve_says_what_is_missing(tmp_path: Path) -> None:
    ended = atom("serve", folder=tmp_path)
    assert ended.returncode == 2
    assert "Neither Slack nor Teams is set up." in ended.stderr


def test_webhooks_are_added_listed_and_removed(tmp_path: Path) -> None:
    made = atom("hook", "add", "slack:T1", "jira", folder=tmp_path, ATOM_PUBLIC_URL="https://atom.example").stdout
    address, secret = made.splitlines()
    assert address.startswith("https://atom.example/hooks/")
    assert secret.startswith("secret: ")
    hook = address.rpartition("/")[2]
    assert hook in atom("hook", "list", "slack:T1", folder=tmp_path).stdout
    assert atom("hook", "list", "slack:T2", folder=tmp_path).stdout == ""
    assert atom("hook", "remove", "slack:T1", hook, folder=tmp_path).returncode == 0
    assert atom("hook", "list", "slack:T1", folder=tmp_path).stdout == ""
    ended = atom("hook", "add", "slack:T1", "salesforce", folder=tmp_path)
    assert (ended.returncode, "no webhooks" in ended.stderr) == (2, True)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ('{"notes": {"command": "x", "url": "https://y.example"}}', "a command or a url"),
        ('{"notes": {"adress": "https://y.example"}}', "ATOM_MCP"),
    ],
)
def test_a_wrong_mcp_server_is_named(tmp_path: Path, given: str, word: str) -> None:
    ended = atom("mcp", "--demo", folder=tmp_path, ATOM_MCP=given)
    assert ended.returncode == 2
    assert word in ended.stderr
    assert "Traceback" not in ended.stderr


def test_mcp_wants_to_know_whose_tools_are_served(tmp_path: Path) -> None:
    ended = atom("mcp", folder=tmp_path)
    assert (ended.returncode, "--tenant" in ended.stderr) == (2, True)


def test_manifests(tmp_path: Path) -> None:
    slack = json.loads(atom("manifest", "slack", "https://atom.example.org", folder=tmp_path).stdout)
    assert slack["settings"]["event_subscriptions"]["request_url"].startswith("https://atom.example.org/")
    socket = json.loads(atom("manifest", "slack", folder=tmp_path).stdout)
    assert socket["settings"]["socket_mode_enabled"] is True
    app_id = "12345678-1234-1234-1234-123456789abc"
    made = atom("manifest", "teams", "https://atom.example.org", "--app-id", app_id, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "atom-teams.zip").read_bytes().startswith(b"PK")


def test_interpret_prints_a_plan_a_line_and_names_a_bad_line(tmp_path: Path) -> None:
    good = tmp_path / "good.jsonl"
    good.write_text('{"id": "a", "utterance": "show my open jira issues"}\n{"id": "b", "utterance": "🎉"}\n')
    lines = [json.loads(line) for line in atom("interpret", str(good), folder=tmp_path).stdout.splitlines()]
    assert [line["id"] for line in lines] == ["a", "b"]
    assert all(set(line) >= {"outcome", "calls", "confidence", "ms", "answered_by"} for line in lines)
    assert lines[0]["calls"][0]["tool"] == "jira.search_issues"
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a", "utterance": "x"}\n{"id": "b"}\n')
    ended = atom("interpret", str(bad), folder=tmp_path)
    assert ended.returncode == 2
    assert "line 2" in ended.stderr


def test_interpret_takes_any_tools(tmp_path: Path) -> None:
    catalogue = tmp_path / "tools.json"
    catalogue.write_text(
        json.dumps(
            [
                {
                    "name": "set_thermostat",
                    "description": "Set the temperature of a room.",
                    "parameters": {
                        "type": "object",
                        "properties": {
                            "room": {"type": "string", "description": "name of the room"},
                            "degrees": {"type": "number", "description": "temperature in degrees"},
                        },
                        "required": ["room", "degrees"],
                    },
                },
                {
                    "name": "play_music",
                    "description": "Play a song.",
                    "parameters": {"type": "object", "properties": {}},
                },
            ]
        )
    )
    asked = tmp_path / "asked.jsonl"
    asked.write_text(
        '{"id": "a", "utterance": "set the thermostat: room kitchen, degrees 21"}\n'
        '{"id": "b", "utterance": "set the temperature in the kitchen to 21 degrees"}\n'
        '{"id": "c", "utterance": "open a bug in PAY: cart is empty"}\n'
    )
    ended = atom("interpret", str(asked), "--tools", str(catalogue), folder=tmp_path)
    plain, loose, foreign = (json.loads(line) for line in ended.stdout.splitlines())
    assert plain["calls"] == [{"tool": "set_thermostat", "args": {"room": "kitchen", "degrees": 21}}]
    assert [call["tool"] for call in loose["calls"]] == ["set_thermostat"]
    assert all(call["tool"] in ("set_thermostat", "play_music") for call in foreign["calls"])


def test_the_whole_path_from_a_pipe(tmp_path: Path) -> None:
    wish = "create a bug in PAY: checkout times out on iOS, assign it to Priya, and tell #eng-oncall"
    ended = atom("chat", "--demo", folder=tmp_path, text=f"{wish}\nyes\nundo that\nyes\n")
    said = ended.stdout
    assert ended.returncode == 0, ended.stderr
    assert "Assignee: Priya Raman" in said
    assert "#eng-oncall" in said
    assert said.count("✅") == 4
    assert "/browse/PAY-" in said
    state = json.loads((tmp_path / ".atom" / "demo" / "sandbox.json").read_text())
    assert "checkout times out on ios" not in json.dumps(state).lower()
