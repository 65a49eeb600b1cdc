"""Marketing e-mails and forms."""

from __future__ import annotations

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.vendor import route
from sandbox.vendors.hubspot_marketing.base import Base
from sandbox.vendors.hubspot_marketing.seed import new_email, number

LABELS = {
    "email": "Email", "firstname": "First name", "lastname": "Last name", "company": "Company name",
    "numemployees": "How many people work there?", "country": "Country", "message": "Message",
}  # fmt: skip


class Emails(Base):
    """The e-mails and forms APIs."""

    @route("GET", "/marketing/v3/emails/", scope="content")
    def emails(self, call: Call) -> Json:
        """A page of them, by state and time."""
        rows = list(self.state["emails"].values())
        if published := call.get("isPublished"):
            rows = [row for row in rows if row["isPublished"] is (published == "true")]
        for name in ("created", "updated"):
            if after := call.get(f"{name}After"):
                rows = [row for row in rows if row[f"{name}At"] > after[:19]]
        sort = str(call.get("sort") or "createdAt")
        rows.sort(key=lambda row: str(row[sort.lstrip("-")]), reverse=sort.startswith("-"))
        return self.page(call, [self._email(row) for row in rows])

    @route("GET", "/marketing/v3/emails/{own}", scope="content")
    def email(self, call: Call) -> Json:
        """One."""
        return self._email(self.one("emails", call.params["own"]))

    @route("POST", "/marketing/v3/emails/clone", scope="content")
    def clone(self, call: Call) -> Json:
        """A draft like another one."""
        first = self.one("emails", call.need("id"))
        own = number(11, "made", self.count("email"))
        name = str(call.get("cloneName") or f"{first['name']} (copy)")
        row = new_email(own, name, first["subject"], "DRAFT", self.now()) | {"campaign": first["campaign"]}
        self.state["emails"][own] = row
        return self._email(row)

    @route("DELETE", "/marketing/v3/emails/{own}", scope="content")
    def archive(self, call: Call) -> None:
        """Gone."""
        self.state["emails"].pop(call.params["own"], None)

    @route("POST", "/marketing/v3/emails/{own}/publish", scope="marketing-email")
    def publish(self, call: Call) -> Answer:
        """To all recipients, now."""
        row = self.one("emails", call.params["own"])
        if row["isPublished"]:
            raise Refusal("conflict", "The email is already published", status=409)
        at = self.now()
        row |= {"state": "PUBLISHED", "isPublished": True, "publishDate": at, "publishedAt": at, "updatedAt": at}
        return Answer(204)

    @route("GET", "/marketing/v3/emails/statistics/list", scope="content")
    def statistics(self, call: Call) -> Json:
        """How those did that went out, together."""
        wanted = [one for one in ",".join(call.many("emailIds")).split(",") if one]
        rows = [self.one("emails", own) for own in wanted] or list(self.state["emails"].values())
        for name, sign in (("startTimestamp", 1), ("endTimestamp", -1)):
            if told := call.get(name):
                rows = [row for row in rows if (row.get("publishedAt", "") >= told[:19]) is (sign == 1)]
        sent = 240 * sum(row["isPublished"] for row in rows)
        counters = {
            "sent": sent, "delivered": sent - sent // 60, "open": sent // 3, "click": sent // 12, "bounce": sent // 60,
            "unsubscribed": sent // 120, "spamreport": 0,
        }  # fmt: skip
        ratios = {"openratio": 33.9, "clickratio": 8.5, "clickthroughratio": 25.0} if sent else {}
        data = {"counters": counters, "ratios": ratios, "deviceBreakdown": {}, "qualifierStats": {}}
        return {"emails": [int(row["id"]) for row in rows], "aggregate": data, "campaignAggregations": {}}

    def _email(self, row: Json) -> Json:
        home = self.state["campaigns"].get(row["campaign"])
        return row | ({"campaignName": home["properties"]["hs_name"]} if home else {})

    @route("GET", "/marketing/v3/forms/", scope="forms")
    def forms(self, call: Call) -> Json:
        """A page of them."""
        rows = [row for row in self.state["forms"].values() if row["archived"] is call.flag("archived")]
        found = self.page(call, [self._form(row) for row in rows])
        del found["total"]
        return found

    def _form(self, row: Json) -> Json:
        fields = [
            {"objectTypeId": "0-1", "name": name, "label": LABELS[name], "required": name == "email", "hidden": False,
             "fieldType": "email" if name == "email" else "single_line_text", "dependentFields": []}
            for name in row["fields"]
        ]  # fmt: skip
        return {
            "id": row["id"], "name": row["name"], "formType": "hubspot", "createdAt": row["at"], "updatedAt": row["at"],
            "archived": row["archived"],
            "fieldGroups": [{"groupType": "default_group", "richTextType": "text", "fields": fields}],
            "configuration": {
                "createNewContactForNewEmail": True, "editable": True, "allowLinkToResetKnownValues": False,
                "postSubmitAction": {"type": "thank_you", "value": "Thank you."}, "language": "en", "cloneable": True,
                "prePopulateKnownValues": True, "notifyContactOwner": False, "recaptchaEnabled": False,
                "archivable": True, "notifyRecipients": [], "lifecycleStages": [],
            },
            "displayOptions": {"renderRawHtml": False, "theme": "canvas", "submitButtonText": "Send", "style": {}},
            "legalConsentOptions": {"type": "none"},
        }  # fmt: skip
