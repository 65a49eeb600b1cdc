"""Google Analytics' Data and Admin APIs, version 1 beta."""

from sandbox.vendors.google_analytics.admin import Admin
from sandbox.vendors.google_analytics.report import Reports


class GoogleAnalytics(Reports, Admin):
    """What the company measures."""

    key = "google_analytics"
