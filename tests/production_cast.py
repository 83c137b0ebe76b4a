"""Alice with a password, credits and a sender, on the database that the environment names.

    python -m tests.production_cast

Production is not seeded: its people are made. Here they are made through the doors that all tests
use, from a process of their own.
"""

import os

import django

EMAIL = "alice@example.com"
PASSWORD = "a-password-for-tests-only"
ACCOUNT = "sms-am12345-1"
CREDITS = 10


def main() -> None:
    """Make them."""
    from django.utils import timezone  # noqa: PLC0415 (Django is set up first)

    from tests import factories  # noqa: PLC0415 (Django is set up first)

    factories.make_tariff()
    alice = factories.make_user("alice")
    alice.set_password(PASSWORD)
    alice.save()
    customer = factories.make_customer(owner=alice)
    account = factories.make_account(customer, name=ACCOUNT, credits=CREDITS)
    factories.make_sender(account, now=timezone.now())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsmanager.settings")
    django.setup()
    main()
