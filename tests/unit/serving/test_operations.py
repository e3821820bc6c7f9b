"""What operators read, copy and start is what the program has."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from sla_engine.cli.desk import Desk
from sla_engine.cli.main import app
from sla_engine.cli.output import Voice
from sla_engine.delivery.settings import load_delivery
from sla_engine.serving.metrics import Metrics
from sla_engine.serving.role import ROLES
from sla_engine.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "operations.md"
COMPOSE = ROOT / "compose.yaml"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
INSTALLED = "/opt/sla-engine/bin/sla-engine"


def table(heading: str) -> list[list[str]]:
    """Cells of the rows of the one table with that heading."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = lines[lines.index(heading) + 2 :]
    end = next(index for index, line in enumerate(rows) if not line.startswith("|"))
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[:end]]


def parsed(words: list[str]) -> dict[str, Any]:
    """What the command line makes of these words; raises if it does not understand them."""
    root: Any = get_command(app)
    with root.make_context("sla-engine", words, obj=Desk(Voice())) as ctx:
        command: Any = root.commands[words[0]]
        with command.make_context(words[0], words[1:], parent=ctx) as found:
            params: dict[str, Any] = found.params
            return params


def roles_of(words: list[str]) -> list[str]:
    return [role.value for role in parsed(words).get("role") or ()]


# ------------------------------------------------------------------------------------- the page


def test_every_setting_is_listed_with_its_default() -> None:
    told = [row[:2] for row in table("| variable | default | what it is |")]
    assert told == [
        [f"`{PREFIX}{each.name.upper()}`", f"`{each.default}`" if str(each.default) else ""]
        for each in fields(Settings)
    ]


def test_every_figure_is_listed() -> None:
    told = table("| figure | kind | labels | what it says |")
    assert told == [
        [f"`{each.name}`", each.kind, ", ".join(f"`{label}`" for label in each.labels), each.text]
        for each in Metrics().described()
    ]


def test_every_figure_that_is_watched_exists() -> None:
    known = {each.name for each in Metrics().described()}
    watched = [row[0] for row in table("| alert when | because |")]
    named = {name for alert in watched for name in re.findall(r"sla_engine_\w+", alert)}
    assert len(named) > 8
    assert named - known == set()


def test_every_role_is_described() -> None:
    rows = table("| role | what it does | needs | when none runs |")
    assert {row[0].strip("`") for row in rows} == set(ROLES)


# -------------------------------------------------------------------------------------- systemd


def unit(path: Path) -> RawConfigParser:
    read = RawConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    read.read(path, encoding="utf-8")
    return read


def test_there_is_a_unit_for_each_role_and_the_program_understands_it() -> None:
    started = [shlex.split(unit(path)["Service"]["ExecStart"]) for path in UNITS]
    assert {words[0] for words in started} == {INSTALLED}
    assert sorted(role for words in started for role in roles_of(words[1:])) == sorted(ROLES)
    assert len({parsed(words[1:])["port"] for words in started}) == len(ROLES)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_is_restarted_watched_and_shut_in(path: Path) -> None:
    service = unit(path)["Service"]
    expected = {
        "Type": "notify",
        "Restart": "always",
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
    }
    assert {name: service.get(name) for name in expected} == expected
    assert float(service["TimeoutStopSec"].strip("s")) > Settings().stop_s
    assert float(service["WatchdogSec"].strip("s")) > 10


def test_the_target_starts_every_unit() -> None:
    target = (ROOT / "deploy" / "systemd" / "sla-engine.target").read_text(encoding="utf-8")
    wanted = {word for word in target.split() if word.endswith(".service")}
    assert {word.removeprefix("Wants=") for word in wanted} == {path.name for path in UNITS}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace(INSTALLED, sys.executable)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / path.name) for path in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "sla-engine-" in line]
    assert complaints == []


# --------------------------------------------------------------------------------------- compose


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="no reader of YAML in this environment")
    document: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return document


def ours(compose: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in compose["services"].items():
        if service["image"] == "sla-engine":
            yield name, service


def test_there_is_a_service_for_each_role_and_the_program_understands_it(
    compose: dict[str, Any],
) -> None:
    roles = {name: roles_of(service["command"]) for name, service in ours(compose)}
    assert roles == {"init": [], **{role: [role] for role in ROLES}}


def test_every_service_is_asked_whether_it_is_well(compose: dict[str, Any]) -> None:
    for name, service in ours(compose):
        if name != "init":
            program, *words = service["healthcheck"]["test"][1:]
            assert program == "sla-engine"
            assert parsed(words)["port"] == parsed(service["command"])["port"]
    assert {"postgres", "redis"} <= {
        name for name, each in compose["services"].items() if "healthcheck" in each
    }


def test_services_are_set_by_settings_that_exist(compose: dict[str, Any]) -> None:
    known = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)}
    for _, service in ours(compose):
        assert set(service["environment"]) - known == set()
        assert float(service["stop_grace_period"].strip("s")) > Settings().stop_s


def test_what_waits_in_redis_is_kept_on_disk_and_never_evicted(compose: dict[str, Any]) -> None:
    command = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_endpoints_that_are_shipped_can_be_read() -> None:
    shipped = load_delivery(ROOT / "deploy" / "delivery.toml", {})
    assert [each.name for each in shipped.endpoints] == ["bus"]


def _has_compose() -> bool:
    docker = shutil.which("docker")
    words = [docker or "docker", "compose", "version"]
    return bool(docker) and subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _has_compose(), reason="docker compose is not installed")
def test_compose_understands_the_file() -> None:
    secrets = {"POSTGRES_PASSWORD": "x", "REDIS_PASSWORD": "x"}
    done = subprocess.run(
        ["docker", "compose", "--file", str(COMPOSE), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **secrets},
    )
    assert (done.returncode, done.stderr) == (0, "")
