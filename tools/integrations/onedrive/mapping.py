"""Graph's JSON of drives to records and back; no key of Graph's passes these functions."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from core.records import Document, Party, Person, Ref
from tools.kit.microsoft import moment

KEY = "onedrive"
ROOT = "root"
Item = Mapping[str, Any]

_ID = re.compile(r"[0-9A-Z!]{16,}")
_PATH = re.compile(r"drives/[^/]+/items/[^/]+")
_TOPS = {"", "root", "/", "top", "home", "my files", "onedrive", "my onedrive", "one drive", "my one drive"}


def to_document(item: Item) -> Document:
    """A file or folder; its id is its path in Graph, for it may lie in another's drive."""
    above = item.get("parentReference") or {}
    path = path_of(item)
    drive = path.split("/")[1]
    kind = "folder" if is_folder(item) else "file"
    return Document(
        ref=Ref(integration=KEY, kind=kind, id=path, url=str(item.get("webUrl") or "")),
        title=str(item.get("name") or ""),
        mime_type="folder" if kind == "folder" else str((item.get("file") or {}).get("mimeType") or ""),
        owner=_party((item.get("createdBy") or {}).get("user")),
        size=item.get("size"),
        folder=Party(id=f"drives/{drive}/items/{above['id']}", name=place(item)) if above.get("id") else None,
        modified_at=moment(item.get("lastModifiedDateTime")),
    )


def to_shared(item: Item, permissions: Iterable[Item]) -> Document:
    """A file or folder with everybody who was let in, and as what."""
    access = {address: role for row in permissions for address, role in let_in(row).items()}
    return to_document(item).model_copy(update={"shared_with": access})


def to_link(row: Item, item: Document) -> Document:
    """A link to a file or folder; its id holds the item's."""
    told = row.get("link") or {}
    return Document(
        ref=Ref(
            integration=KEY, kind="link", id=f"{item.ref.id}/permissions/{row['id']}", url=str(told.get("webUrl") or "")
        ),
        title=item.title,
        link=str(told.get("webUrl") or ""),
        access=f"{told.get('scope')}, {told.get('type')}",
        expires_at=moment(row.get("expirationDateTime")),
    )


def to_access(row: Item, item: str) -> list[Person]:
    """Who a permission lets in: the people in it, or whoever has the link."""
    told = row.get("link") or {}
    ref = Ref(
        integration=KEY, kind="permission", id=f"{item}/permissions/{row['id']}", url=str(told.get("webUrl") or "")
    )
    source = str((row.get("inheritedFrom") or {}).get("name") or "")
    more = {"role": role_of(row), "source": f"from {source}" if source else "link" if told else "", "ref": ref}
    people = [
        Person(title=str(user.get("displayName") or address), email=address, **more)
        for address, user in _users(row).items()
    ]
    if told and told.get("scope") != "users":
        who = "Anyone" if told.get("scope") == "anonymous" else "Everybody in the organization"
        people.append(Person(title=f"{who} with the link", status=str(told.get("type") or ""), **more))
    return people


def let_in(row: Item) -> dict[str, str]:
    """The addresses that a permission of its own lets in, with their role; links and what is inherited are left out."""
    if row.get("link") or row.get("inheritedFrom"):
        return {}
    return dict.fromkeys(_users(row), role_of(row))


def role_of(row: Item) -> str:
    """The strongest role of a permission."""
    roles = {str(one) for one in row.get("roles") or ()}
    return next((one for one in ("owner", "write", "read") if one in roles), next(iter(roles), ""))


def path_of(item: Item) -> str:
    """Where Graph has an item; one shared from elsewhere is where it really lies."""
    there = item.get("remoteItem") or item
    drive = (there.get("parentReference") or {}).get("driveId")
    return f"drives/{drive}/items/{there['id']}"


def is_folder(item: Item) -> bool:
    """Whether other items lie in it."""
    return "folder" in item or "folder" in (item.get("remoteItem") or {})


def place(item: Item) -> str:
    """The names of the folders above, from the top."""
    return unquote(str((item.get("parentReference") or {}).get("path") or "").partition("root:")[2].strip("/"))


def top(drive: str) -> str:
    """The path of a drive's top folder."""
    return f"drives/{drive}/items/root"


def below(folder: str, *names: str) -> str:
    """The address of something by its names below a folder."""
    return f"{folder}:/" + "/".join(quote(name, safe="") for name in names)


def own_path(text: str, drive: str) -> str:
    """The path that a text is, or the id of an item of one's own drive; "" for words."""
    text = text.strip()
    if _PATH.fullmatch(text):
        return text
    return f"drives/{drive}/items/{text}" if _ID.fullmatch(text) and any(map(str.isdigit, text)) else ""


def share_of(link: str) -> str:
    """The address of whatever a link of OneDrive or SharePoint shows."""
    coded = base64.urlsafe_b64encode(link.strip().encode()).decode().rstrip("=")
    return f"/shares/u!{coded}/driveItem"


def is_top(text: str) -> bool:
    """Whether these words mean the folder that holds all others."""
    return text.strip().lower().removeprefix("the ").removesuffix(" folder") in _TOPS


def steps(text: str) -> list[str]:
    """The names in a path, however people part them."""
    return [name.strip() for name in re.split(r"[/>\\]", text) if name.strip()]


def fits(item: Item, wanted: Sequence[str]) -> bool:
    """Whether an item is called so, and lies below folders of these names; its extension may be left out."""
    whole = [*steps(place(item)), str(item.get("name") or "")]
    folded, asked = [one.casefold() for one in whole], [one.casefold() for one in wanted]
    own = folded[-1]
    if asked[-1] not in (own, own.rpartition(".")[0]):
        return False
    return len(asked) == 1 or folded[-len(asked) : -1] == asked[:-1]


def given(**values: Any) -> dict[str, Any]:
    """What was given at all."""
    return {name: value for name, value in values.items() if value is not None}


def _users(row: Item) -> dict[str, Item]:
    """The people of a permission by address; whoever has not accepted yet is only an address."""
    rows = [row.get("grantedToV2") or row.get("grantedTo"), *(row.get("grantedToIdentitiesV2") or ())]
    found: dict[str, Item] = {}
    for one in rows:
        user = (one or {}).get("user") or (one or {}).get("siteUser") or {}
        address = str(user.get("email") or user.get("loginName") or "").rpartition("|")[2].lower()
        if address:
            found[address] = user
    invited = str((row.get("invitation") or {}).get("email") or "").lower()
    return found or ({invited: {"displayName": invited}} if invited else {})


def _party(user: Item | None) -> Party | None:
    if not user:
        return None
    return Party(id=str(user.get("email") or user.get("id") or ""), name=str(user.get("displayName") or ""))
