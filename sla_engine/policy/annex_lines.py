"""The tables beside the clauses, laid out as lines: lists, series, triggers, measures, routes."""

from collections.abc import Iterator, Set
from typing import NamedTuple

from sla_engine.policy.clause import (
    ListRules,
    Measure,
    Pack,
    Place,
    Route,
    Series,
    Text,
    Trigger,
)
from sla_engine.policy.wording import (
    Line,
    Told,
    cited,
    level,
    matching,
    named,
    plain,
    tier,
    told_lines,
    yes,
)

FORMS: dict[str, Text] = {
    "board": Text("榜单", "board"),
    "award": Text("评选", "award"),
    "report": Text("上报", "report"),
    "statement": Text("对账", "statement"),
    "score": Text("评分", "scoring"),
    "walk": Text("走访", "walk"),
    "publication": Text("公布", "publication"),
    "batch": Text("批次", "batch"),
}
CYCLES: dict[str, Text] = {
    "": Text("人工开启", "opened by hand"),
    "day": Text("每日", "daily"),
    "week": Text("每周", "weekly"),
    "month": Text("每月", "monthly"),
    "quarter": Text("每季", "quarterly"),
    "half_year": Text("每半年", "half-yearly"),
    "year": Text("每年", "yearly"),
}


class Entry(NamedTuple):
    """One table beside the clauses: where it stands, what it is, and what it says."""

    path: str
    label: Text
    told: list[Told]


def annex(pack: Pack) -> Iterator[Entry]:
    """Every list, series, place of a board, trigger, measure and line of the catalogue."""
    for rules in pack.lists.values():
        label = _label("清单", "list", rules.name, rules.id)
        yield Entry(f"list.{rules.id}", label, _list(pack, rules))
    for series in pack.series.values():
        label = _label("系列", "series", series.name, series.id)
        yield Entry(f"series.{series.id}", label, _series(series))
        for place in series.places:
            board = Text(f"{label.zh}“{place.name.zh}”", f"{label.en}, place {place.id}")
            yield Entry(f"series.{series.id}.place.{place.id}", board, _place(place))
    for trigger in pack.triggers:
        label = _label("触发", "trigger", trigger.name, trigger.id)
        yield Entry(f"trigger.{trigger.id}", label, _trigger(pack, trigger))
    for measure in pack.measures.values():
        label = _label("指标", "measure", measure.name, measure.id)
        yield Entry(f"measure.{measure.id}", label, _measure(measure))
    for number, route in enumerate(pack.routes, 1):
        label = Text(f"派单目录第 {number} 行", f"line {number} of the dispatch catalogue")
        yield Entry(f"route.{number}", label, _route(pack, route))


def annex_ids(pack: Pack) -> set[str]:
    """Places of what has a name; the lines of the catalogue have none and move."""
    return {entry.path for entry in annex(pack) if not entry.path.startswith("route.")}


def annex_lines(pack: Pack, shared: Set[str]) -> Iterator[Line]:
    """Everything the tables beside the clauses say; what is not `shared` takes one line."""
    for path, label, told in annex(pack):
        yield from told_lines(path, label, told, path in shared)


def _label(zh: str, en: str, name: Text, code: str) -> Text:
    return Text(f"{zh}“{name.zh}”（{code}）", f"{en} {code}")


def _list(pack: Pack, rules: ListRules) -> list[Told]:
    return [
        ("name", "名称", "name", rules.name),
        ("needs", "销号须先完成", "strike-off needs", named(rules.needs, pack.steps)),
        ("despite", "容缺开始的事由", "may start despite", named(rules.despite, pack.grounds)),
        *cited(rules.basis, rules.status),
    ]


def _series(series: Series) -> list[Told]:
    floors = ", ".join(f"{name} {points}" for name, points in series.floor.items())
    return [
        ("name", "名称", "name", series.name),
        ("form", "形式", "form", FORMS[series.form]),
        ("cycle", "周期", "cycle", CYCLES[series.cycle]),
        ("dimensions", "评分维度", "dimensions", named([*series.dimensions], series.dimensions)),
        ("floor", "下限", "floor", plain(floors)),
        ("improve", "低于下限列入", "below the floor goes on", plain(series.improve)),
        ("measure", "排名指标", "ranked by", plain(series.measure)),
        *cited(series.basis, series.status),
    ]


def _place(place: Place) -> list[Told]:
    return [
        ("name", "名称", "name", place.name),
        ("praise", "表扬", "an honour", yes(place.praise)),
        ("top", "前几名", "first so many", plain(place.top or "")),
        ("bottom", "后几名", "last so many", plain(place.bottom or "")),
        ("below", "低于", "below", plain("" if place.below is None else f"{place.below}")),
        (
            "at_least",
            "不低于",
            "at least",
            plain("" if place.at_least is None else f"{place.at_least}"),
        ),
        *cited(place.basis, place.status),
    ]


def _trigger(pack: Pack, trigger: Trigger) -> list[Told]:
    within = CYCLES.get(trigger.within, plain(trigger.within))
    return [
        ("name", "名称", "name", trigger.name),
        ("counts", "累计", "counts", plain(", ".join(trigger.counts))),
        ("at_least", "次数", "at least", plain(trigger.at_least)),
        (
            "within",
            "期间",
            "within",
            Text("连续", "consecutive") if trigger.consecutive else within,
        ),
        ("act", "动作", "act", pack.acts[trigger.act]),
        ("tier", "层级", "tier", tier(trigger.tier)),
        ("level", "级别", "level", level(trigger.level)),
        ("to", "送达", "sent to", named(trigger.to, pack.roles)),
        *cited(trigger.basis, trigger.status),
    ]


def _measure(measure: Measure) -> list[Told]:
    weights = ", ".join(f"{name} {weight} %" for name, weight in measure.weights.items())
    return [
        ("name", "名称", "name", measure.name),
        ("formula", "算法", "formula", measure.formula),
        ("numerator", "分子", "numerator", plain(" + ".join(measure.numerator))),
        ("denominator", "分母", "denominator", plain(" + ".join(measure.denominator))),
        ("weights", "权重", "weights", plain(weights)),
        *cited(measure.basis, measure.status),
    ]


def _route(pack: Pack, route: Route) -> list[Told]:
    unit = plain(route.unit) if route.unit else named((route.role,), pack.roles)
    return [
        ("match", "适用范围", "applies to", matching(route.match)),
        ("unit", "派往", "dispatched to", unit),
        ("level", "派单层级", "level", plain(route.level)),
        *cited(route.basis, route.status),
    ]
