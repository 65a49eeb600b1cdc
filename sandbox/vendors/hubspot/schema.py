"""The properties, pipelines and kinds of association of the portal."""

from __future__ import annotations

LIFECYCLE = {
    "subscriber": "Subscriber", "lead": "Lead", "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead", "opportunity": "Opportunity", "customer": "Customer",
    "evangelist": "Evangelist", "other": "Other",
}  # fmt: skip
INDUSTRIES = {
    "COMPUTER_SOFTWARE": "Computer Software", "FOOD_BEVERAGES": "Food & Beverages", "HOSPITALITY": "Hospitality",
    "HEALTH_WELLNESS_AND_FITNESS": "Health, Wellness and Fitness", "RETAIL": "Retail", "TEXTILES": "Textiles",
    "LOGISTICS_AND_SUPPLY_CHAIN": "Logistics and Supply Chain", "WHOLESALE": "Wholesale",
}  # fmt: skip
FROM_STORY = {
    "Retail": "RETAIL", "Food & Beverage": "FOOD_BEVERAGES", "Manufacturing": "TEXTILES", "Hospitality": "HOSPITALITY",
    "Wellness": "HEALTH_WELLNESS_AND_FITNESS", "Wholesale": "WHOLESALE",
}  # fmt: skip
PIPELINES: dict[str, tuple[str, dict[str, tuple[str, float, bool]]]] = {
    "default": ("Sales Pipeline", {
        "appointmentscheduled": ("Appointment Scheduled", 0.2, False),
        "qualifiedtobuy": ("Qualified To Buy", 0.4, False),
        "presentationscheduled": ("Presentation Scheduled", 0.6, False),
        "decisionmakerboughtin": ("Decision Maker Bought-In", 0.8, False),
        "contractsent": ("Contract Sent", 0.9, False),
        "closedwon": ("Closed Won", 1.0, True),
        "closedlost": ("Closed Lost", 0.0, True),
    }),
    "58210": ("Renewals", {
        "961101": ("Renewal Due", 0.5, False),
        "961102": ("In Negotiation", 0.7, False),
        "961103": ("Renewed", 1.0, True),
        "961104": ("Churned", 0.0, True),
    }),
}  # fmt: skip
# The type of each property: a list of options, or string, number, datetime, email, owner; "read" cannot be written.
PROPERTIES: dict[str, dict[str, str]] = {
    "contacts": {
        "email": "email", "firstname": "string", "lastname": "string", "phone": "string", "jobtitle": "string",
        "company": "string", "lifecyclestage": "lifecycle", "hubspot_owner_id": "owner", "website": "string",
        "hs_object_id": "read", "createdate": "read", "lastmodifieddate": "read",
    },
    "companies": {
        "name": "string", "domain": "string", "industry": "industry", "phone": "string", "country": "string",
        "hubspot_owner_id": "owner", "numberofemployees": "number", "lifecyclestage": "lifecycle",
        "hs_object_id": "read", "createdate": "read", "hs_lastmodifieddate": "read",
    },
    "deals": {
        "dealname": "string", "dealstage": "stage", "pipeline": "pipeline", "amount": "number",
        "closedate": "datetime", "hubspot_owner_id": "owner", "deal_currency_code": "string", "hs_is_closed": "read",
        "hs_object_id": "read", "createdate": "read", "hs_lastmodifieddate": "read",
    },
    "notes": {
        "hs_note_body": "string", "hs_timestamp": "datetime", "hubspot_owner_id": "owner",
        "hs_object_id": "read", "hs_createdate": "read", "hs_lastmodifieddate": "read",
    },
    "tasks": {
        "hs_task_subject": "string", "hs_task_body": "string", "hs_task_status": "task_status",
        "hs_task_priority": "task_priority", "hs_task_type": "task_type", "hs_timestamp": "datetime",
        "hubspot_owner_id": "owner",
        "hs_object_id": "read", "hs_createdate": "read", "hs_lastmodifieddate": "read",
    },
}  # fmt: skip
OPTIONS: dict[str, list[str]] = {
    "lifecycle": list(LIFECYCLE),
    "industry": list(INDUSTRIES),
    "pipeline": list(PIPELINES),
    "stage": [stage for _, stages in PIPELINES.values() for stage in stages],
    "task_status": ["NOT_STARTED", "IN_PROGRESS", "WAITING", "DEFERRED", "COMPLETED"],
    "task_priority": ["NONE", "LOW", "MEDIUM", "HIGH"],
    "task_type": ["TODO", "CALL", "EMAIL"],
}
REQUIRED = {"notes": ("hs_timestamp",), "tasks": ("hs_timestamp",)}
BY_DEFAULT = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "closedate", "pipeline", "dealstage"),
    "notes": (),
    "tasks": (),
}
SEARCHED = {
    "contacts": ("firstname", "lastname", "email", "phone", "company"),
    "companies": ("name", "domain", "phone", "website"),
    "deals": ("dealname",),
    "notes": ("hs_note_body",),
    "tasks": ("hs_task_subject", "hs_task_body"),
}
SINGULAR = {"contacts": "contact", "companies": "company", "deals": "deal", "notes": "note", "tasks": "task"}
# Kinds of association, from and to.
TIES = {
    ("contacts", "companies"): 279, ("companies", "contacts"): 280, ("deals", "companies"): 341,
    ("companies", "deals"): 342, ("deals", "contacts"): 3, ("contacts", "deals"): 4, ("notes", "contacts"): 202,
    ("contacts", "notes"): 201, ("notes", "companies"): 190, ("companies", "notes"): 189, ("notes", "deals"): 214,
    ("deals", "notes"): 213, ("tasks", "contacts"): 204, ("contacts", "tasks"): 203, ("tasks", "companies"): 192,
    ("companies", "tasks"): 191, ("tasks", "deals"): 216, ("deals", "tasks"): 215,
}  # fmt: skip


def modified(kind: str) -> str:
    """The property that holds the moment of the last change."""
    return "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"


def created(kind: str) -> str:
    """The property that holds the moment of the making."""
    return "hs_createdate" if kind in ("notes", "tasks") else "createdate"


def is_closed(stage: str | None) -> bool:
    """Whether a deal in this stage is over."""
    return any(stages[stage][2] for _, stages in PIPELINES.values() if stage in stages)
