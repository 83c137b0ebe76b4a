"""Notices by e-mail: each owed once, worded for its receiver, sent at least once."""

from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail

from accounts import language
from accounts.models import SmsAccount, User
from senders import lateness, notices, review, upkeep
from senders.models import NoticeKind, Outcome, Sender, SenderNotice, SenderRequest
from tests import factories

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def waiting(account: SmsAccount) -> Sender:
    """Give a sender that waits for validation."""
    return factories.make_sender(account, name="FOURNIL", enabled=False)


def send(now: datetime) -> int:
    return notices.send_owed(clock=lambda: now)


@pytest.mark.parametrize(
    ("outcome", "subject", "words"),
    [
        (Outcome.APPROVED, "Your sender FOURNIL is enabled", "from now on you can choose it"),
        (
            Outcome.REFUSED,
            "Your sender FOURNIL was refused",
            "Reason: Nothing shows a right to this name.",
        ),
        (
            Outcome.MORE_NEEDED,
            "More is needed for your sender FOURNIL",
            "Reason: A document is missing.",
        ),
    ],
)
def test_an_owner_reads_what_was_decided_and_why(
    waiting: Sender, sam: User, now: datetime, outcome: Outcome, subject: str, words: str
) -> None:
    factories.decide(waiting, outcome, by=sam, text='A stamp & "seal", please.', now=now)
    assert send(now) == 1
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["alice@example.com"], subject)
    assert words in sent.body
    assert 'A stamp & "seal", please.' in sent.body
    assert "/sms/sms-am12345-1/senders/" in sent.body


def test_it_is_written_in_the_language_of_its_receiver(
    waiting: Sender, alice: User, sam: User, now: datetime
) -> None:
    language.choose(user=alice, language="fr")
    factories.decide(waiting, Outcome.REFUSED, by=sam, text="Merci d'avance", now=now)
    send(now)
    (sent,) = mail.outbox
    assert sent.subject == "Votre expéditeur FOURNIL a été refusé"
    assert "Merci d'avance" in sent.body


def test_the_id_of_an_e_mail_is_that_of_its_row(waiting: Sender, sam: User, now: datetime) -> None:
    factories.decide(waiting, Outcome.APPROVED, by=sam, now=now)
    send(now)
    notice = SenderNotice.objects.get()
    assert mail.outbox[0].extra_headers["Message-ID"] == f"<{notice.uuid}@127.0.0.1>"
    assert notice.sent_at == now


def test_what_was_sent_is_not_sent_again(waiting: Sender, sam: User, now: datetime) -> None:
    factories.decide(waiting, Outcome.APPROVED, by=sam, now=now)
    assert [send(now), send(now + DAY)] == [1, 0]


def test_what_somebody_else_is_sending_is_left_to_them(
    waiting: Sender, sam: User, now: datetime
) -> None:
    factories.decide(waiting, Outcome.APPROVED, by=sam, now=now)
    SenderNotice.objects.update(next_attempt_at=now + notices.CLAIM)
    assert send(now) == 0
    # Died half-way: it comes back.
    assert send(now + notices.CLAIM) == 1


def test_a_mail_server_that_is_away_is_tried_again_later_each_time(
    waiting: Sender, sam: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Any) -> int:
        raise SMTPServerDisconnected

    factories.decide(waiting, Outcome.APPROVED, by=sam, now=now)
    with monkeypatch.context() as patched:
        # The network is away; nothing else can make Django's backend fail.
        patched.setattr("django.core.mail.EmailMessage.send", away)
        assert send(now) == 0
        first = SenderNotice.objects.get().next_attempt_at
        assert send(first) == 0
        second = SenderNotice.objects.get().next_attempt_at
    assert now < first < second
    assert second - first > first - now
    assert send(second) == 1


def test_a_withdrawal_is_told_with_its_reason(sender: Sender, sam: User, now: datetime) -> None:
    review.withdraw(sender=sender, by=sam, reason="Complaints", clock=lambda: now)
    send(now)
    (sent,) = mail.outbox
    assert sent.subject == "Your sender Martin was withdrawn"
    assert "Reason: Complaints" in sent.body
    assert "skipped when its moment comes" in sent.body


def test_a_missed_promise_is_reported_once_to_those_who_decide(
    waiting: Sender, sam: User, now: datetime
) -> None:
    factories.make_user("clerk", is_staff=True)
    User.objects.filter(email="clerk@example.com").update(is_superuser=False)
    due = SenderRequest.objects.get(sender=waiting).promised_at
    assert due is not None
    assert lateness.report(now=due - timedelta(seconds=1)) == 0
    assert [lateness.report(now=due), lateness.report(now=due + HOUR)] == [1, 0]
    notice = SenderNotice.objects.get()
    assert (notice.kind, notice.to, notice.count) == (NoticeKind.LATE, sam, 1)
    send(due)
    assert mail.outbox[0].subject == "1 request for a sender is late"
    assert "/staff/senders/?show=late" in mail.outbox[0].body


def test_many_missed_promises_are_one_e_mail(account: SmsAccount, sam: User, now: datetime) -> None:
    for n in range(3):
        factories.make_sender(account, name=f"Shop{n}", enabled=False)
    upkeep.run(now=now + 7 * DAY)
    assert SenderNotice.objects.get(to=sam).count == 3


def test_what_was_decided_in_time_is_never_reported(
    waiting: Sender, sam: User, now: datetime
) -> None:
    factories.decide(waiting, Outcome.APPROVED, by=sam, now=now)
    assert lateness.report(now=now + 30 * DAY) == 0
