"""docker-compose.yml, the image and `make up` agree with the rest of the project."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from celery.beat import Scheduler

from smsmanager import beat, celery
from tests import compose
from tests.house import tree
from tests.house.test_settings import check

SERVICES = compose.services(compose.GIVEN)
OURS = {name: s for name, s in SERVICES.items() if s.get("image") == "smsmanager"}
LASTING = {name: s for name, s in SERVICES.items() if name != "migrate"}
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN")


def words(name: str) -> list[str]:
    return compose.command(SERVICES[name])


def option(name: str, flag: str) -> str:
    found = words(name)
    return found[found.index(flag) + 1]


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


def test_every_part_has_its_service() -> None:
    workers = {"worker-quick", "worker-bulk", "worker-callbacks", "worker-imports"}
    assert set(SERVICES) == {"db", "redis", "migrate", "web", "carrier", "beat"} | workers


@pytest.mark.parametrize("name", sorted(compose.GIVEN))
def test_without_a_value_of_ones_own_nothing_starts(name: str) -> None:
    with pytest.raises(compose.NotSet, match=name):
        compose.services({k: v for k, v in compose.GIVEN.items() if k != name})


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable):
                assert value == compose.GIVEN[variable], f"{name}: {variable}"
    raw = tree.read(Path("docker-compose.yml"))
    assert not [v for v in compose.variables() if SECRET.search(v) and f"${{{v}:-" in raw]


def test_the_environment_passes_the_checks_of_production_silently(tmp_path: Path) -> None:
    environment = SERVICES["web"]["environment"] | {"DATA_DIR": str(tmp_path)}
    passed = check("--deploy", "--fail-level", "DEBUG", **environment)
    assert (passed.returncode, passed.stderr) == (0, "")


@pytest.mark.parametrize("name", OURS)
def test_every_part_of_ours_hears_the_same(name: str) -> None:
    own = {"STATEMENT_TIMEOUT", "CARRIER_BOOKS", "CARRIER_DELAYS", "CARRIER_SEED"}
    heard = {k: v for k, v in OURS[name]["environment"].items() if k not in own}
    assert heard == OURS["web"]["environment"]
    assert OURS[name]["init"] is True


@pytest.mark.parametrize("name", LASTING)
def test_what_lasts_is_looked_after(name: str) -> None:
    service = LASTING[name]
    assert service["restart"] == "unless-stopped"
    assert {"test", "interval", "timeout"} <= set(service["healthcheck"])
    assert seconds(service["stop_grace_period"]) > 0


def test_the_database_is_migrated_once_before_anybody_uses_it() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    order = compose.in_order_of_start(SERVICES)
    users = set(OURS) - {"migrate"}
    assert min(order.index(name) for name in users) > order.index("migrate") > order.index("db")


def test_parts_that_ask_others_stop_before_them() -> None:
    order = compose.in_order_of_start(SERVICES)
    workers = [name for name in order if name.startswith("worker-")]
    assert [n for n in order if n not in workers][-3:] == ["web", "carrier", "beat"]
    assert order[-1] == "beat"
    assert order.index("carrier") < min(order.index(name) for name in workers)


def test_the_workers_together_serve_every_queue_once() -> None:
    served = [
        queue
        for name in SERVICES
        if name.startswith("worker-")
        for queue in option(name, "-Q").split(",")
    ]
    assert sorted(served) == sorted([*celery.QUICK_QUEUES, *celery.SLOW_QUEUES])
    assert set(option("worker-quick", "-Q").split(",")) == set(celery.QUICK_QUEUES)


def test_imports_are_read_one_at_a_time() -> None:
    assert option("worker-imports", "-Q") == "imports"
    assert option("worker-imports", "-c") == "1"


def test_there_is_one_scheduler_and_it_is_celerys() -> None:
    assert SERVICES["beat"]["deploy"]["replicas"] == 1
    assert sum("beat" in compose.command(s) for s in SERVICES.values()) == 1
    assert option("beat", "-S") == f"{beat.__name__}:{beat.Scheduler.__name__}"
    assert issubclass(beat.Scheduler, Scheduler)


def test_a_worker_may_end_its_longest_task(settings: Any) -> None:
    for name in SERVICES:
        if name.startswith("worker-"):
            grace = seconds(SERVICES[name]["stop_grace_period"])
            assert grace > settings.CELERY_TASK_TIME_LIMIT


def test_gunicorn_opens_no_control_socket() -> None:
    assert words("web")[:2] == ["gunicorn", "smsmanager.wsgi"]
    assert "--no-control-socket" in words("web")


def test_redis_forgets_and_drops_nothing() -> None:
    assert words("redis")[1:] == ["--appendonly", "yes", "--maxmemory-policy", "noeviction"]


@pytest.mark.parametrize("name", OURS)
def test_the_modules_and_commands_that_a_service_names_exist(name: str) -> None:
    match words(name):
        case ["python", "manage.py", command, *_]:
            from django.core.management import get_commands  # noqa: PLC0415 (needs the apps)

            assert command in get_commands()
        case ["celery", "-A", module, *_] | ["gunicorn", module, *_]:
            assert importlib.util.find_spec(module)
        case other:
            pytest.fail(f"nobody checks {other}")


@pytest.mark.parametrize("name", SERVICES)
def test_what_must_last_lies_in_a_volume(name: str) -> None:
    volumes = {v.rpartition(":")[2] for v in SERVICES[name].get("volumes", [])}
    environment = SERVICES[name].get("environment", {})
    for path in (environment.get("DATA_DIR"), environment.get("CARRIER_BOOKS")):
        assert path is None or any(Path(path).is_relative_to(v) for v in volumes)
    needed = {"db": {"/var/lib/postgresql"}, "redis": {"/data"}, "carrier": {"/books", "/data"}}
    assert volumes >= needed.get(name, set())


def test_only_the_web_server_can_be_reached_and_from_this_machine_alone() -> None:
    assert {n: s["ports"] for n, s in SERVICES.items() if "ports" in s} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_the_image_is_locked_and_runs_as_nobody_in_particular() -> None:
    lines = tree.read(Path("Dockerfile")).splitlines()
    instructions = [line for line in lines if line and not line.startswith(("#", " "))]
    assert instructions[0].startswith("FROM python:3.11-slim")
    assert any("pip install" in i and "--require-hashes -r requirements.lock" in i for i in lines)
    assert any("collectstatic" in i for i in instructions)
    assert [i for i in instructions if i.startswith("USER ")] == ["USER app"]
    assert not [i for i in instructions[instructions.index("USER app") :] if i.startswith("RUN")]


def test_the_image_holds_neither_secrets_nor_data() -> None:
    ignored = set(tree.read(Path(".dockerignore")).split())
    assert ignored >= {".env", ".env.*", "data", ".git", ".venv", "staticfiles"}


# What `make up` says, in a directory and with a search path of its own.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("Makefile", "docker-compose.yml"):
        shutil.copy(tree.ROOT / name, tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("make", "sh", "sed", "sort", "grep", "printenv", "python3"):
        found = shutil.which(tool)
        assert found, tool
        (tools / tool).symlink_to(found)
    return tmp_path


def up(project: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "up"],
        cwd=project,
        env={"PATH": str(project / "bin")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def install_docker(project: Path, script: str) -> None:
    docker = project / "bin" / "docker"
    docker.write_text(f"#!/bin/sh\n{script}\n")
    docker.chmod(0o755)


def test_make_up_names_every_secret_that_is_missing(project: Path) -> None:
    (project / ".env").write_text("SECRET_KEY=x\nALLOWED_HOSTS=\n")
    said = up(project, SITE_URL="https://sms.example")
    assert said.returncode != 0
    missing = re.findall(r"\b[A-Z]+_[A-Z_]+\b", said.stdout.splitlines()[0])
    assert set(missing) == set(compose.GIVEN) - {"SECRET_KEY", "SITE_URL"}


@pytest.mark.parametrize(
    ("docker", "reason"),
    [
        pytest.param(None, "not installed", id="no docker"),
        pytest.param('test "$1" != compose', "no compose", id="no compose"),
        pytest.param('test "$1" != info', "does not answer", id="no engine"),
    ],
)
def test_make_up_says_what_is_missing_of_docker(
    project: Path, docker: str | None, reason: str
) -> None:
    if docker:
        install_docker(project, docker)
    said = up(project, **compose.GIVEN)
    assert said.returncode != 0
    assert reason in said.stdout


def test_make_up_builds_and_starts_when_all_is_there(project: Path) -> None:
    install_docker(project, 'echo "docker $*"')
    (project / ".env").write_text("".join(f"{k}={v}\n" for k, v in compose.GIVEN.items()))
    said = up(project)
    assert (said.returncode, said.stdout) == (0, f"docker compose up --build{os.linesep}")
