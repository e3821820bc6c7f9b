"""Where the words of documents come from: those shipped, and over them a place's own folder."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sla_engine.documents.render import Wording
from sla_engine.errors import refuse, register
from sla_engine.policy.clause import Text

WORDING_UNREADABLE = register(
    "WORDING_UNREADABLE",
    "文书用语文件读不懂：{found}",
    "a file of wording cannot be read: {found}",
    'labels.toml 中每项写成 名称 = ["中文", "English"]',
    'labels.toml has one line for each label: name = ["Chinese", "English"]',
)

_SHIPPED = Path(__file__).parent / "data" / "text"
_LABELS = "labels.toml"


def load_wording(folder: Path | None = None) -> Wording:
    """Templates (`*.jinja`) and labels (`labels.toml`); what `folder` has stands instead of what
    is shipped, label by label. Raises `Refusal` WORDING_UNREADABLE."""
    folders = [_SHIPPED, *([folder] if folder is not None else [])]
    templates = {path.name: _text(path) for each in folders for path in each.glob("*.jinja")}
    labels = {key: text for each in folders for key, text in _labels(each / _LABELS).items()}
    return Wording(templates, labels)


def _labels(path: Path) -> Mapping[str, Text]:
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(_text(path))
        return {key: _pair(value) for key, value in table.items()}
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise refuse(WORDING_UNREADABLE, path.name, error) from None


def _pair(value: Any) -> Text:
    if not (isinstance(value, list) and [type(each) for each in value] == [str, str]):
        raise ValueError(value)
    return Text(*value)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise refuse(WORDING_UNREADABLE, path.name, error) from None
