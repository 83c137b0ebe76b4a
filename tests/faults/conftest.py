"""How often faults are tried, by which chance, and the table of what came of it.

FAULT_ROUNDS says how often each is tried. The seed of the order of the tests is that of every
chance: `make faults FAULT_SEED=...` repeats a run.
"""

import os
import random
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields

import pytest

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
FIGURES = "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of one fault, in all its rounds; `blows` fell while messages were under way."""

    fault: str
    rounds: int
    blows: int
    messages: int
    lost: int
    repeated: int
    wrong_charges: int
    seconds_to_recover: float


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Give the chance of a test: from the seed and its name."""
    return random.Random(f"{_seed(request.config)} {request.node.name}")


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Callable[[Figures], None]:
    """Give a way to put figures into the table."""
    return lambda figures: record_property(FIGURES, figures)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, and how to have the same run again."""
    noted = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == FIGURES and report.when == "call"
    ]
    if not noted:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(_line(*(f.name.replace("_", " ") for f in fields(Figures))))
    for figures in sorted(noted, key=lambda f: f.fault):
        terminalreporter.write_line(_line(*astuple(figures)))
    seed = _seed(config)
    terminalreporter.write_line(f"seed {seed}; the same again: make faults FAULT_SEED={seed}")


def _seed(config: pytest.Config) -> int:
    # Without the plugin that shuffles there is one run only.
    return int(config.getoption("randomly_seed", default=0))


def _line(fault: object, *figures: object) -> str:
    return f"{fault:36}" + "".join(f"  {_short(figure):>13}" for figure in figures)


def _short(figure: object) -> str:
    return f"{figure:.1f}" if isinstance(figure, float) else str(figure)
