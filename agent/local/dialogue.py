"""One sentence in its conversation: talk, answers, corrections, repetitions, and else commands."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.interpretation import Interpretation, Step
from agent.local import piece, reply
from agent.local.plan import Draft
from agent.local.reading import Reading
from agent.local.talk import talk_tools
from agent.local.text import fold
from agent.local.toolbox import Candidate
from agent.local.value import fill
from agent.local.word import COMMAND
from core.tool import Tool

_CHANGES = ("update", "edit", "reschedule", "change", "move")
MOST_THANKS = 7
_THANKS = re.compile(
    r"\W*(?:(?:ok(?:ay)?|ah|oh|great|cool|and|many|big|wow)[\s,.!]+)*"
    r"(?:thanks|thank you|thx|ty|cheers|perfect|awesome|brilliant|excellent|lovely|good to know|got it|nice one|well done|great job|good job)\b",
    re.I,
)
_OPENING = re.compile(r"^\s*(?:(?:no+|nope|nah|wait|actually|sorry|oops|oh|hmm+)[\s,.!]+)+", re.I)
_SAID = {fold(e.say): tool.id.partition(".")[2] for tool in talk_tools() for e in tool.examples if fold(e.say)}


class Dialogue(Reading):
    """A sentence read with what was said before it."""

    def interpretation(self) -> Interpretation:
        """Talk first, then what follows from the conversation, then commands."""
        text = self.request.utterance
        if not any(c.isalnum() for c in text) and fold(text) not in _SAID:
            return Interpretation(
                "decline", reason="There are no words in that; tell me what to do.", act="small_talk", confidence=0.9
            )
        said = _SAID.get(fold(text))
        if said in ("confirm", "reject", "undo", "why", "help", "small_talk") and not (
            said == "confirm" and self.context.asked and not self.context.pending
        ):
            return self.talk(said, 0.97)
        if _is_thanks(text):
            return self.talk("small_talk", 0.9)
        if (from_context := self._from_context()) is not None:
            return from_context
        if self.context.last is not None:
            self.sentence = self.read(_OPENING.sub("", text) or text)
        return self.commands()

    def _from_context(self) -> Interpretation | None:
        """An answer, a correction or a repetition, where the conversation calls for one."""
        text = self.request.utterance
        step = reply.last_call(self.context)
        is_fix, is_more = reply.is_correction(text), reply.is_again(text)
        if self.context.asked and not is_more:
            answer = self._answer()
            if answer is not None:
                return answer
        if step is None or step.tool not in self.box.tools or not (is_fix or is_more):
            return None
        tool = self.box.tools[step.tool]
        if is_fix and step.result is not None and tool.effect != "read":
            return self._amended(step, tool)
        changed = reply.revised(
            step, text, tool, self.box.forms[tool.id], self.writer, self.box, piece.before(self.context)
        )
        if not changed:
            return None
        if is_fix and not self.context.pending and tool.effect != "read":
            return None
        drafts = [Draft(tool, {**step.args, **changed}, {n: text for n in changed}, 0.8, text)]
        others = [
            Draft(self.box.tools[s.tool], dict(s.args), {}, 0.8, "")
            for s in self.context.pending[1:]
            if s.tool in self.box.tools
        ]
        return self.decided([*drafts, *others])

    def _amended(self, step: Step, tool: Tool) -> Interpretation | None:
        """A correction of what was done already: the same system's tool that changes such a record."""
        changed = reply.revised(step, self.request.utterance, tool, self.box.forms[tool.id], self.writer, self.box)
        verb, _, noun = tool.id.partition(".")[2].partition("_")
        ids = [f"{tool.integration}.{one}_{noun}" for one in (verb, *_CHANGES)]
        others = [self.box.tools[one] for one in ids[verb not in _CHANGES :] if one in self.box.tools]
        for other in others:
            kept = {name: value for name, value in changed.items() if name in other.properties}
            thing = next((name for name in other.required if name not in kept), "")
            record = self.context.find("it", other, thing) if thing else None
            args = {**kept, thing: record} if thing else kept
            if kept and len(kept) == len(changed) and record is not None and not other.missing(args):
                words = dict.fromkeys(kept, self.request.utterance)
                return self.decided([Draft(other, args, words, 0.75, self.request.utterance)])
        return None

    def _answer(self) -> Interpretation | None:
        """The waiting call with its missing argument, where the sentence answers the question."""
        pending = [s for s in self.context.pending if s.tool in self.box.tools]
        if not pending:
            return self._answer_without_call()
        step = pending[0]
        tool = self.box.tools[step.tool]
        if self._is_new_command(tool):
            return None
        text = self.request.utterance
        other = self._named_system(tool)
        if other is not None:
            return self._moved(step.args, other)
        name = reply.wanted(step, tool, self.context.asked)
        if not name or reply.is_correction(text):
            changed = reply.revised(step, text, tool, self.box.forms[tool.id], self.writer, self.box)
        else:
            changed = reply.answered(name, text, tool, self.box.forms[tool.id], self.writer, self.box)
        if not changed:
            return None
        drafts = [Draft(tool, {**step.args, **changed}, {n: text for n in changed}, 0.85, text)]
        drafts += [Draft(self.box.tools[s.tool], dict(s.args), {}, 0.85, "") for s in pending[1:]]
        return self.decided(drafts)

    def _answer_without_call(self) -> Interpretation | None:
        """The sentence before the question, completed by the answer."""
        if not self.context.before or len(self.sentence.tokens) > 8:
            return None
        before = Reading(self.box, replace(self.request, utterance=self.context.before, context=()))
        first = before.commands()
        if first.outcome != "clarify" or not first.calls:
            return None
        call = first.calls[0]
        tool = self.box.tools[call.tool]
        other = self._named_system(tool) or (tool if tool.integration in self._named() else None)
        if other is not None and not first.missing:
            return self._moved(call.args, other)
        name = first.missing or next(iter(tool.missing(call.args)), "")
        changed = (
            reply.answered(name, self.request.utterance, tool, self.box.forms[tool.id], self.writer, self.box)
            if name
            else {}
        )
        if not changed:
            return None
        return self.decided(
            [
                Draft(
                    tool,
                    {**call.args, **changed},
                    {n: self.request.utterance for n in changed},
                    0.8,
                    self.context.before,
                )
            ]
        )

    def _named(self) -> set[str]:
        from agent.local.evidence import named

        return named(self.request.utterance, self.box.traits)

    def _named_system(self, tool: Tool) -> Tool | None:
        """The tool of the same name in another system that a short answer names."""
        named = self._named() - {tool.integration}
        if not named or len(self.sentence.tokens) > 6:
            return None
        ending = tool.id.partition(".")[2]
        return next(
            (t for t in self.box.tools.values() if t.integration in named and t.id.endswith("." + ending)), None
        )

    def _moved(self, args: dict[str, object], tool: Tool) -> Interpretation | None:
        """The sentence before, read as another tool."""
        sentence = self.read(self.context.before)
        filled = fill(self.box.read(tool.id, sentence), sentence, self.box.forms[tool.id], self.writer)
        kept = {k: v for k, v in args.items() if k in tool.properties and v not in filled.args.values()}
        return self.decided(
            [Draft(tool, {**kept, **filled.args}, filled.words, 0.8, self.context.before, filled.impossible)]
        )

    def _is_new_command(self, tool: Tool) -> bool:
        """Whether a sentence after a question is a command of its own."""
        tokens = self.sentence.tokens
        if len(tokens) < 4 or reply.is_correction(self.request.utterance):
            return False
        best = self.ranked(self.sentence)[0]
        return (
            best.tool.id != tool.id
            and not best.talk
            and best.probability > 0.6
            and not [n for n in best.tool.required if n not in _labels(best)]
        )


def _is_thanks(text: str) -> bool:
    """Whether a few words only thank or praise: "perfect, good to know"."""
    words = fold(text).split()
    is_short = 0 < len(words) <= MOST_THANKS and not any(c.isdigit() or c in "#@?:" for c in text)
    return is_short and bool(_THANKS.match(text)) and not any(word in COMMAND for word in words[1:])


def _labels(candidate: Candidate) -> set[str]:
    return {part for s in candidate.reading.segments for part in s.label.split("+")}
