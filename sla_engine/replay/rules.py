"""Rules as a question puts them: one edition from the start, the calendar as of one moment."""

from collections.abc import Mapping

from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Pack
from sla_engine.policy.rulebook import Rulebook
from sla_engine.record import Instant
from sla_engine.replay.question import Question
from sla_engine.worktime import Almanac, Calendar

EDITION_UNKNOWN = register(
    "EDITION_UNKNOWN",
    "没有政策版本“{found}”，有：{allowed}",
    "there is no edition {found}; there are: {allowed}",
    "写成 名称@版本，例如 sla-engine policy list 所列",
    "write NAME@EDITION as sla-engine policy list shows them",
)
NOTICE_UNKNOWN = register(
    "NOTICE_UNKNOWN",
    "日历中没有通知“{found}”，有：{allowed}",
    "no calendar has a notice {found}; there are: {allowed}",
)


class Restated(Rulebook):
    """A rulebook that answers as a question wants it, whenever what is judged happened.

    `governs` gives the one edition for all there are of a name. `calendar_at`: calendars are drawn
    from what was known then, as if it had always been; None leaves them as they became known.
    """

    def __init__(
        self,
        rules: Rulebook,
        almanacs: Mapping[str, Almanac],
        governs: Mapping[str, Pack],
        calendar_at: Instant | None,
    ) -> None:
        super().__init__(almanacs, rules.packs)
        self.governs = dict(governs)
        self.calendar_at = calendar_at

    def pack_on(self, name: str, at: Instant, known_at: Instant | None = None) -> Pack:
        return self.governs.get(name) or super().pack_on(name, at, known_at)

    def talks_on(self, name: str, at: Instant, known_at: Instant | None = None) -> Pack:
        return self.governs.get(name) or super().talks_on(name, at, known_at)

    def calendar(self, pack: Pack, region: str, known_at: Instant | None = None) -> Calendar:
        known = known_at if self.calendar_at is None else self.calendar_at
        return super().calendar(pack, region, known)


def restated(rules: Rulebook, question: Question) -> Rulebook:
    """The rulebook by which a question is answered; `rules` itself where it keeps to those.

    Raises `Refusal` POLICY_UNKNOWN, EDITION_UNKNOWN or NOTICE_UNKNOWN.
    """
    if question.as_stamped:
        return rules
    governs = {}
    if question.pack:
        pack = edition(rules, question.pack)
        governs[question.instead_of or pack.name] = pack
    almanacs = rules.almanacs
    if question.without:
        _check_citations(rules, question.without)
        almanacs = {name: each.without(question.without) for name, each in almanacs.items()}
    return Restated(rules, almanacs, governs, question.calendar_at)


def edition(rules: Rulebook, name: str) -> Pack:
    """The pack of "NAME@EDITION" (or of a digest instead of the edition).

    Raises `Refusal` POLICY_UNKNOWN or EDITION_UNKNOWN.
    """
    own, _, wanted = name.partition("@")
    editions = rules.editions(own)
    for pack in editions:
        if wanted and wanted in (pack.edition, pack.digest):
            return pack
    there = ", ".join(sorted(f"{pack.name}@{pack.edition}" for pack in editions))
    raise refuse(EDITION_UNKNOWN, "pack", name, there)


def _check_citations(rules: Rulebook, citations: tuple[str, ...]) -> None:
    known = {n.citation for almanac in rules.almanacs.values() for n in almanac.notices}
    for citation in citations:
        if citation not in known:
            raise refuse(NOTICE_UNKNOWN, "without", citation, ", ".join(sorted(known)))
