"""A mapping file: which column of a log is what (docs/import.md).

One pydantic model per TOML table; every fault of a file is found in one reading.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from sla_engine.errors import Fault, Refusal, refuse, register, shorten
from sla_engine.importing.moment import DAY, DIRECTIVES, RFC3339, Clockface, DayAt, directives
from sla_engine.importing.moment import precision_of
from sla_engine.importing.value import Value, value_of
