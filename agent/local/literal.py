"""Amounts, numbers, addresses and identifiers in a sentence."""

from __future__ import annotations

import re

from agent.local.text import Span

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
CURRENCIES = {
    "$": "usd", "us$": "usd", "usd": "usd", "dollar": "usd", "dollars": "usd", "bucks": "usd",
    "€": "eur", "eur": "eur", "euro": "eur", "euros": "eur", "£": "gbp", "gbp": "gbp", "pound": "gbp",
    "pounds": "gbp", "quid": "gbp", "¥": "jpy", "jpy": "jpy", "yen": "jpy", "chf": "chf", "francs": "chf",
    "sek": "sek", "nok": "nok", "dkk": "dkk", "cad": "cad", "aud": "aud", "inr": "inr", "₹": "inr",
}  # fmt: skip
_SCALE = {"k": 1e3, "thousand": 1e3, "grand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "bn": 1e9}
_SIGN = r"us\$|[$€£¥₹]"
_CODE = r"(?:usd|eur|gbp|jpy|chf|sek|nok|dkk|cad|aud|inr|dollars?|euros?|pounds?|bucks|quid|yen|francs)\b"
_NUMBER = r"\d{1,3}(?:[,\u00a0 ]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?P<sign>{_SIGN})\s?(?P<a>{_NUMBER})(?:\s?(?P<as>k|m|mn|mio|bn|thousand|million)\b)?(?:\s(?P<after>{_CODE}))?"
    rf"|(?P<before>(?:usd|eur|gbp|chf|sek|nok)\b)\s?(?P<b>{_NUMBER})(?:\s?(?P<bs>k|m|mn|bn|thousand|million)\b)?"
    rf"|(?<![\w.])(?P<c>{_NUMBER})\s?(?P<cs>k|m|mn|mio|bn|thousand|grand|million)?\s?(?P<unit>{_CODE}|[€£$])"
    rf"|(?<![\w.\-#])(?P<d>{_NUMBER})\s?(?P<ds>k|mn|mio|thousand|grand|million)\b",
    re.I,
)
_EMAIL = re.compile(r"(?:mailto:)?\b([\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+)")
_REPO_ISSUE = re.compile(r"(?<![\w/])([A-Za-z0-9][\w.\-]*/[\w.\-]*\w)#(\d+)\b")
_REPO = re.compile(r"(?<![\w/.@:])([A-Za-z][\w\-]*/[A-Za-z0-9][\w.\-]*\w)(?![\w/])")
_KEY = re.compile(r"(?<![\w\-/])([A-Za-z][A-Za-z0-9]{1,9}-\d{1,7})(?![\w\-])")
_VENDOR_ID = re.compile(
    r"\b(?:pi|ch|in|sub|cus|re|price|prod|plink|evt|py|pm|seti|cs|si|txn)_[A-Za-z0-9]+\b"
    r"|\b[CDGUTW](?=[A-Z0-9]*\d)[A-Z0-9]{8,11}\b"
    r"|\b(?:00[0-9A-Za-z])(?=[0-9A-Za-z]*[A-Za-z])[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b"
    r"|\b\d{10}\.\d{6}\b"
    r"|\b(?=[A-Z0-9]*\d)[A-Z][A-Z0-9]{2,}-\d{3,}\b"
)
_PHONE = re.compile(r"(?<![\w.\-])(?:\+\d[\d\s().\-]{6,}\d|0\d[\d\s().\-]{6,}\d|\d{3}-\d{4})(?![\w\-])")
_FILE = re.compile(
    r"(?<![\w/])[\w\-]+(?:\.[\w\-]+)*\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|md|png|jpe?g|zip|ya?ml|json|key|fig)\b", re.I
)
_HASH = re.compile(r"(?<![\w/])#(\d+)\b")
_COUNT = re.compile(
    r"(?<![\w.,\-/#])((?:(?<=\s)-)?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?))(?:x\b)?(?![\w\-/]|[.,:]\d)"
)
_WORDS = re.compile(
    r"\b(?:(" + "|".join(TENS) + r")(?:[\s-](" + "|".join(list(UNITS)[1:10]) + r"))?|(" + "|".join(UNITS) + r"))\b",
    re.I,
)
_DOZEN = re.compile(r"\b(?:a|one)\s(?:(couple)(?: of)?|(dozen)|(hundred))\b", re.I)


def number(text: str) -> float | None:
    """The number in digits or English words, or None."""
    low = text.strip().lower().lstrip("#")
    if re.fullmatch(r"-?\d+(?:\.\d+)?", low):
        return float(low)
    if low in ("a", "an"):
        return 1.0
    match = _WORDS.fullmatch(low)
    if match:
        return float(TENS[match[1]] + UNITS.get(match[2] or "", 0) if match[1] else UNITS[match[3]])
    return None


def _decimal(text: str, *, is_money: bool = False) -> float:
    text = text.replace("\u00a0", "").replace(" ", "")
    if is_money and re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?", text):  # as much of Europe writes it
        return float(text.replace(".", "").replace(",", "."))
    if re.fullmatch(r"\d+,\d{1,2}", text):
        return float(text.replace(",", "."))
    return float(text.replace(",", ""))


def amounts(raw: str) -> list[Span]:
    """Money and scaled numbers; the value is (amount in major units, currency code or "")."""
    found = []
    for m in _AMOUNT.finditer(raw):
        digits = m["a"] or m["b"] or m["c"] or m["d"]
        scale = (m["as"] or m["bs"] or m["cs"] or m["ds"] or "").lower()
        currency = (m["after"] or m["sign"] or m["before"] or m["unit"] or "").lower()
        value = _decimal(digits, is_money=bool(currency or scale)) * _SCALE.get(scale, 1)
        kind = "money" if currency or scale else "number"
        found.append(Span(kind, m.start(), m.end(), m.group(), (round(value, 2), CURRENCIES.get(currency, ""))))
    return found


def identifiers(raw: str) -> list[Span]:
    """E-mail addresses, repositories, issue keys, vendors' ids, telephone numbers and file names."""
    found = [Span("email", m.start(), m.end(), m.group(), m.group(1)) for m in _EMAIL.finditer(raw)]
    for m in _REPO_ISSUE.finditer(raw):
        cut = m.start() + len(m.group(1))
        found.append(Span("repo", m.start(), cut, m.group(1), m.group(1)))
        found.append(Span("number", cut, m.end(), raw[cut : m.end()], (float(m.group(2)), "")))
    found += [Span("id", m.start(), m.end(), m.group(), m.group()) for m in _VENDOR_ID.finditer(raw)]
    found += [Span("key", m.start(1), m.end(1), m.group(1), _key(m.group(1))) for m in _KEY.finditer(raw)]
    found += [Span("file", m.start(), m.end(), m.group(), m.group()) for m in _FILE.finditer(raw)]
    found += [Span("phone", m.start(), m.end(), m.group(), m.group().strip()) for m in _PHONE.finditer(raw)]
    found += [Span("repo", m.start(1), m.end(1), m.group(1), m.group(1)) for m in _REPO.finditer(raw)]
    return found


def _key(text: str) -> str:
    return text.upper()


def counts(raw: str) -> list[Span]:
    """Plain numbers, in digits, after a # or in words; the value is (number, "")."""
    found = [Span("number", m.start(), m.end(), m.group(), (float(m.group(1)), "")) for m in _HASH.finditer(raw)]
    found += [Span("number", m.start(), m.end(), m.group(), (_decimal(m.group(1)), "")) for m in _COUNT.finditer(raw)]
    for m in _DOZEN.finditer(raw):
        size = 2 if m.group(1) else 12 if m.group(2) else 100
        found.append(Span("number", m.start(), m.end(), m.group(), (float(size), "")))
    for m in _WORDS.finditer(raw):
        value = number(m.group())
        if value is not None and value != 1 and value != 0:
            found.append(Span("number", m.start(), m.end(), m.group(), (value, "")))
    return found
