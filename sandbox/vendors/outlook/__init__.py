"""Outlook: mailboxes and calendars of everybody at the company."""

from __future__ import annotations

from sandbox.vendors.outlook.agenda import Agenda
from sandbox.vendors.outlook.mail import Mail


class Outlook(Mail, Agenda):
    """Microsoft 365's mail and calendar."""

    key = "outlook"
