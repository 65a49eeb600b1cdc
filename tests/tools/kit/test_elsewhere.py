"""Files: fetched from where a vendor keeps them, given in a message, and read as text."""

from __future__ import annotations

import io
import zipfile

import httpx
import pytest

from core.errors import InvalidArgument, VendorUnavailable
from tests.tools.kit.acme import wire
from tools.kit.attachment import attachment
from tools.kit.office import plain_text


def moved(address: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": address})


async def test_a_file_is_fetched_from_elsewhere_without_our_token() -> None:
    vendor = wire(moved("https://files.example/key"), httpx.Response(200, content=b"\x00file"))
    answer = await vendor.http().send("GET", "/files/1", is_raw=True)
    assert answer.content == b"\x00file"
    _, sent = vendor.sent
    assert str(sent.url) == "https://files.example/key"
    assert "authorization" not in sent.headers


async def test_a_file_is_not_fetched_in_the_clear_from_another_host() -> None:
    vendor = wire(moved("http://169.254.169.254/latest"))
    with pytest.raises(VendorUnavailable, match="another site"):
        await vendor.http().send("GET", "/files/1", is_raw=True)
    assert all("169.254" not in str(sent.url) for sent in vendor.sent)


async def test_only_files_are_looked_for_elsewhere() -> None:
    vendor = wire(moved("https://files.example/key"))
    with pytest.raises(VendorUnavailable, match="pointed elsewhere"):
        await vendor.http().get("/files/1")


def test_an_attachment_keeps_its_name_and_type() -> None:
    given = attachment("data:text/csv;name=a%20b.csv;base64,MSwy")
    assert (given.name, given.content, given.mime_type) == ("a b.csv", b"1,2", "text/csv")
    assert attachment("data:,one%20two", "n.txt").content == b"one two"
    with pytest.raises(InvalidArgument, match="broken"):
        attachment("data:text/csv;base64,***")


def test_office_files_are_read_and_others_are_not() -> None:
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as parts:
        parts.writestr("word/document.xml", "<w:p><w:t>Tom &amp; Ann</w:t></w:p><w:p><w:t>two</w:t></w:p>")
    assert plain_text(book.getvalue()) == "Tom & Ann\ntwo"
    assert plain_text("Größe".encode()) == "Größe"
    for other in (b"%PDF-1.4", b"\x00\x01", b"PK\x03\x04 broken", b"\xff\xfe\xfa"):
        assert plain_text(other) is None
