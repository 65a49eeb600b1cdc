"""What is never kept, whoever asks: secrets, and the special categories of personal data (GDPR, articles 9 and 10)."""

from __future__ import annotations

import math
import re
from collections import Counter

_NAMED = re.compile(
    r"\b(?:pass(?:word|wort|code|phrase)|pwd|pin(?: code| number)?|secret|api[ _-]?key|access[ _-]?key|private key|"
    r"(?:access |auth |bearer |refresh )?token|credential|cvv|cvc|security code|one[- ]time code|2fa|otp|recovery code)s?\b",
    re.I,
)
_SHAPED = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?\w{12,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|"
    r"\bxox[abeoprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{12,}|\bAIza[\w-]{30,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bssh-(?:rsa|ed25519) \S{20,}|://[^/\s:@]+:[^/\s@]+@"
)
_LONG_WORD = re.compile(r"(?<![\w/.#@-])(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9+/_=-]{20,}(?![\w/.@-])")
_DIGITS = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_NATIONAL = re.compile(
    r"\b\d{3}-\d{2}-\d{4}\b|\b(?:social security|national insurance|passport|tax id) (?:number|no\.?)\b", re.I
)
_BITS = 3.6

_SPECIAL = {
    "health": r"diagnos\w+|cancer|tumou?r|chemo\w*|pregnan\w+|miscarriage|depress(?:ed|ion)|anxiety disorder|burn-?out|bipolar|"
    r"autis\w+|adhd|hiv|diabet\w+|epilep\w+|asthma\w*|disab(?:led|ility)|wheelchair|therap(?:y|ist)|psychiatr\w+|medication|"
    r"antidepressants?|surgery|chronic (?:pain|illness)|(?:sick|medical|maternity) leave|(?:on|in) rehab|alcoholi\w+|"
    r"addict(?:ed|ion)|allerg(?:y|ic|ies)|migraines?|blood (?:type|pressure)|covid|mental health|ill(?:ness)?|vaccinat\w+",
    "religion": r"muslim|islam\w*|christian(?:ity)?|catholic\w*|protestant|jewish|judaism|hindu\w*|buddhis\w+|sikh\w*|atheis\w+|"
    r"religio\w+|(?:goes|go) to (?:church|mosque|synagogue|temple)|prays?|fasting for|ramadan",
    "politics": r"republican|democrat(?:s|ic party)?|conservative party|labour party|vot(?:es?|ed|ing) (?:for|against)|"
    r"(?:member of|supports?) (?:the )?\w+ party|political (?:views?|party|opinion)s?|left-wing|right-wing|socialist|communist|anarchist",
    "a trade union": r"(?:trade |labou?r )union|union (?:member|rep(?:resentative)?|steward)|works council member",
    "sexuality": r"gay|lesbian|bisexual|homosexual|heterosexual|transgender|queer|sexual (?:orientation|preference)|"
    r"sex life|having an affair",
    "origin": r"ethnic\w*|racial\w*|skin colou?r|refugees?|asylum\w*|immigra\w+|migrants?|undocumented|deport\w+|"
    r"(?:fled|flee|fleeing|escaped) (?:from )?(?:the |their |his |her |a )?(?:war|country|home ?land|regime|persecution)|"
    r"(?:residence|work) permit|visa status|(?:of|by) \w+ descent|ancestry|mother tongue|native country|(?:is|am|are) (?:black|white|asian|latin[oax]|hispanic|roma|arab)\b",
    "biometrics or genes": r"fingerprints?|retina scan|face id data|dna|genetic\w*|genome",
    "crime": r"convict(?:ed|ion)s?|criminal record|arrested|in prison|on parole|probation officer",
}
_SPECIAL_WORDS = {name: re.compile(rf"\b(?:{words})\b", re.I) for name, words in _SPECIAL.items()}


def secret(text: str) -> bool:
    """Whether a text holds, or speaks of, something that opens a door or an account."""
    if _NAMED.search(text) or _SHAPED.search(text) or _NATIONAL.search(text) or _IBAN.search(text):
        return True
    if any(_is_card(match[0]) for match in _DIGITS.finditer(text)):
        return True
    return any(_entropy(match[0]) > _BITS for match in _LONG_WORD.finditer(text))


def special(text: str) -> str:
    """The special category of personal data that a text is about, "" where it is about none."""
    return next((name for name, words in _SPECIAL_WORDS.items() if words.search(text)), "")


def _is_card(text: str) -> bool:
    """Luhn's check."""
    digits = [int(one) for one in text if one.isdigit()]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _entropy(word: str) -> float:
    counts = Counter(word).values()
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts)
