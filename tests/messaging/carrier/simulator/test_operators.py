"""Operators by range."""

import pytest

from messaging.carrier.simulator.operators import operator_of, operators_of


@pytest.mark.parametrize(
    ("number", "operator"),
    [
        pytest.param("+33600012345", "Free Mobile", id="a range of Free"),
        pytest.param("+33600112345", "Orange France", id="a range of Orange"),
        pytest.param("+33612345678", "SFR", id="a range of SFR"),
        pytest.param("+447408012345", "Truphone", id="a range within the range of another"),
        pytest.param("+3360", "", id="less than a range"),
        pytest.param("+33140000000", "", id="a landline"),
        pytest.param("+999", "", id="nobody's"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_range_names_its_holder(number: str, operator: str) -> None:
    assert operator_of(number) == operator
    assert operators_of([number, "", number]) == [operator, "", operator]
