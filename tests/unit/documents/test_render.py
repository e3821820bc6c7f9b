"""Rendering: nothing that people sent becomes markup, defaults say so, words can be replaced."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sla_engine.documents.form import Days, Document, Moment
from sla_engine.documents.register import FORMS, draw
from sla_engine.documents.render import render
from sla_engine.errors import Refusal
from sla_engine.wording import load_wording
from tests.support.given import instant
from tests.support.papers import SOURCES

WORDING = load_wording()


def golden(name: str) -> Document:
    kind, of, source = SOURCES[name]
    return draw(kind, of, source)


def changed(document: Document, **fields: Any) -> Document:
    return replace(document, fields={**document.fields, **fields})


def test_what_people_sent_is_text_in_a_page_and_in_markdown() -> None:
    document = changed(golden("talk-notice"), place="<script>x</script> | a *b* [c](d)")
    page = render(document, "html", WORDING)
    assert "<script>" not in page
    assert "&lt;script&gt;x" in page
    text = render(document, "md", WORDING)
    assert r"\<script\>x\</script\> \| a \*b\* \[c\](d)" in text


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_page_is_whole_prints_on_a4_and_runs_nothing(name: str) -> None:
    page = render(golden(name), "html", WORDING)
    assert "@page { size: A4" in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    body = page[page.index("<body>") : page.index("</body>") + len("</body>")]
    ElementTree.fromstring(body)


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_markdown_tables_have_as_many_cells_in_every_row(name: str) -> None:
    for block in render(golden(name), "md", WORDING).split("\n\n"):
        lines = block.splitlines()
        if lines and all(line.startswith("|") for line in lines):
            cells = {line.replace(r"\|", "").count("|") for line in lines}
            assert len(cells) == 1, block


def test_a_default_says_that_it_is_one_and_a_published_limit_does_not() -> None:
    text = render(golden("service-card"), "md", WORDING)
    promises: Any = golden("service-card")["promises"]
    rows = {row["clause_id"]: row for row in promises}
    assert (rows["callback"]["status"], rows["solve"]["status"]) == ("default", "published")
    assert "5个工作日（建议值，待确认）" in text
    assert "10个工作日（" not in text
    assert "尚无公布的依据" in text


def test_a_document_without_defaults_does_not_speak_of_them() -> None:
    assert "建议值" not in render(golden("statement"), "md", WORDING)


def test_a_place_puts_its_own_words_over_those_shipped(tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text('unstated = ["（空缺）", "blank"]\n', encoding="utf-8")
    (tmp_path / "urge.jinja").write_text("督 {{ shown(d, 'petition') }}", encoding="utf-8")
    wording = load_wording(tmp_path)
    assert render(golden("urge"), "md", wording).startswith("督 SL2024050001\n")
    minutes = render(golden("talk-minutes"), "md", wording)
    assert "（空缺）" in minutes
    assert "未载明" not in minutes


WRONG: Mapping[str, str] = {
    "{% if %}": "TEMPLATE_WRONG",
    "{{ d.nothing }}": "TEMPLATE_WRONG",
    "{{ t('nothing').zh }}": "TEMPLATE_WRONG",
    "{{ ''.__class__.__mro__ }}": "TEMPLATE_WRONG",
}


@pytest.mark.parametrize("template", WRONG)
def test_a_template_that_does_not_work_is_refused(template: str, tmp_path: Path) -> None:
    (tmp_path / "urge.jinja").write_text(template, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        render(golden("urge"), "md", load_wording(tmp_path))
    assert refused.value.code == WRONG[template]
    assert "urge.jinja" in refused.value.faults[0].where


@pytest.mark.parametrize("labels", ["x = 1\n", 'x = ["a"]\n', 'x = ["a", 2]\n', "x = \n"])
def test_labels_that_cannot_be_read_are_refused(labels: str, tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text(labels, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load_wording(tmp_path)
    assert refused.value.code == "WORDING_UNREADABLE"


def test_every_form_has_a_template_and_every_required_field_a_label() -> None:
    assert [name for name in FORMS if f"{name}.jinja" not in WORDING.templates] == []
    fields = {field.rpartition(".")[2] for form in FORMS.values() for field in form.required}
    assert sorted(fields - WORDING.labels.keys()) == []


def test_labels_are_chinese_with_english_beside() -> None:
    plain = {key for key, text in WORDING.labels.items() if not text.zh or not text.en}
    assert plain == set()
    assert WORDING.labels["number"].zh == "文号"


def test_an_instant_reads_as_officials_write_it() -> None:
    assert str(Moment(instant("2024-10-15 09:05"))) == "2024年10月15日 09:05"
    assert str(Moment(instant("2024-10-14 24:00"), ends=True)) == "2024年10月14日 24:00"
    assert str(Moment(instant("2024-10-14 24:00"))) == "2024年10月15日 00:00"
    assert str(Moment(instant("2024-10-14 18:00"), ends=True)) == "2024年10月14日 18:00"


@pytest.mark.parametrize(
    ("word", "said", "months"),
    [
        ("2024-W21", "2024年5月20日至2024年5月26日", 1),
        ("2024-02", "2024年2月1日至2024年2月29日", 1),
        ("2024Q4", "2024年10月1日至2024年12月31日", 3),
        ("2024H1", "2024年1月1日至2024年6月30日", 6),
        ("2024", "2024年1月1日至2024年12月31日", 12),
    ],
)
def test_a_period_says_its_days(word: str, said: str, months: int) -> None:
    days = Days.of(word)
    assert str(days) == said
    assert len(list(days.months())) == months
