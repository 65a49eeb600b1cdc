"""One sentence read as commands: clauses, tools, arguments, and the decision to act or ask."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from agent.interpretation import Interpretation, Request
from agent.local import clause, decision, foreign, piece, plan, question
from agent.local.context import Context, has_ordinal
from agent.local.evidence import named
from agent.local.moment import length
from agent.local.plan import Draft
from agent.local.rank import Clue
from agent.local.read import read
from agent.local.role import role_of
from agent.local.text import Sentence
from agent.local.toolbox import Candidate, Toolbox
from agent.local.value import Writer, fill
from agent.local.word import PRONOUN, stem
from core.tool import Call, Tool

LEAN = 1.0
POINTED = 1.5
MOST_CUTS = 5
MOST_ELLIPTIC = 8
MOST_REMARK = 5  # words behind a command that are still a remark and no text
PLAIN_CUT = 2.0  # the logit above which a further command is not doubted
SPLIT_GAIN = 0.2  # how much surer the plan must be without a cut that is there
CUT_GAIN = 0.0  # and with one that is not
DOUBT = -2.5  # the logit below which no further command is looked for
MOST_DOUBTS = 2
_SHIFT = re.compile(
    r"\b(?:(earlier|sooner|forward|up by)|later|back\b.* by|push\b.* by|delay\b.* by|postpone\b.* by)\b", re.I
)
_REPEATED = re.compile(r"^(?:every|each)\b", re.I)


class Reading:
    """One sentence being read."""

    def __init__(self, box: Toolbox, request: Request) -> None:
        self.box = box
        self.request = request
        zone = request.user.zone
        self.writer = Writer(request.user.name, request.user.email, request.now.astimezone(zone), zone)
        self.context = Context.of(request.context, request.user.name)
        self.evidence: tuple[float, ...] = ()
        self._cut_sureness = 0.0
        self.sentence = self.read(request.utterance)

    def read(self, text: str) -> Sentence:
        """A text with its typed spans."""
        return read(text, self.writer.now, self.request.directory.names)

    def talk(self, kind: str, confidence: float, nearest: Tool | None = None) -> Interpretation:
        """What to say to words that are no command."""
        if kind == "confirm" and self.context.pending:
            waiting = [Call(tool=step.tool, args=step.args) for step in self.context.pending]
            complete = all(
                t.id in self.box.tools and not self.box.tools[t.id].missing(c.args)
                for c in waiting
                for t in [self.box.tools.get(c.tool)]
                if t
            )
            if waiting and complete:
                return Interpretation("call", tuple(waiting), confidence, act="confirm")
        act = {"unsupported": "out_of_scope", "correct": "command"}.get(kind, kind)
        reason = question.unsupported(nearest) if kind in ("unsupported", "out_of_scope") else ""
        return Interpretation("decline", confidence=confidence, reason=reason, act=act)  # type: ignore[arg-type]

    def ranked(self, sentence: Sentence) -> list[Candidate]:
        """The best tools of a sentence that is one command."""
        return self._candidates(self.clue(sentence))

    def clue(self, sentence: Sentence) -> Clue:
        """What is seen of a sentence in its conversation."""
        return self.box.clue(sentence, piece.before(self.context))

    def _candidates(self, clue: Clue, *, before: str = "", is_later: bool = False) -> list[Candidate]:
        """The best tools for a clause, leaning on the system of the clause or the turn before it."""
        is_bound = self._is_bound(clue.sentence)
        is_pointing = any(low in PRONOUN for low in clue.sentence.lows) or has_ordinal(clue.sentence.raw)
        pointed = is_pointing and (is_bound or is_later)
        leaned = before if is_later and not self._is_own(clue.sentence) else self._favoured(clue.sentence)
        return self.box.candidates(
            clue,
            connected=self.request.connected,
            favoured=leaned,
            boost=POINTED if pointed and not self._is_own(clue.sentence) else LEAN,
            is_bound=is_later or is_bound,
        )

    def _reread(self, found: Sequence[Candidate], sentence: Sentence) -> list[Candidate]:
        """The same tools over more words."""
        sight = self.box.see(sentence)
        return [c if c.talk else replace(c, reading=self.box.read(c.tool.id, sentence, sight)) for c in found]

    def _chained(self, sentences: Sequence[Sentence]) -> list[list[Candidate]]:
        """Each clause, where a later one is read with the call before it in mind."""
        ranked: list[list[Candidate]] = []
        before, done = "", piece.before(self.context)
        for n, sentence in enumerate(sentences):
            found = self._candidates(self.box.clue(sentence, done), before=before, is_later=n > 0)
            ranked.append(found)
            if not found[0].talk:
                before, done = found[0].tool.integration, piece.done(found[0].tool.id)
        return ranked

    def _is_own(self, sentence: Sentence) -> bool:
        """Whether a clause names its system or a place that only some have."""
        return bool(named(sentence.raw, self.box.traits)) or any(
            s.kind in ("channel", "repo", "url") for s in sentence.spans
        )

    def _is_bound(self, sentence: Sentence) -> bool:
        """Whether what a sentence leaves out may be what the conversation has in hand."""
        return bool(self.context.things) and not self.context.pending

    def _favoured(self, sentence: Sentence) -> str:
        """The system the conversation is about, where the sentence names none."""
        return self.context.integrations[0] if self.context.integrations else ""

    def commands(self) -> Interpretation:
        """The sentence as one or several commands; where a cut is in doubt, the surer plan of those with and without."""
        whole = self.clue(self.sentence)
        edges = (
            []
            if whole.sight is None
            else [(float(whole.sight.edges[k, 2]), k) for k in range(1, len(whole.sight.edges))]
        )
        cuts = sorted(k for logit, k in sorted(edges, reverse=True)[:MOST_CUTS] if logit > 0)
        best, evidence = self._cut(cuts, whole), self.evidence
        liked = decision.preference(evidence, self.box.calibration)
        in_doubt = [(logit, k) for logit, k in sorted(edges, reverse=True) if DOUBT < logit <= PLAIN_CUT][:MOST_DOUBTS]
        for logit, k in in_doubt:
            other = [*cuts, k] if logit <= 0 else [cut for cut in cuts if cut != k]
            tried = self._cut(sorted(other), whole)
            now = decision.preference(self.evidence, self.box.calibration) if tried.outcome == "call" else -1.0
            is_whole = bool(best.missing) and bool(tried.calls) and not tried.missing and logit > 0
            is_better = is_whole or now - liked > (CUT_GAIN if logit <= 0 else SPLIT_GAIN)
            if is_better and (logit > 0 or len(tried.calls) > len(best.calls)):
                best, evidence, liked, cuts = tried, self.evidence, now, sorted(other)
        self.evidence = evidence
        return best

    def _cut(self, cuts: list[int], whole: Clue) -> Interpretation:
        """The sentence cut before these words."""
        edges = whole.sight.edges[1:, 2] if whole.sight is not None else np.zeros(0)
        chosen = np.isin(np.arange(1, len(edges) + 1), cuts)
        self._cut_sureness = float(-np.log1p(np.exp(np.where(chosen, -edges, edges))).sum())
        parts = clause.clauses(self.sentence, cuts)
        kept = [p for p in parts if not p.is_negated]
        if len(parts) == 1 or not kept:
            return self._single(self._candidates(whole))
        sentences = [self.read(p.text) for p in kept]
        ranked = self._chained(sentences)
        if len(kept) == 1:
            return self._single(ranked[0], sentences[0])
        joined = decision.joined(ranked)
        if joined is None:
            return self._single(self._candidates(whole))
        drafts: list[Draft] = []
        for n, (first, last) in enumerate(joined):
            text = self.sentence.raw[kept[first].start : kept[last - 1].start + len(kept[last - 1].text)]
            if last - first == 1:
                sentence, found = sentences[first], ranked[first]
            else:
                sentence = self.read(text)
                found = ranked[first] if n else self.ranked(sentence)
                found = self._reread(found, sentence) or found
            best = next((c for c in found if not c.talk), None)
            if best is None or (found[0].talk and found[0].probability > 0.6):
                continue
            drafts += self._drafts(best, sentence)
        if not drafts:
            return self._single(self._candidates(whole))
        return self.decided(plan.linked(drafts, self.context))

    def _single(self, found: Sequence[Candidate], sentence: Sentence | None = None) -> Interpretation:
        """The sentence as one command, a question between two, or none."""
        sentence = sentence or self.sentence
        best = found[0]
        nearest = next((c.tool for c in found if not c.talk), None)
        if best.talk == "correct" and self.context.last is not None:
            found = [c for c in found if not c.talk] or found
            best = found[0]
        if best.talk:
            return self.talk(best.talk, best.probability, nearest)
        if stranger := self._stranger(best, sentence):
            return Interpretation(
                "decline", confidence=best.probability, reason=question.not_here(stranger, nearest), act="out_of_scope"
            )
        refusal = self._refused(best, sentence)
        if refusal is not None:
            return refusal
        rival = decision.rival(found, sentence)
        if (
            rival is not None
            and not self.context.last
            and best.tool.integration not in named(sentence.raw, self.box.traits)
        ):
            drafts = plan.linked(self._drafts(best, sentence), self.context)
            tools = [best.tool, rival.tool]
            return Interpretation(
                "clarify", plan.calls(drafts), best.probability, question.which_system(tools),
                options=tuple(dict.fromkeys(t.title or t.integration for t in tools)), words=plan.words(drafts),
            )  # fmt: skip
        drafts = self._drafts(best, sentence)
        if self._says_nothing(drafts, best):
            return self.talk("small_talk", best.probability, nearest)
        return self.decided(plan.linked(drafts, self.context))

    def _says_nothing(self, drafts: Sequence[Draft], best: Candidate) -> bool:
        """Whether words after a turn would do the last thing once more, or change a record to what it is."""
        last = self.context.last
        if last is None or best.tool.effect == "read" or any(draft.args for draft in drafts):
            return False
        has_more = len(best.tool.required) < len(best.tool.properties)
        return last.tool == best.tool.id or (has_more and best.tool.id.partition(".")[2].startswith("update"))

    def _stranger(self, best: Candidate, sentence: Sentence) -> str:
        """The system that the sentence is for where it is none of ours, "" else; a title or a text may name any."""
        name = foreign.named(sentence)
        if not name or self._is_own(sentence):
            return ""
        telling = [s for s in best.reading.segments if role_of(s.label) in ("title", "body", "query")]
        held = " ".join(sentence.between(s.first, s.last).lower() for s in telling)
        return "" if name.lower() in held else name

    def _refused(self, best: Candidate, sentence: Sentence) -> Interpretation | None:
        """A repetition that the tool cannot express."""
        covered = [(s.first, s.last) for s in best.reading.segments]
        for k, token in enumerate(sentence.tokens):
            if token.kind != "every" or not _REPEATED.match(token.text) or best.tool.effect == "read":
                continue
            if (k and any(i <= k < j for i, j in covered)) or "recurrence" in best.tool.properties:
                continue
            return Interpretation(
                "decline", confidence=best.probability, reason=question.no_schedule(token.text, best.tool)
            )
        return None

    def _drafts(self, best: Candidate, sentence: Sentence) -> list[Draft]:
        form = self.box.forms[best.tool.id]
        filled = fill(best.reading, sentence, form, self.writer, base=self._base(best))
        args, said = dict(filled.args), dict(filled.words)
        if (told := _told_after(best, sentence)) is not None and told[0] not in args:
            args[told[0]] = said[told[0]] = told[1]
        if (shifted := self._shifted(best.tool, sentence)) is not None:
            args = {name: value for name, value in args.items() if name not in ("start", "end", "duration")}
            args["start"] = said["start"] = shifted
        draft = Draft(
            best.tool,
            args,
            said,
            best.probability,
            sentence.raw,
            filled.impossible,
            best.reading.sureness,
            best.reading.unexplained,
        )
        return plan.several(self._completed(draft, sentence), sentence.raw)

    def _completed(self, draft: Draft, sentence: Sentence) -> Draft:
        """A short question that names no kind of record asks the last one again, with something else in it."""
        last = self.context.last
        if last is None or last.tool != draft.tool.id or draft.tool.effect != "read" or not draft.args:
            return draft
        nouns = {stem(word) for word in draft.tool.id.partition(".")[2].split("_")[1:]}
        if len(sentence.tokens) > MOST_ELLIPTIC or nouns & {stem(token.low) for token in sentence.tokens}:
            return draft
        return replace(draft, args={**last.args, **draft.args})

    def _shifted(self, tool: Tool, sentence: Sentence) -> str | None:
        """The new beginning of the event in hand, for "half an hour later" and "push it back by an hour"."""
        match, span = _SHIFT.search(sentence.raw), next((s for s in sentence.spans if s.kind == "duration"), None)
        if (
            match is None
            or span is None
            or "start" not in tool.properties
            or tool.effect != "write"
            or not self.context.things
        ):
            return None
        thing = self.context.things[0][0]
        start = str(thing.record.get("start") or thing.args.get("start") or "")
        try:
            at = datetime.fromisoformat(start).astimezone(self.writer.zone)
        except ValueError:
            return None
        is_earlier = bool(match[1])
        return (at - length(span.value) if is_earlier else at + length(span.value)).isoformat(timespec="seconds")

    def _base(self, best: Candidate) -> datetime | None:
        """When the event in hand starts, for "move it to 11"."""
        pointed = [s for s in best.reading.segments if s.label == "event"]
        if (
            "event" not in best.tool.properties
            or not self.context.things
            or (pointed and not self._is_bound(self.sentence))
        ):
            return None
        start = str(self.context.things[0][0].record.get("start") or self.context.things[0][0].args.get("start") or "")
        try:
            return datetime.fromisoformat(start).astimezone(self.writer.zone)
        except ValueError:
            return None

    def decided(self, drafts: Sequence[Draft]) -> Interpretation:
        """Calls where all is there and sure enough, else one question."""
        self.evidence = decision.evidence(drafts, is_later=bool(self.request.context), cuts=self._cut_sureness)
        sure = decision.confidence(self.evidence, self.box.calibration)
        for n, draft in enumerate(drafts):
            missing = draft.missing
            if not missing and not draft.impossible:
                continue
            name = draft.impossible or missing[0]
            rest = [d for k, d in enumerate(drafts) if k != n]
            asked = (
                question.impossible(_impossible(self.sentence))
                if draft.impossible
                else question.ask_for(draft.tool, name)
            )
            return Interpretation(
                "clarify", plan.calls([draft]), sure, asked, name, question.options(draft.tool, name), plan.calls(rest), words=plan.words([draft]),
            )  # fmt: skip
        idle = next((draft for draft in drafts if _changes_nothing(draft)), None)
        if idle is not None:
            rest = [draft for draft in drafts if draft is not idle]
            return Interpretation(
                "clarify", plan.calls([idle]), sure, question.what_to_change(idle.tool), rest=plan.calls(rest), words=plan.words([idle]),
            )  # fmt: skip
        if not decision.is_sure(drafts, sure):
            return decision.unsure(drafts, sure)
        return Interpretation("call", plan.calls(drafts), sure, words=plan.words(drafts))


def _told_after(best: Candidate, sentence: Sentence) -> tuple[str, str] | None:
    """The text of a new record and the sentences behind the command that tell it: "… urgent. The lights are out."."""
    names = [n for n in best.tool.properties if role_of(n) == "body" and n not in best.tool.required]
    if not names or not best.tool.id.partition(".")[2].startswith(("create_", "open_", "add_")):
        return None
    last = max((s.last for s in best.reading.segments), default=0)
    tokens = sentence.tokens
    ends = [k for k in range(last, len(tokens) - 1) if tokens[k].text in ".!" and not tokens[k + 1].is_sign]
    if not ends or len(tokens) - ends[0] - 1 < MOST_REMARK:
        return None
    return names[0], sentence.raw[tokens[ends[0] + 1].start :].strip()


def _changes_nothing(draft: Draft) -> bool:
    """Whether a change of a record names the record and nothing that changes."""
    tool = draft.tool
    is_change = tool.id.partition(".")[2].startswith(("update_", "edit_"))
    return is_change and len(tool.required) < len(tool.properties) and set(draft.args) <= set(tool.required)


def _impossible(sentence: Sentence) -> str:
    return next((s.text for s in sentence.spans if s.kind == "when" and s.value.impossible), "that")
