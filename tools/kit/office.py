"""The plain text of a file's content: of what is text, and of Office's zipped XML. Other kinds give None."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape

MOST = 20_000_000  # bytes of XML that are looked at
_PARTS = re.compile(r"word/document\.xml|ppt/slides/slide\d+\.xml|xl/sharedStrings\.xml")
_BREAKS = re.compile(r"</(?:w:p|a:p|si)>|<w:(?:br|tab)\s*/>")
_TAGS = re.compile(r"<[^>]*>")


def plain_text(content: bytes) -> str | None:
    """The text, or None where there is none to be had."""
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if b"\x00" in content[:2000] or content.startswith(b"%PDF"):
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = [one for one in book.infolist() if _PARTS.fullmatch(one.filename)]
            if not parts or sum(one.file_size for one in parts) > MOST:
                return None
            parts.sort(key=lambda one: (len(one.filename), one.filename))
            pages = [book.read(one).decode("utf-8", errors="replace") for one in parts]
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return None
    text = "\n\n".join(unescape(_TAGS.sub("", _BREAKS.sub("\n", page))) for page in pages)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
