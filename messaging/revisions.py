"""Revisions: how a campaign comes by its next one.

Whoever makes one holds the campaign, so that numbers follow each other and at most one quote of it
is open. What stands is left alone here: a confirmation takes its place (`campaigns.confirm`).
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts import retrying, tariff
from accounts.models import User
from messaging import audience, campaigns, quote
from messaging.campaigns import NoLongerPlanned, NotConfirmable
from messaging.models import Campaign, Revision, RevisionState
from messaging.recipients import optout


@retrying.on_deadlock
def renew(*, revision: Revision, by: User, now: datetime) -> Revision:
    """Quote the same words to the same recipients anew, in the place of an open quote.

    Of two at once the second finds the first one's quote.
    """
    with transaction.atomic(durable=True):
        campaign = campaigns.lock_campaign(revision.campaign)
        fresh = campaign.revisions.order_by("number").last()
        if fresh is None or fresh.pk != revision.pk or fresh.state in campaigns.CONFIRMED:
            return fresh or revision
        drop_open_quotes(campaign)
        sources = list(fresh.sources.order_by("ordinal"))
        fresh.pk = None
        fresh._state.adding = True
        fresh.number = next_number(campaign)
        fresh.key = uuid.uuid4()
        fresh.created_by, fresh.created_at = by, now
        reset_quote(fresh, now=now)
        fresh.save(force_insert=True)
        for source in sources:
            audience.copy(source, to=fresh)
    quote.begin(revision=fresh, now=now)
    return fresh


def make_room(campaign: Campaign, *, standing: int | None) -> None:
    """Hold a campaign for its next revision, and drop its open quote. Part of a transaction.

    `standing` is the number of the revision that stood when the change was begun. Raises
    NotConfirmable if another one stands by now, NoLongerPlanned if it began to leave or was
    cancelled.
    """
    campaigns.lock_campaign(campaign)
    drop_open_quotes(campaign)
    stands = campaigns.standing(campaign)
    if (stands.number if stands else None) != standing:
        raise NotConfirmable
    if stands is not None and not stands.is_changeable:
        raise NoLongerPlanned(stands)


def next_number(campaign: Campaign) -> int:
    """Give the number of the next revision of a campaign."""
    last = campaign.revisions.aggregate(last=Max("number"))["last"]
    return int(last or 0) + 1


def drop_open_quotes(campaign: Campaign) -> None:
    """Empty the quotes of a campaign that wait for a confirmation; refuse if one is given now."""
    waiting = [RevisionState.QUOTING, RevisionState.QUOTED]
    for old in campaign.revisions.filter(state__in=waiting):
        if not quote.drop(revision=old):
            raise NotConfirmable


def reset_quote(revision: Revision, *, now: datetime) -> None:
    """Put a revision before its first row, resting on the tariff and opt-outs of now."""
    revision.state = RevisionState.QUOTING
    revision.quoted_at = None
    revision.loaded_at = now
    for name in ("rows_loaded", "messages", "parts", "refused", "duplicates", "opted_out"):
        setattr(revision, name, 0)
    revision.total_hundredths = 0
    revision.tariff_mark = tariff.mark()
    revision.opt_out_mark = optout.mark(account_id=revision.account_id)
