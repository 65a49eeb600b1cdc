"""What the routes of OneDrive share: drives, items, who may see them, how they look, the seed."""

from __future__ import annotations

import base64
import io
import mimetypes
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote
from xml.sax.saxutils import escape

import yaml

from sandbox.company import Person
from sandbox.exchange import Call, Json
from sandbox.microsoft import Directory, refused, stamp

SCANS = 60
PARTS = {"docx": "word/document.xml", "pptx": "ppt/slides/slide1.xml"}
READ, WRITE = "Files.Read Files.Read.All Files.ReadWrite Files.ReadWrite.All", "Files.ReadWrite Files.ReadWrite.All"
MONTHS = 60


class Space(Directory):
    """The drives of one tenant."""

    denied: ClassVar[tuple[str, str]] = ("accessDenied", "Access denied. Required scopes: '{needed}'.")

    def seed(self) -> Json:
        """The drives of `seed.yaml`, and a folder of scans."""
        state: Json = {"items": {}, "sequence": 0, "log": []}
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        told["dana.whitlock"] += [f"Scans/scan-{number:03}.pdf | {MONTHS} | page" for number in range(1, SCANS + 1)]
        shares = told.pop("shares")
        for person in self.company.people:
            root = self.item_id(person.email, "")
            state["items"][root] = self._row(person.email, root, "", "root", True)
        for handle, lines in told.items():
            for line in lines:
                self._seeded(state, self.company.person(handle).email, line)
        for line in shares:
            where, who, role = (part.strip() for part in line.split("|"))
            handle, _, path = where.partition(": ")
            row = state["items"][self.item_id(self.company.person(handle).email, path)]
            address = who if "@" in who else f"{who}@{self.company.domain}"
            named = (
                {"link": {"type": role, "scope": "organization"}} if who == "link" else {"email": address, "role": role}
            )
            row["permissions"].append({"id": self.ident(30, "permission", line), "expires": None, **named})
        return state

    def _seeded(self, state: Json, email: str, line: str) -> None:
        path, days, text = (part.strip(" ") for part in line.split("|"))
        names = path.strip("/").split("/")
        above = self.item_id(email, "")
        for depth, name in enumerate(names):
            number = self.item_id(email, "/".join(names[: depth + 1]))
            is_folder = depth < len(names) - 1 or path.endswith("/")
            if number not in state["items"]:
                row = self._row(email, number, above, name, is_folder)
                row["changed"] = stamp(self.world.now - timedelta(days=float(days)))
                if not is_folder:
                    row["versions"] = [{"id": "1.0", "content": coded(content_of(name, text)), "at": row["changed"]}]
                state["items"][number] = row
            above = number

    def _row(self, email: str, number: str, parent: str, name: str, is_folder: bool) -> Json:
        now = stamp(self.world.now)
        return {
            "id": number, "drive": email, "parent": parent, "name": name, "folder": is_folder, "by": email,
            "created": now, "changed": now, "versions": [], "permissions": [], "deleted": False,
        }  # fmt: skip

    # ids

    def drive_id(self, email: str) -> str:
        """The id of somebody's drive."""
        return f"b!{self.ident(40, 'drive', email)}"

    def item_id(self, email: str, path: str) -> str:
        """The id of a seeded item."""
        return "01" + self.ident(32, "item", email, path.lower())

    # finding

    def drive_of(self, call: Call) -> str:
        """Whose drive the path names."""
        wanted = str(call.params["drive"])
        for person in self.company.people:
            if self.drive_id(person.email) == wanted:
                return person.email
        raise refused(404, "itemNotFound", "The resource could not be found.")

    def item(self, call: Call, *, is_write: bool = False) -> Json:
        """The item of the path that the caller may see, or change."""
        owner, wanted = self.drive_of(call), str(call.params["item"])
        row = self.state["items"].get(self.item_id(owner, "") if wanted == "root" else wanted)
        if row is None or row["drive"] != owner or row["deleted"]:
            raise refused(404, "itemNotFound", "The resource could not be found.")
        role = self.role(row, call.person)
        if not role:
            raise refused(404, "itemNotFound", "The resource could not be found.")
        if is_write and role == "read":
            raise refused(403, "accessDenied", "The caller does not have permission to perform the action.")
        return dict(row)

    def role(self, row: Json, person: Person) -> str:
        """What a person may do with an item, by it and the folders above; whoever has a link is not known."""
        best = "owner" if row["drive"] == person.email else ""
        here: Json | None = row
        while here is not None:
            for one in here["permissions"]:
                if one.get("email") == person.email:
                    best = one["role"] if best in ("", "read") else best
            here = self.state["items"].get(here["parent"])
        return best

    def children(self, number: str) -> list[Json]:
        """What lies in a folder."""
        found = [one for one in self.state["items"].values() if one["parent"] == number and not one["deleted"]]
        return sorted(found, key=lambda one: (not one["folder"], str(one["name"]).lower()))

    def child(self, number: str, name: str) -> Json | None:
        """Something in a folder by name."""
        return next((one for one in self.children(number) if one["name"].lower() == name.lower()), None)

    def names(self, row: Json) -> list[str]:
        """The names from the top down to an item's folder."""
        found: list[str] = []
        here = self.state["items"].get(row["parent"])
        while here is not None and here["parent"]:
            found.insert(0, str(here["name"]))
            here = self.state["items"].get(here["parent"])
        return found

    def is_gone(self, row: Json) -> bool:
        """Whether it, or a folder above it, was deleted."""
        here: Json | None = row
        while here is not None:
            if here["deleted"]:
                return True
            here = self.state["items"].get(here["parent"])
        return False

    # showing

    def shown(self, row: Json) -> Json:
        """An item on the wire."""
        owner = self.company.by_email[row["by"]]
        path = "/".join(quote(name) for name in self.names(row))
        drive = self.drive_id(row["drive"])
        above: Json = {"driveId": drive, "driveType": "business"}
        if row["parent"]:
            above |= {"id": row["parent"], "path": f"/drives/{drive}/root:{'/' if path else ''}{path}"}
        who = {"user": {"id": self.user_id(owner), "displayName": owner.name, "email": owner.email}}
        home = f"https://fernwick-my.sharepoint.com/personal/{row['drive'].replace('@', '_').replace('.', '_')}"
        found: Json = {
            "id": row["id"], "name": row["name"], "eTag": f'"{{{row["id"][:12]}}},{len(row["versions"])}"',
            "createdDateTime": row["created"], "lastModifiedDateTime": row["changed"], "createdBy": who,
            "lastModifiedBy": who, "parentReference": above,
            "webUrl": f"{home}/Documents/{path}{'/' if path else ''}{quote(row['name'])}",
        }  # fmt: skip
        if row["folder"]:
            found["folder"] = {"childCount": len(self.children(row["id"]))}
            found["size"] = 0
        else:
            kind = mimetypes.guess_type(row["name"])[0] or "application/octet-stream"
            found |= {"file": {"mimeType": kind}, "size": len(content(row))}
        return found | ({} if row["parent"] else {"root": {}})

    def touched(self, row: Json) -> None:
        """Tell delta queries and subscribers of a change."""
        self.state["items"][row["id"]] = row
        below = [row["id"]]
        for number in below:  # grows with what lies in a folder
            below += [one["id"] for one in self.state["items"].values() if one["parent"] == number]
        self.log(drive=row["drive"], items=below)
        self.notify("updated", f"users/{self.user_id(self.company.by_email[row['drive']])}/drive/root")


def content(row: Json) -> bytes:
    """What is in a file now."""
    return base64.b64decode(row["versions"][-1]["content"])


def coded(data: bytes) -> str:
    """Bytes as the state keeps them."""
    return base64.b64encode(data).decode()


def content_of(name: str, text: str) -> bytes:
    """A file with a text in it; Office's are zipped XML."""
    part = PARTS.get(name.rpartition(".")[2])
    text = text.replace("\\n", "\n")
    if part is None:
        return text.encode()
    tag = part[0]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        sentences = "".join(f"<{tag}:p><{tag}:r><{tag}:t>{escape(one)}</{tag}:t></{tag}:r></{tag}:p>" for one in [text])
        book.writestr(zipfile.ZipInfo(part), f"<{tag}:document>{sentences}</{tag}:document>")
    return made.getvalue()
