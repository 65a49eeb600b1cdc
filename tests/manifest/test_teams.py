"""The Teams app package: what Teams demands of it, and what the adapter needs."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib

import pytest

from bot.adapters.teams import PATH
from core.errors import ConfigInvalid
from manifest.teams import MESSAGES_PATH, color_icon, outline_icon, teams_manifest, teams_package

APP_ID = "11111111-2222-3333-4444-55555555555A"
ADDRESS = "https://atom.example.com"


@pytest.mark.behaviour("scopes")
def test_the_bot_works_alone_in_teams_and_in_group_chats() -> None:
    manifest = teams_manifest(APP_ID, ADDRESS)
    [bot] = manifest["bots"]
    assert bot["botId"] == manifest["id"] == APP_ID.lower()
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    assert not bot["isNotificationOnly"]
    assert manifest["validDomains"] == ["atom.example.com"]
    assert manifest["$schema"].endswith(f"/v{manifest['manifestVersion']}/MicrosoftTeams.schema.json")
    assert "authorization" not in manifest


def test_lengths_are_what_teams_takes() -> None:
    manifest = teams_manifest(APP_ID, ADDRESS)
    assert len(manifest["name"]["short"]) <= 30
    assert len(manifest["name"]["full"]) <= 100
    assert len(manifest["description"]["short"]) <= 80
    assert len(manifest["description"]["full"]) <= 4000
    assert len(manifest["developer"]["name"]) <= 32
    for command in manifest["bots"][0]["commandLists"][0]["commands"]:
        assert len(command["title"]) <= 32
        assert len(command["description"]) <= 128


def test_hearing_all_asks_for_consent() -> None:
    manifest = teams_manifest(APP_ID, ADDRESS, hears_all=True)
    permissions = manifest["authorization"]["permissions"]["resourceSpecific"]
    assert {"name": "ChannelMessage.Read.Group", "type": "Application"} in permissions
    assert manifest["webApplicationInfo"]["id"] == APP_ID.lower()


def test_the_adapter_listens_where_the_manifest_says() -> None:
    assert MESSAGES_PATH == PATH


@pytest.mark.parametrize("address", ["http://atom.example.com", "atom.example.com", "https://", "https://localhost"])
def test_the_address_must_be_public(address: str) -> None:
    with pytest.raises(ConfigInvalid):
        teams_manifest(APP_ID, address)


@pytest.mark.parametrize("app_id", ["", "atom", "1111-2222"])
def test_the_app_id_must_be_one(app_id: str) -> None:
    with pytest.raises(ConfigInvalid):
        teams_manifest(app_id, ADDRESS)


def test_the_package_holds_manifest_and_icons() -> None:
    content = teams_package(APP_ID, ADDRESS)
    assert content == teams_package(APP_ID, ADDRESS)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert sorted(package.namelist()) == ["color.png", "manifest.json", "outline.png"]
        manifest = json.loads(package.read("manifest.json"))
        assert manifest == teams_manifest(APP_ID, ADDRESS)
        assert set(manifest["icons"].values()) < set(package.namelist())


@pytest.mark.parametrize(("icon", "side"), [(color_icon(), 192), (outline_icon(), 32)])
def test_icons_are_png_of_the_size_teams_wants(icon: bytes, side: int) -> None:
    rows = _decode(icon, side)
    pixels = {row[i : i + 4] for row in rows for i in range(0, len(row), 4)}
    if side == 32:
        assert {pixel[:3] for pixel in pixels} == {b"\xff\xff\xff"}
        assert {0, 255} <= {pixel[3] for pixel in pixels}
    else:
        assert {pixel[3] for pixel in pixels} == {255}
        assert b"\xff\xff\xff\xff" in pixels


def _decode(png: bytes, side: int) -> list[bytes]:
    """The rows of an RGBA image without filters, its check sums verified."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (side, side, 8, 6, 0, 0, 0)
    raw = zlib.decompress(chunks[b"IDAT"])
    stride = side * 4 + 1
    assert len(raw) == side * stride
    return [raw[i + 1 : i + stride] for i in range(0, len(raw), stride)]


def test_the_menu_of_every_message_opens_the_dialog_that_the_adapter_answers() -> None:
    manifest = teams_manifest(APP_ID, "https://atom.example.org")
    [extension] = manifest["composeExtensions"]
    [command] = extension["commands"]
    assert extension["botId"] == APP_ID.lower()
    assert (command["type"], command["context"], command["fetchTask"]) == ("action", ["message"], True)
    assert len(command["title"]) <= 32
    assert len(command["description"]) <= 128
