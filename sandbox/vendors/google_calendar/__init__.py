"""Google Calendar's API, version 3."""

from sandbox.vendors.google_calendar.busy import Busy
from sandbox.vendors.google_calendar.change import Changes
from sandbox.vendors.google_calendar.directory import Directory
from sandbox.vendors.google_calendar.event import Events
from sandbox.vendors.google_calendar.watch import Watches


class GoogleCalendar(Directory, Events, Changes, Busy, Watches):
    """The calendars of the company."""

    key = "google_calendar"
