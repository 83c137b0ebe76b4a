"""What a part costs, by country: the open destinations and their prices.

A country without an open destination is refused, never priced by a guess. Quotes keep the mark of
the tariff they rest on and are out of date once it differs. Prices are hundredths of a credit.
Staff change the tariff in the admin site; nothing here writes it.
"""

import hashlib

from accounts.models import Destination


class UnknownDestination(Exception):
    """Nothing is sent to this country."""

    def __init__(self, *, country: str) -> None:
        """Keep the country's code, ISO 3166-1 alpha-2."""
        super().__init__(country)
        self.country = country


def prices() -> dict[str, int]:
    """Give the price of a part for each open destination."""
    rows = Destination.objects.filter(is_open=True).order_by("country")
    return dict(rows.values_list("country", "price_hundredths"))


def price_of(country: str) -> int:
    """Give the price of a part to one country. Raises UnknownDestination."""
    row = Destination.objects.filter(country=country, is_open=True)
    price = row.values_list("price_hundredths", flat=True).first()
    if price is None:
        raise UnknownDestination(country=country)
    return price


def mark() -> str:
    """Name the tariff in force, in up to 60 characters: other prices, another mark.

    Taken from the prices themselves: counts and times overlook changes made in one statement.
    """
    listed = ",".join(f"{country}={price}" for country, price in prices().items())
    return hashlib.sha256(listed.encode()).hexdigest()[:32]
