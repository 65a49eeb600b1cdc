"""The Teams app: its manifest for one bot and address, and the package that an administrator uploads."""

from __future__ import annotations

import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from core.errors import ConfigInvalid

VERSION = "1.19"
MESSAGES_PATH = "/api/messages"
"""What the Azure bot's messaging endpoint ends in."""

_SCOPES = ["personal", "team", "groupChat"]
_ACCENT = "#2B4ACB"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MANIFEST_DATE = (2020, 1, 1, 0, 0, 0)
_COMMANDS = [
    ("What can you do", "What I can do, and in which systems"),
    ("What is waiting for me", "Plans that wait for your approval"),
    ("Connect", "Connect one of your systems"),
    ("Home", "Your connections, approvals and settings"),
]
_HEARS_ALL = ("ChannelMessage.Read.Group", "ChatMessage.Read.Chat")

Pixel = tuple[int, int, int, int]


def teams_manifest(app_id: str, address: str, *, hears_all: bool = False) -> dict[str, Any]:
    """The manifest for the bot `app_id` at the public https `address`.

    `hears_all` asks each team and chat for consent to read messages that do not mention the bot, which lets
    it follow a thread without being named each time.
    """
    host = _host(address)
    if not _UUID.fullmatch(app_id):
        raise ConfigInvalid(f"“{app_id}” is no Teams app id.", next_step="It looks like 8-4-4-4-12 hex digits.")
    root = f"https://{host}"
    manifest: dict[str, Any] = {
        "$schema": f"https://developer.microsoft.com/en-us/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json",
        "manifestVersion": VERSION,
        "version": "1.0.0",
        "id": app_id.lower(),
        "developer": {
            "name": "ATOM",
            "websiteUrl": root,
            "privacyUrl": f"{root}/privacy",
            "termsOfUseUrl": f"{root}/terms",
        },
        "name": {"short": "ATOM", "full": "ATOM work assistant"},
        "description": {
            "short": "Does the work in your company's systems and proves it.",
            "full": "Say in your own words what should be done. ATOM shows what it is about to do, does it "
            "with your own permissions once you approve, and answers with a receipt read back from the system.",
        },
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": _ACCENT,
        "bots": [
            {
                "botId": app_id.lower(),
                "scopes": _SCOPES,
                "isNotificationOnly": False,
                "supportsFiles": False,
                "commandLists": [
                    {"scopes": _SCOPES, "commands": [{"title": t, "description": d} for t, d in _COMMANDS]}
                ],
            }
        ],
        "composeExtensions": [
            {
                "botId": app_id.lower(),
                "commands": [
                    {
                        "id": "ask",
                        "type": "action",
                        "title": "Ask ATOM about this",
                        "description": "Have something done with this message",
                        "context": ["message"],
                        "fetchTask": True,
                    }
                ],
            }
        ],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [host],
    }
    if hears_all:
        manifest["webApplicationInfo"] = {"id": app_id.lower(), "resource": f"api://{host}/{app_id.lower()}"}
        consents = [{"name": name, "type": "Application"} for name in _HEARS_ALL]
        manifest["authorization"] = {"permissions": {"resourceSpecific": consents}}
    return manifest


def teams_package(app_id: str, address: str, *, hears_all: bool = False) -> bytes:
    """The zip to upload to Teams: manifest and icons; the same bytes for the same arguments."""
    manifest = json.dumps(teams_manifest(app_id, address, hears_all=hears_all), indent=2)
    files = {"manifest.json": manifest.encode(), "color.png": color_icon(), "outline.png": outline_icon()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _MANIFEST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return buffer.getvalue()


def color_icon() -> bytes:
    """192 by 192 pixels: the white atom on the accent colour."""
    red, green, blue = (int(_ACCENT[i : i + 2], 16) for i in (1, 3, 5))

    def pixel(ink: float) -> Pixel:
        return (*(round(base + (255 - base) * ink) for base in (red, green, blue)), 255)  # type: ignore[return-value]

    return _png(192, lambda x, y: pixel(_ink(x, y, 0.66)))


def outline_icon() -> bytes:
    """32 by 32 pixels: the white atom on nothing."""
    return _png(32, lambda x, y: (255, 255, 255, round(255 * _ink(x, y, 0.92))))


def _ink(x: float, y: float, scale: float) -> float:
    """How much of the atom covers a point of the square from -1 to 1: a core and three orbits."""
    x, y = x / scale, y / scale
    thickness = 0.055
    ink = _edge(0.17 - math.hypot(x, y))
    for turn in (0.0, math.pi / 3, 2 * math.pi / 3):
        along = x * math.cos(turn) + y * math.sin(turn)
        across = y * math.cos(turn) - x * math.sin(turn)
        radius = math.hypot(along / 0.94, across / 0.36)
        slope = math.hypot(along / 0.94**2, across / 0.36**2) / max(radius, 1e-6)
        ink = max(ink, _edge(thickness - abs(radius - 1) / max(slope, 1e-6)))
    return ink


def _edge(distance: float) -> float:
    return min(max(distance / 0.03 + 0.5, 0.0), 1.0)


def _png(side: int, pixel: Callable[[float, float], Pixel]) -> bytes:
    """A square RGBA image; `pixel` gives the colour at a point of the square from -1 to 1."""
    points = [(2 * i + 1) / side - 1 for i in range(side)]
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in points) for y in points)
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _host(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.hostname or "." not in parts.hostname:
        raise ConfigInvalid(
            f"“{address}” is no public address for Teams.",
            next_step="It must start with https:// and a domain.",
        )
    return parts.hostname
