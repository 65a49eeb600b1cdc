"""Systems that are known by name and not connected here: a request to one of them is declined and not sent elsewhere."""

from __future__ import annotations

import re

from agent.local.text import Sentence

_NAMES = (
    "servicenow|okta|sap|airtable|facebook|instagram|linkedin|twitter|tiktok|youtube|pinterest|snapchat|reddit|confluence|bitbucket|"
    "azure devops|jenkins|circleci|sentry|grafana|datadog|new relic|splunk|pagerduty|opsgenie|statuspage|kubernetes|terraform|snowflake|"
    "bigquery|redshift|looker|power ?bi|metabase|amplitude|mixpanel|hotjar|workday|bamboohr|personio|gusto|rippling|"
    "deel|adp|expensify|coupa|ariba|netsuite|sage|datev|freshbooks|paypal|adyen|klarna|braintree|magento|woocommerce|"
    "bigcommerce|etsy|ebay|amazon|wordpress|squarespace|wix|webflow|contentful|pipedrive|zoho|dynamics|close\\.com|marketo|pardot|"
    "eloqua|klaviyo|sendgrid|brevo|activecampaign|constant contact|surveymonkey|typeform|google forms|calendly|doodle|webex|skype|signal messenger|"
    "wechat|viber|google meet|gotomeeting|ringcentral|aircall|twilio|clickup|basecamp|wrike|smartsheet|todoist|microsoft planner|ms planner|"
    "microsoft to ?do|evernote|onenote|miro|mural|lucidchart|canva|photoshop|illustrator|invision|docusign|hellosign|adobe sign|"
    "pandadoc|egnyte|icloud|wetransfer|lastpass|1password|bitwarden|jamf|intune|active directory|auth0|crowdstrike|zapier|make\\.com|ifttt|"
    "alexa|siri|spotify|uber|doordash|expedia|navan|kayak|egencia|servicetitan|chatgpt|copilot"
)
_NAMED = re.compile(
    rf"(?:\b(?:in|on|to|from|via|with|using|into|at|of|through|our|the|my|open|check|ask)\s+(?:the\s+|our\s+)?({_NAMES})\b)|^\W*({_NAMES})\s*[:,–-]",
    re.I,
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|«[^»]*»|`[^`]*`")


def named(sentence: Sentence) -> str:
    """The name of such a system that a sentence asks for, "" where it names none."""
    raw = _QUOTED.sub(lambda match: " " * len(match[0]), sentence.raw)
    found = _NAMED.search(raw)
    return (found[1] or found[2]) if found else ""
