"""Give Alice enough credits for a day of faults, through the ledger, in a process of its own.

python -m tests.faults.gift
"""

import os
import uuid

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsmanager.settings")
    django.setup()

    from django.utils import timezone

    from accounts import gifts
    from accounts.models import SmsAccount, User
    from tests.faults.visitor import ACCOUNT

    gifts.give(
        account=SmsAccount.objects.get(name=ACCOUNT),
        amount_hundredths=100 * 1_000_000,
        by=User.objects.get(email="sam@example.com"),
        reason="To test with",
        token=uuid.uuid4(),
        now=timezone.now(),
    )
