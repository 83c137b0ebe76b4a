"""docker-compose.yml, read without an engine: services, their commands and their environment."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"
# A dollar sign that stands for itself, or a variable with what holds when it is not set.
_VARIABLE = re.compile(r"\$\$|\$\{([A-Z_]+)(?:(:\?|:-)([^}]*))?\}")
# What nobody but the one who runs it may know, or can.
GIVEN = {
    "SECRET_KEY": "Zb1-7hU_qP2xR9sL4vK8wN3mT6yC0dE5fG-jA_oI2uB7xQ9rS1",
    "ALLOWED_HOSTS": "sms.example",
    "SITE_URL": "https://sms.example",
    "POSTGRES_PASSWORD": "0badc0de",
    "CARRIER_TOKEN": "a-token-of-the-carrier",
    "CARRIER_DOOR_SECRET": "d2h5LXdvdWxkLXlvdS1yZWFkLXRoaXM=",
}


class NotSet(Exception):
    """The file asks for a variable that the environment does not have."""


def variables() -> set[str]:
    """Give the names of the variables that the file reads."""
    return {m[1] for m in _VARIABLE.finditer(FILE.read_text()) if m[1]}


def services(given: Mapping[str, str]) -> dict[str, Any]:
    """Give the services with the variables filled in. Raises NotSet."""
    found: dict[str, Any] = _filled(yaml.safe_load(FILE.read_text()), given)["services"]
    return found


def command(service: Mapping[str, Any]) -> list[str]:
    """Give the words of a service's command; none if the image knows it."""
    found = service.get("command", [])
    return shlex.split(found) if isinstance(found, str) else list(found)


def health_command(service: Mapping[str, Any]) -> list[str]:
    """Give the words of a service's health check."""
    kind, *words = service["healthcheck"]["test"]
    return words if kind == "CMD" else ["sh", "-c", *words]


def in_order_of_start(found: Mapping[str, Any]) -> list[str]:
    """Give the names so that each stands behind those it depends on."""
    return list(dict.fromkeys(name for each in found for name in _with_needs(each, found)))


def _with_needs(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    for needed in found[name].get("depends_on", {}):
        yield from _with_needs(needed, found)
    yield name


def _filled(node: Any, given: Mapping[str, str]) -> Any:
    match node:
        case dict():
            return {key: _filled(value, given) for key, value in node.items()}
        case list():
            return [_filled(value, given) for value in node]
        case str():
            return _VARIABLE.sub(lambda m: _value(m, given), node)
    return node


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    name, mark, otherwise = found.groups()
    if name is None:
        return "$"
    if given.get(name):
        return given[name]
    if mark == ":-":
        return str(otherwise)
    raise NotSet(name)
