"""A file that a person gives in a message: an attachment, which arrives as a `data:` address, or a text to be one."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes

from core.errors import InvalidArgument

_FEWEST_WORDS = 4  # fewer only point at a file: “this scan”, “the attached minutes”


@dataclass(frozen=True)
class Attachment:
    """A file's name ("" where none was given), content and MIME type."""

    name: str
    content: bytes
    mime_type: str


def attachment(given: str, name: str = "") -> Attachment:
    """The file that `given` is: `data:text/csv;name=a.csv;base64,…`, or the text of one that is to be called `name`.

    Raises:
        InvalidArgument: it only speaks of a file, and none came with it.
    """
    if given.startswith("data:"):
        head, _, body = given.removeprefix("data:").partition(",")
        mime, *rest = head.split(";")
        told = dict(part.partition("=")[::2] for part in rest)
        try:
            content = base64.b64decode(body, validate=True) if "base64" in told else unquote_to_bytes(body)
        except binascii.Error as error:
            raise InvalidArgument("The attached file arrived broken.", parameter="file") from error
        return Attachment(name or unquote(told.get("name", "")), content, mime or "application/octet-stream")
    words = given.split()
    if "." not in name or len(words) < _FEWEST_WORDS or "attach" in given.lower():
        raise InvalidArgument("No file came with the message.", parameter="file", next_step="Attach it and ask again.")
    return Attachment(name, given.encode(), mimetypes.guess_type(name)[0] or "text/plain")
