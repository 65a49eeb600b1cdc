"""What people type, in Shopify's search syntax; and finding what they name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from core.errors import Candidate
from tools.integrations.shopify import document
from tools.kit.graphql import ask, by_connection
from tools.kit.http import Http
from tools.kit.paging import take

GID = re.compile(r"gid://shopify/(\w+)/(\d+)")
LINK = re.compile(r"/(orders|products|variants|customers|draft_orders|locations)/(\d+)(?!\S*/variants/)")
KINDS = {"orders": "Order", "products": "Product", "variants": "ProductVariant", "customers": "Customer",
         "draft_orders": "DraftOrder", "locations": "Location"}  # fmt: skip
NUMBER = re.compile(r"(?:order|no\.?|number|nr\.?)?\s*#?\s*([A-Za-z]{0,4}\d{1,8}(?:-\w+)?)", re.IGNORECASE)
EMAIL = re.compile(r"[^\s@:]+@[^\s@:]+\.\w+")
SYNTAX = re.compile(r"\b[a-z_]+:\S|\s(AND|OR|NOT)\s")
SPENT = re.compile(r"(?:spent|over|more than|above|>)\D*?(\d+(?:\.\d+)?)", re.IGNORECASE)
CODE = re.compile(r"(?=\S*\d)(?=\S*-)[\w./-]+|[A-Z]{2,}\d+[\w-]*")
WORDS = {"one": 1, "a": 1, "an": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
         "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a dozen": 12, "both": 2}  # fmt: skip
COUNTED = re.compile(
    rf"(?:(\d+|{'|'.join(sorted(WORDS, key=len, reverse=True))})(?:\s*[x×]\s+|\s+(?:(?:of|pcs|pieces)\s+)?))?"
    r"(.+?)(?:\s*[×*]\s*(\d+)|\s+x\s*(\d+)|\s+\((\d+)\)|,\s*(\d+))?",
    re.IGNORECASE,
)
NOISE = {"the", "of", "a", "an", "and", "in", "size", "colour", "color", "for", "with", "x", "my", "our", "all"}
SAME = {"small": "s", "medium": "m", "large": "l"}
WHOLE = {"all", "everything", "all items", "the whole order", "whole order", "all of it", "all lines"}
NOTHING = {"none", "nothing", "no items", "shipping only", "only shipping", "just shipping", "just the shipping"}


def order_query(
    text: str | None, payment: str | None, delivery: str | None, since: date | None, until: date | None
) -> str:
    """A number, an address, words or Shopify's own syntax, narrowed by states and by the days of the order."""
    parts = [_order_words(text.strip())] if text and text.strip() else []
    parts += [f"financial_status:{payment}"] if payment else []
    parts += [f"fulfillment_status:{delivery}"] if delivery else []
    parts += [f"created_at:>={since}"] if since else []
    parts += [f"created_at:<{until + timedelta(days=1)}"] if until else []
    return " AND ".join(parts)


def product_query(text: str, status: str | None) -> str:
    """Words, an article number or Shopify's own syntax, of products in one state."""
    words = text.strip()
    if not SYNTAX.search(words) and CODE.fullmatch(words):
        words = f"(sku:{words} OR {quoted(words)})"
    elif not SYNTAX.search(words):
        words = " ".join(plain(words))
    return f"{words} AND status:{status.lower()}" if status and words else words or f"status:{(status or '').lower()}"


def customer_query(text: str) -> str:
    """A name, an address, a phone number, an amount spent or Shopify's own syntax."""
    words = text.strip()
    if SYNTAX.search(words):
        return words
    if EMAIL.fullmatch(words):
        return f"email:{words}"
    if spent := SPENT.search(words):
        return f"total_spent:>{spent[1]}"
    if re.fullmatch(r"\+?[\d\s()/-]{6,}", words):
        return f"phone:{re.sub(r'[^+0-9]', '', words)}"
    return " ".join(plain(words))


def quoted(text: str) -> str:
    """A phrase in which Shopify's own signs mean nothing."""
    return '"' + re.sub(r'["\\]', " ", text).strip() + '"'


def plain(text: str) -> list[str]:
    """The words of a text, without signs that mean something in a search."""
    return re.findall(r"[\w'&.-]*\w", text.replace("'s ", " "))


def counted(text: str) -> tuple[int | None, str]:
    """How many, and of what: `12 gift boxes`, `CAND-12 x 30`, `two of the candles`; None where no number is said."""
    hit = COUNTED.fullmatch(text.strip())
    if hit is None:
        return None, text.strip()
    before, what, *after = hit.groups()
    number = WORDS.get((before or "").lower()) or (int(before) if before else None)
    behind = next((int(one) for one in after if one), None)
    if number is not None and behind is not None:  # 2 of something whose name ends with a number
        return number, text.strip()[hit.start(2) :]
    if behind is not None and CODE.fullmatch(text.strip()):
        return None, text.strip()
    return number if number is not None else behind, what.strip()


def given(text: str, kind: str) -> str:
    """The global id in a text that is one, or a link in the admin to such a thing; "" if it is none."""
    if (hit := GID.search(text)) and hit[1] == kind:
        return hit[0]
    link = next((hit for hit in LINK.finditer(text) if KINDS[hit[1]] == kind), None)
    if link:
        return f"gid://shopify/{kind}/{link[2]}"
    return f"gid://shopify/{kind}/{text.strip()}" if re.fullmatch(r"\d{9,}", text.strip()) else ""


async def find_orders(http: Http, text: str) -> list[Candidate]:
    """Orders by number, link, id, or the words in them."""
    if identity := given(text, "Order"):
        item = (await ask(http, document.GET_ORDER, id=identity))["order"]
        found = [item] if item else []
    else:
        found = await take(by_connection(http, document.ORDERS, "orders", first=5, query=_order_words(text.strip())), 5)
    return [
        Candidate(one["id"], f"{one['name']} {(one['customer'] or {}).get('displayName', '')}".strip(),
                  str(one["displayFulfillmentStatus"]).lower(), also=(one["name"], str(one["legacyResourceId"])))
        for one in found
    ]  # fmt: skip


async def find_products(http: Http, text: str) -> list[Candidate]:
    """Products by title, handle, link or id."""
    if identity := given(text, "Product"):
        item = (await ask(http, document.GET_PRODUCT, id=identity))["product"]
        found = [item] if item else []
    else:
        either = " OR ".join([f"handle:{quoted(text)}", *(f"title:{word}*" for word in _stems(text))])
        found = await take(by_connection(http, document.TITLES, "products", query=either), 50)
        found = _best(text, found, lambda one: f"{one['title']} {one['handle']}")
    return [Candidate(one["id"], one["title"], str(one["status"]).lower(), also=(one["handle"],)) for one in found]


async def find_variants(http: Http, text: str) -> list[Candidate]:
    """Variants by article number, by words of product and option, or by id."""
    if identity := given(text, "ProductVariant"):
        found = await variants(http, identity)
    else:
        found = []
        if CODE.fullmatch(text.strip()):
            code = by_connection(http, document.VARIANTS, "productVariants", first=10, query=f"sku:{quoted(text)}")
            found = await take(code, 10)
        found = found or await _by_words(http, text)
    return [Candidate(one["id"], one["displayName"], one.get("sku") or "") for one in found]


async def variants(http: Http, identity: str) -> list[dict[str, Any]]:
    """The variant with a global id, if there is one."""
    wanted = f"id:{identity.rpartition('/')[2]}"
    found: list[dict[str, Any]] = (await ask(http, document.VARIANTS, first=1, query=wanted))["productVariants"][
        "nodes"
    ]
    return [one for one in found if one["id"] == identity]


async def _by_words(http: Http, text: str) -> list[dict[str, Any]]:
    either = " OR ".join(f"title:{word}* OR sku:{word}*" for word in _stems(text))
    if not either:
        return []
    products = await take(by_connection(http, document.OFFERED, "products", query=either), 50)
    offered = [one for product in products for one in product["variants"]["nodes"]]
    return _best(text, offered, lambda one: f"{one['displayName']} {one['sku'] or ''}")


async def find_items(http: Http, text: str) -> list[Candidate]:
    """Variants with a quantity; the id is `12 x gid://…`."""
    number, what = counted(text)
    amount = number or 1
    return [
        Candidate(f"{amount} x {one.id}", f"{amount} x {one.label}", one.detail)
        for one in await find_variants(http, what)
    ]


def find_lines(order: Mapping[str, Any], text: str) -> list[Candidate]:
    """Lines of an order by words, with a quantity where one is said; all of them, or none."""
    word = text.strip().lower()
    if word in WHOLE:
        return [Candidate("all", "everything", also=(text,))]
    if word in NOTHING:
        return [Candidate("none", "no items", also=(text,))]
    number, what = counted(text)
    lines = order["lineItems"]["nodes"]
    identity = what.partition(" x ")[2] or what
    found = [one for one in lines if one["id"] == identity or (one["sku"] or "").lower() == what.lower()]
    found = found or _best(what, lines, lambda one: f"{one['name']} {one['sku'] or ''}")
    ahead = f"{number} x " if number is not None else ""
    return [Candidate(f"{ahead}{one['id']}", f"{ahead}{one['name']}", one["sku"] or "") for one in found]


async def find_customers(http: Http, text: str) -> list[Candidate]:
    """Customers by name, address, link or id."""
    if identity := given(text, "Customer"):
        item = (await ask(http, document.GET_CUSTOMER, id=identity))["customer"]
        found = [item] if item else []
    else:
        pages = by_connection(http, document.CUSTOMERS, "customers", first=10, query=customer_query(text))
        found = await take(pages, 10)
    return [
        Candidate(one["id"], one["displayName"], (one["defaultEmailAddress"] or {}).get("emailAddress", ""))
        for one in found
    ]


async def find_locations(http: Http, text: str) -> list[Candidate]:
    """Locations by words of the name, or by id."""
    known = await take(by_connection(http, document.LOCATIONS, "locations"), 250)
    identity = given(text, "Location")
    found = [one for one in known if one["id"] == identity] if identity else _best(text, known, lambda one: one["name"])
    return [Candidate(one["id"], one["name"]) for one in found]


def _order_words(text: str) -> str:
    if SYNTAX.search(text):
        return text
    if EMAIL.fullmatch(text):
        return f"email:{text}"
    if hit := NUMBER.fullmatch(text):
        return f"name:{quoted('#' + hit[1])}"
    return " ".join(plain(text))


def _stems(text: str) -> list[str]:
    """The words that say what it is, without a plural's ending."""
    words = [word.lower() for word in plain(text) if word.lower() not in NOISE]
    return [re.sub(r"(?<=\w{3})(?<=[^s])s$|(?<=\w\w(?:x|h))es$", "", word) for word in words]


def _best(text: str, known: Sequence[Any], name: Any) -> list[Any]:
    """Those whose name has the most of the words, if it has any."""
    wanted = {SAME.get(word, word) for word in _stems(text)}
    scored = []
    for one in known:
        words = {SAME.get(word, word) for word in _stems(name(one))}
        hits = sum(any(_is_like(word, other) for other in words) for word in wanted)
        scored.append((hits, one))
    most = max((hits for hits, _ in scored), default=0)
    return [one for hits, one in scored if hits == most and most]


def _is_like(word: str, other: str) -> bool:
    return word == other or (len(word) > 2 and other.startswith(word))
