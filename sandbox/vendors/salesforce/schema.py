"""Which objects there are and which fields they have."""

from __future__ import annotations

from dataclasses import dataclass

STAGES = {
    "Prospecting": 10, "Qualification": 10, "Needs Analysis": 20, "Value Proposition": 50, "Id. Decision Makers": 60,
    "Perception Analysis": 70, "Proposal/Price Quote": 75, "Negotiation/Review": 90, "Closed Won": 100,
    "Closed Lost": 0,
}  # fmt: skip
PICKLISTS = {
    ("Opportunity", "StageName"): tuple(STAGES),
    ("Lead", "Status"): ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"),
    ("Lead", "LeadSource"): ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    ("Case", "Status"): ("New", "Working", "Escalated", "Closed"),
    ("Case", "Priority"): ("High", "Medium", "Low"),
    ("Task", "Status"): ("Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"),
    ("Task", "Priority"): ("High", "Normal", "Low"),
    ("Account", "Industry"): ("Banking", "Food & Beverage", "Hospitality", "Manufacturing", "Retail", "Wholesale"),
}  # fmt: skip
RESTRICTED = {("Lead", "Status"), ("Case", "Status"), ("Case", "Priority"), ("Task", "Status"), ("Task", "Priority")}
REQUIRED = {
    "Account": ("Name",), "Contact": ("LastName",), "Lead": ("LastName", "Company"), "Case": (), "Task": (),
    "Opportunity": ("Name", "StageName", "CloseDate"),
}  # fmt: skip
DEFAULTS = {
    "Lead": {"Status": "Open - Not Contacted"}, "Case": {"Status": "New", "Priority": "Medium", "Origin": "Web"},
    "Task": {"Status": "Not Started", "Priority": "Normal"},
}  # fmt: skip
PREFIXES = {"Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006", "Case": "500", "Task": "00T"}
RELATIONS = {
    "Owner": "OwnerId", "Account": "AccountId", "Contact": "ContactId", "Who": "WhoId", "What": "WhatId",
    "CreatedBy": "CreatedById", "LastModifiedBy": "LastModifiedById",
}  # fmt: skip
CHILDREN = {
    ("Account", "Contacts"): ("Contact", "AccountId"), ("Account", "Opportunities"): ("Opportunity", "AccountId"),
    ("Account", "Cases"): ("Case", "AccountId"), ("Account", "Tasks"): ("Task", "WhatId"),
    ("Contact", "Tasks"): ("Task", "WhoId"), ("Opportunity", "Tasks"): ("Task", "WhatId"),
}  # fmt: skip

# name, label, type; "!" after the type: set by the system
_SYSTEM = """Id|Record ID|id! IsDeleted|Deleted|boolean! CreatedDate|Created Date|datetime!
CreatedById|Created By ID|reference! LastModifiedDate|Last Modified Date|datetime!
LastModifiedById|Last Modified By ID|reference! SystemModstamp|System Modstamp|datetime!"""
_FIELDS = {
    "Account": """Name|Account Name|string Website|Website|url Industry|Industry|picklist Phone|Account Phone|phone
OwnerId|Owner ID|reference Description|Account Description|textarea NumberOfEmployees|Employees|int
BillingCity|Billing City|string BillingCountry|Billing Country|string AnnualRevenue|Annual Revenue|currency""",
    "Contact": """Name|Full Name|string! FirstName|First Name|string LastName|Last Name|string Email|Email|email
Phone|Business Phone|phone MobilePhone|Mobile Phone|phone Title|Title|string AccountId|Account ID|reference
OwnerId|Owner ID|reference Description|Contact Description|textarea Department|Department|string
DoNotCall|Do Not Call|boolean""",
    "Lead": """Name|Full Name|string! FirstName|First Name|string LastName|Last Name|string Company|Company|string
Email|Email|email Phone|Phone|phone Title|Title|string Status|Status|picklist LeadSource|Lead Source|picklist
OwnerId|Owner ID|reference Description|Description|textarea Industry|Industry|picklist City|City|string
IsConverted|Converted|boolean!""",
    "Opportunity": """Name|Name|string StageName|Stage|picklist Amount|Amount|currency CloseDate|Close Date|date
NextStep|Next Step|string Probability|Probability (%)|percent IsClosed|Closed|boolean! IsWon|Won|boolean!
AccountId|Account ID|reference OwnerId|Owner ID|reference Description|Description|textarea""",
    "Case": """CaseNumber|Case Number|string! Subject|Subject|string Description|Description|textarea
Status|Status|picklist Priority|Priority|picklist Origin|Case Origin|string AccountId|Account ID|reference
ContactId|Contact ID|reference OwnerId|Owner ID|reference IsClosed|Closed|boolean! ClosedDate|Closed Date|datetime!""",
    "Task": """Subject|Subject|string Description|Comments|textarea Status|Status|picklist
Priority|Priority|picklist ActivityDate|Due Date Only|date WhoId|Name ID|reference WhatId|Related To ID|reference
AccountId|Account ID|reference! OwnerId|Assigned To ID|reference IsClosed|Closed|boolean!""",
    "User": """Name|Full Name|string! FirstName|First Name|string! LastName|Last Name|string! Email|Email|email!
Title|Title|string! Phone|Phone|phone! TimeZoneSidKey|Time Zone|string! IsActive|Active|boolean!
Username|Username|string! Alias|Alias|string!""",
}


@dataclass(frozen=True)
class Column:
    """One field; the system sets those that are not `is_writable`."""

    name: str
    label: str
    type: str
    is_writable: bool


def _columns(text: str) -> dict[str, Column]:
    found = {}
    rest = text.replace("\n", " ")
    while rest.strip():
        name, label, rest = rest.split("|", 2)
        kind, _, rest = rest.partition(" ")
        found[name.strip()] = Column(name.strip(), label, kind.rstrip("!"), not kind.endswith("!"))
    return found


SCHEMA = {kind: _columns(f"{_SYSTEM} {text}") for kind, text in _FIELDS.items()}
