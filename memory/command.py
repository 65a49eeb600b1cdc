"""What a message says to the memory itself. Only what the person writes first counts, never what is quoted or pasted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from memory.statement import Statement, statement

Act = Literal["remember", "forget", "forget_all", "show", "export", "ask", "off", "on"]
LONGEST_SENTENCE = 300
_SENTENCE = re.compile(r"^(?P<first>.+?[.!;?])\s+(?P<rest>\S.*)$", re.S)
_POLITE = r"(?:(?:can|could|would|will) you )?(?:please |now )*"
_ALL = re.compile(
    rf"^{_POLITE}(?:(?:forget|erase|delete|wipe|remove|clear) (?:all|everything|me|(?:all )?(?:of )?my (?:data|memor(?:y|ies)|history))|"
    r"(?:forget|erase|delete|wipe|clear) (?:the|your|all)(?: whole| entire)? memor(?:y|ies))"
    r"(?: (?:that )?(?:you (?:know|remember|have|stored|keep|learned)|there is|of mine))?(?: (?:about|of|on|from) me)?(?: please)?$",
    re.I,
)
_FORGET = re.compile(
    rf"^{_POLITE}(?:forget|unlearn|stop remembering|don'?t remember|(?:delete|remove) from (?:your )?memory)"
    r"(?: (?:that|about|what (?:i|you) (?:said|know|remember|told you)(?: (?:you|me))?(?: (?:about|that))?))?:? (?P<what>.+)$",
    re.I,
)
_STOP_CALLING = re.compile(r"^(?:please )?(?:stop calling me|don'?t call me) (?P<what>.+)$", re.I)
_NOT_MEMORY = re.compile(
    r"^(?:it|that|this|the (?:plan|last (?:one|step|thing))|about it|about that|it for now)(?: please)?$", re.I
)
_ABOUT = r"(?:about|of|on)"
_SHOW = re.compile(
    rf"^{_POLITE}(?:what (?:all )?(?:do|did|have) you (?:(?:know|remember|learn(?:ed|t)?|stored?|keep|kept)(?: in (?:your )?memory)?"
    rf"(?: (?:{_ABOUT} )(?P<about>.+?))?|(?:have|got) (?:about|on) me)|(?:show|list|display|tell)(?: me)? (?:me )?(?:what you (?:know|remember|have learned|keep)"
    rf"(?: {_ABOUT} (?P<about2>.+?))?|(?:my|your|all)(?: the)? memor(?:y|ies)(?: {_ABOUT} (?P<about3>.+?))?|everything you (?:know|remember)"
    r"(?: about me)?))\??$",
    re.I,
)
_EXPORT = re.compile(
    rf"^{_POLITE}(?:export|download|give me (?:an export|a copy) of|send me (?:an export|a copy) of) (?:all )?(?:of )?(?:what you (?:know|remember)"
    r"(?: about me)?|(?:my|your) (?:memor(?:y|ies)|data)|everything you (?:know|remember)(?: about me)?)(?: (?:as|in) json)?$",
    re.I,
)
_OFF = re.compile(
    r"^(?:please )?(?:(?:turn|switch) off (?:the )?personali[sz]ation|(?:turn|switch) (?:the )?personali[sz]ation off|"
    r"(?:stop|disable) personali[sz](?:ing|ation)(?: (?:me|my \w+))?|don'?t personali[sz]e(?: .+)?)$",
    re.I,
)
_ON = re.compile(
    r"^(?:please )?(?:(?:turn|switch) on (?:the )?personali[sz]ation|(?:turn|switch) (?:the )?personali[sz]ation (?:back )?on|"
    r"(?:start|enable|resume) personali[sz](?:ing|ation))$",
    re.I,
)
_ASK = re.compile(
    r"^(?:(?:who|what|which|when|where)(?:'s| is| are|(?: \w+)? is)|what (?:do|did) i call|do you (?:know|remember)(?: who| what)?(?: is)?|remind me(?: who| what)? is) "
    r"(?P<what>(?:my|our) [\w’' -]{2,40}|the [\w’' -]{2,40}|[\w’' -]{2,40})\??$",
    re.I,
)
_DEFINES = re.compile(r"^[\"“'][^\"“”']{1,40}[\"”'] (?:means|refers to|stands for|is short for|=)")
_WITHOUT = re.compile(r"^(?:without|ignore|ignoring|don'?t use) (?:your |the )?memory[,:]? (?P<rest>.+)$", re.I | re.S)
_CORRECTION = re.compile(
    r"^(?:no|nope|wrong|not (?:that(?: one)?|there|this time|[\w#’' -]{1,30}?))[,.:;!]?\s+(?:(?:it(?:'s| is| should be)|use|take|make (?:it|that)|"
    r"i (?:mean|meant)|put it (?:on|in)|on|in|to|but|rather)\s+)*(?P<value>[^,;!?\n]{1,60}?)(?: instead| please)*[.!]?$|"
    r"^(?:use|take|make it|i meant) (?P<value2>[^,;!?\n]{1,60}?) instead[.!]?$",
    re.I,
)
_ORDER = re.compile(
    r"^(?:create|open|list|show|send|post|tell|delete|move|assign|add|find|cancel|make|book|schedule|remind|update|close|file|set|share|ask|"
    r"i |we |you |don't |do |is |what |who )\b",
    re.I,
)


@dataclass(frozen=True)
class Command:
    """One thing to do with the memory; `what` are the person's words for it."""

    act: Act
    what: str = ""
    told: Statement | None = None


@dataclass(frozen=True)
class Heard:
    """A message apart: what it says to the memory, and what is left for the other tools."""

    commands: tuple[Command, ...] = ()
    rest: str = ""
    is_without: bool = False


def heard(text: str) -> Heard:
    """The commands that a message begins with. Anything after a line break, a quote or another wish is not looked at."""
    if match := _WITHOUT.match(text.strip()):
        return Heard(rest=match["rest"], is_without=True)
    commands: list[Command] = []
    rest = text.strip()
    while rest and "\n" not in rest[:LONGEST_SENTENCE]:
        if found := command(rest):
            return Heard((*commands, found))
        split = _SENTENCE.match(rest)
        found = command(split["first"]) if split else None
        if split is None or found is None:
            break
        commands.append(found)
        rest = split["rest"]
    return Heard(tuple(commands), rest)


def command(sentence: str) -> Command | None:
    """What one sentence says to the memory; None where it says nothing to it."""
    said = " ".join(sentence.split())
    plain = said.rstrip(" .!;")
    if len(said) > LONGEST_SENTENCE or (said[:1] in ">\"“'`" and not _DEFINES.match(said)):
        return None
    if _ALL.match(plain):
        return Command("forget_all")
    if _OFF.match(plain) or _ON.match(plain):
        return Command("off" if _OFF.match(plain) else "on")
    if _EXPORT.match(plain):
        return Command("export")
    if match := _SHOW.match(plain):
        about = next((one for one in match.groupdict().values() if one), "")
        return Command("show", "" if about.lower() in ("me", "me so far", "myself", "us") else about)
    if match := _STOP_CALLING.match(plain):
        return Command("forget", f"call me {match['what']}")
    if (
        (match := _FORGET.match(plain))
        and not _NOT_MEMORY.match(match["what"])
        and not re.match(r"(?:don'?t|do not) forget\b", plain, re.I)
    ):
        return Command("forget", match["what"])
    if told := statement(said):
        return Command("remember", plain, told)
    if match := _ASK.match(plain):
        return Command("ask", match["what"].rstrip("?"))
    return None


def correction(text: str) -> str:
    """The value that a message puts in the place of the one just taken, "" where it corrects nothing."""
    match = _CORRECTION.match(" ".join(text.split()))
    value = (match["value"] or match["value2"] or "").strip(" “”\"'") if match else ""
    return "" if _ORDER.match(value) or len(value.split()) > 5 else value
