"""Google Drive's API, version 3."""

from sandbox.vendors.google_drive.change import Changes
from sandbox.vendors.google_drive.file import Files
from sandbox.vendors.google_drive.sharing import Sharing


class GoogleDrive(Files, Sharing, Changes):
    """The files of the company."""

    key = "google_drive"
