"""What a script expects of everything at once: figures, rows of read models, published rates,
monthly balances, documents."""

from collections import Counter
from fractions import Fraction

from projections.reconciliation import balances
from projections.scorecard import figures
from scenarios.compare import acts_of
from scenarios.findings import NOTHING, Findings, say
from scenarios.foretold import (
    BalanceExpected,
    DocumentExpected,
    Expect,
    MeasureExpected,
    RowExpected,
)
from sla_engine.documents.orders import NOTHING_TO_DRAW
from sla_engine.documents.render import render
from sla_engine.drafting import drawn
from sla_engine.errors import Refusal
from sla_engine.escalation.kinds import KINDS
from sla_engine.record import Instant
from sla_engine.wiring import Engine
from sla_engine.wording import load_wording


def compare_everything(findings: Findings, expect: Expect, engine: Engine, at: Instant) -> None:
    """Everything a block without a dossier of its own expects."""
    figures = expect.figures
    if figures.counts or figures.told or figures.withdrawn:
        counts, told, withdrawn = _tally(engine, at)
        for name, count in figures.counts.items():
            findings.compare("figures", name, count, counts[name])
        for act, count in figures.told.items():
            findings.compare("figures", f"told.{act}", count, told[act])
        for act, count in figures.withdrawn.items():
            findings.compare("figures", f"withdrawn.{act}", count, withdrawn[act])
    for row in expect.rows:
        _compare_row(findings, row, engine)
    for measure in expect.measures:
        _compare_measure(findings, measure, engine)
    for balance in expect.balances:
        _compare_balance(findings, balance, engine)
    for document in expect.documents:
        _compare_document(findings, document, engine)


def _compare_row(findings: Findings, expected: RowExpected, engine: Engine) -> None:
    about = f"{expected.projection} · {expected.key}"
    found = dict(engine.rows(expected.projection)).get(expected.key)
    findings.compare(about, "row", not expected.absent, found is not None)
    if found is None:
        return
    for name, value in expected.columns.items():
        findings.compare(about, name, value, found.get(name))


def _compare_measure(findings: Findings, expected: MeasureExpected, engine: Engine) -> None:
    """A group in which nothing was counted has no figure; its rate is one of nothing."""
    pack = engine.rules.pack(expected.pack, expected.last)
    cells = engine.rows("scorecard.cells")
    every = figures(cells, pack, expected.first, expected.last, expected.by)
    asked = (expected.measure, expected.group)
    found = next((each for each in every if (each.measure, each.group) == asked), None)
    about = " · ".join(part for part in (expected.pack, *asked) if part)
    for field, value in expected.values.items():
        if field == "percent":
            share = percent(found.share if found else None, str(value))
            findings.compare(about, field, value, share)
        else:
            findings.compare(about, field, value, getattr(found, field, 0))


def _compare_balance(findings: Findings, expected: BalanceExpected, engine: Engine) -> None:
    """A list that has never held anything of the unit balances at nothing."""
    every = balances(engine.rows("reconciliation.cells"), expected.month)
    asked = (expected.pack, expected.list, expected.unit)
    found = next((each for each in every if (each.pack, each.list, each.unit) == asked), None)
    about = " · ".join((*asked, expected.month))
    for field, value in expected.values.items():
        findings.compare(about, field, value, getattr(found, field, 0))


def _compare_document(findings: Findings, expected: DocumentExpected, engine: Engine) -> None:
    about = f"{expected.document} · {expected.of}"
    try:
        document = drawn(engine, expected.document, expected.of, expected.unit)
    except Refusal as refusal:
        found = "false" if refusal.code == NOTHING_TO_DRAW else refusal.code
        findings.compare(about, "document", say("", not expected.absent), found)
        return
    findings.compare(about, "document", say("", not expected.absent), "true")
    page = render(document, "md", load_wording())
    for part in expected.contains:
        findings.compare(about, "contains", part, part if part in page else NOTHING)
    for part in expected.lacks:
        findings.compare(about, "lacks", NOTHING, part if part in page else NOTHING)


def percent(share: Fraction | None, like: str) -> str:
    """A share in percent with as many decimals as `like`, halves rounded up; "none" of nothing."""
    if share is None:
        return "none"
    decimals = len(like.partition(".")[2])
    scaled = share * 100 * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return f"{whole // 10**decimals}.{whole % 10**decimals:0{decimals}}" if decimals else str(whole)


def _tally(engine: Engine, at: Instant) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Dossiers and petition clocks by state, acts told, acts told and withdrawn later."""
    counts: Counter[str] = Counter()
    told: Counter[str] = Counter()
    withdrawn: Counter[str] = Counter()
    for kind in KINDS:
        for stream in engine.log.streams(f"{kind}/"):
            assessment = engine.assess(stream, at)
            counts[f"{kind}s"] += 1
            if kind == "petition":
                counts.update(reading.state.value for reading in assessment.readings)
            for act in acts_of(assessment.dossier):
                if not act.fired.silent:
                    (told if act.stands else withdrawn)[act.fired.act] += 1
    return counts, told, withdrawn
