"""The tariff: only open destinations have a price, and every change of price has another mark."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from accounts import phones, tariff
from accounts.models import Destination
from accounts.tariff_sample import PRICES
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_country_costs_what_its_destination_says() -> None:
    factories.make_tariff(FR=100, IN=40)
    assert tariff.price_of("IN") == 40
    assert tariff.prices() == {"FR": 100, "IN": 40}


def test_a_country_without_an_open_destination_is_unknown() -> None:
    factories.make_tariff(FR=100, IN=40)
    Destination.objects.filter(country="IN").update(is_open=False)
    for country in ("IN", "ZZ", ""):
        with pytest.raises(tariff.UnknownDestination) as refusal:
            tariff.price_of(country)
        assert refusal.value.country == country
    assert tariff.prices() == {"FR": 100}


def add() -> None:
    Destination.objects.create(country="IT", price_hundredths=120)


def remove() -> None:
    Destination.objects.filter(country="IN").delete()


def close() -> None:
    Destination.objects.filter(country="IN").update(is_open=False)


def reprice() -> None:
    Destination.objects.filter(country="IN").update(price_hundredths=41)


def swap() -> None:
    Destination.objects.filter(country="IN").update(country="US")


@pytest.mark.parametrize("change", [add, remove, close, reprice, swap])
def test_another_tariff_has_another_mark(change: Callable[[], None]) -> None:
    factories.make_tariff(FR=100, IN=40)
    before = tariff.mark()
    assert tariff.mark() == before
    change()
    assert tariff.mark() != before
    assert len(tariff.mark()) <= 60


def test_a_tariff_put_back_has_its_old_mark() -> None:
    factories.make_tariff(FR=100, IN=40)
    before = tariff.mark()
    reprice()
    Destination.objects.filter(country="IN").update(price_hundredths=40)
    assert tariff.mark() == before


def test_the_mark_of_an_empty_tariff_is_a_mark() -> None:
    assert tariff.mark()


def test_the_sample_tariff_fits_the_table_and_the_documented_prices() -> None:
    for country, price in PRICES.items():
        Destination(country=country, price_hundredths=price).full_clean()
    assert (PRICES["FR"], PRICES["IN"]) == (100, 40)
    assert set(PRICES) >= phones.FRENCH_PLAN


def test_a_destination_is_named_by_two_capital_letters() -> None:
    with pytest.raises(ValidationError):
        Destination(country="fr", price_hundredths=1).full_clean()
