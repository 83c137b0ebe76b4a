"""What a fault did, judged by the carrier's books and by the rows, never by what was reported.

`lost` and `repeated` count messages of one trial against what Alice asked for, `wrong_charges`
messages of it that were not charged once, or credits that do not add up. `faults` is everything of
the whole database and of all books that is not as it should be, in words.
"""

from collections import Counter
from dataclasses import dataclass

from tests.faults.stack import Stack

Asked = Counter[tuple[str, str]]
PRICE = 100
_MINE = (
    " FROM messaging_message m JOIN messaging_batch b ON b.id = m.batch_id "
    "JOIN messaging_revision r ON r.id = b.revision_id "
    "JOIN messaging_campaign c ON c.id = r.campaign_id "
    "WHERE b.state <> 'loaded' AND r.text LIKE %s "
)
# Receipts of nobody are parked for days; those are left out.
_AT_WORK = (
    "SELECT (SELECT count(*) FROM messaging_revision WHERE state NOT IN ('left', 'quoted')) "
    "+ (SELECT count(*) FROM messaging_batch WHERE state NOT IN ('left', 'loaded')) "
    "+ (SELECT count(*) FROM messaging_handover WHERE state IN ('ready', 'claimed')) "
    "+ (SELECT count(*) FROM messaging_receiptpush) "
    "+ (SELECT count(*) FROM messaging_receipt WHERE outcome = 'waiting' "
    "AND reference !~ '^(00000000-|no such)')"
)
_STATUS_OF_ROWS = (
    "SELECT batch_id, coalesce(status, 0), country, operator, count(*), sum(parts), "
    "sum(price_hundredths) FROM messaging_message GROUP BY 1, 2, 3, 4"
)
_STATUS_OF_COUNTERS = (
    "SELECT batch_id, status, country, operator, messages, parts, price_hundredths "
    "FROM messaging_batchcounter WHERE messages <> 0"
)
_BALANCES = (
    "SELECT count(*) FROM accounts_smsaccount a WHERE balance_hundredths < 0 OR "
    "balance_hundredths <> (SELECT coalesce(sum(amount_hundredths), 0) "
    "FROM accounts_creditentry WHERE account_id = a.id)"
)
_CHARGED = (
    "SELECT coalesce(-sum(amount_hundredths), 0) FROM accounts_creditentry "
    "WHERE kind IN ('campaign', 'refund')"
)
_CHARGED_FOR = (
    "SELECT coalesce(-sum(e.amount_hundredths), 0) FROM accounts_creditentry e "
    "JOIN messaging_campaign c ON e.reference LIKE 'campaign:' || c.uuid || ':%%' "
    "JOIN messaging_revision r ON r.campaign_id = c.id "
    "AND e.reference = 'campaign:' || c.uuid || ':' || r.number WHERE r.text LIKE %s"
)
_OUTCOMES = (
    "SELECT c.uuid || ':' || r.number || ':' || (b.first_position + m.id - b.first_message_id), "
    "m.status" + _MINE
)
# What the carrier tells of every message; a carrier that contradicts itself within a moment is
# believed in what is applied first.
DELIVERED, FAILED = 10, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the messages of a trial, and of all money."""

    messages: int
    lost: int
    repeated: int
    wrong_charges: int
    faults: tuple[str, ...]


def is_final(stack: Stack, *, tag: str, asked: Asked) -> bool:
    """Tell whether every message of a trial is there and final, and its campaigns are through."""
    [(messages, final, through)] = stack.query(
        "SELECT count(*), count(*) FILTER (WHERE m.status >= 10), "
        "count(*) FILTER (WHERE r.state = 'left')" + _MINE,
        f"{tag} %",
    )
    return bool(messages == final == through == asked.total())


def is_quiet(stack: Stack) -> bool:
    """Tell whether nothing is left to be done: nowhere in the rows, and no receipt to be told."""
    [(owed,)] = stack.books("SELECT count(*) FROM parcel WHERE taken_at IS NULL")
    [(at_work,)] = stack.query(_AT_WORK)
    return bool(owed == at_work == 0)


def judge(stack: Stack, *, tag: str, asked: Asked, told: frozenset[int]) -> Verdict:
    """Compare what was asked for, what the rows say and what the books say, once all is quiet.

    `told` are the outcomes that messages of the trial may have.
    """
    sent: Asked = Counter(
        (row[0], row[1])
        for row in stack.books("SELECT recipient, text FROM message WHERE text LIKE ?", f"{tag} %")
    )
    return Verdict(
        messages=asked.total(),
        lost=(asked - sent).total(),
        repeated=(sent - asked).total(),
        wrong_charges=_wrong_charges(stack, tag=tag, asked=asked),
        faults=tuple(_faults(stack, tag=tag, told=told)),
    )


def _wrong_charges(stack: Stack, *, tag: str, asked: Asked) -> int:
    """Count messages of the trial not charged once, accounts that do not add up, a wrong total."""
    [(accounts,)] = stack.query(_BALANCES)
    [(charged,)] = stack.query(_CHARGED)
    [(sent,)] = stack.books("SELECT coalesce(sum(parts), 0) FROM message")
    [(charged_here,)] = stack.query(_CHARGED_FOR, f"{tag} %")
    here = abs(int(charged_here) - asked.total() * PRICE) // PRICE
    return here + int(accounts) + int(charged != sent * PRICE)


def _faults(stack: Stack, *, tag: str, told: frozenset[int]) -> list[str]:
    found = []
    theirs = Counter(row[0] for row in stack.books("SELECT reference FROM message"))
    ours = dict(stack.query(_OUTCOMES, "%"))
    if theirs.keys() - ours.keys():
        found.append(f"{len(theirs.keys() - ours.keys())} references in the books are not ours")
    if ours.keys() - theirs.keys():
        found.append(f"{len(ours.keys() - theirs.keys())} of our messages are not in the books")
    if twice := [reference for reference, times in theirs.items() if times > 1]:
        found.append(f"{len(twice)} references are in the books twice")
    mine = dict(stack.query(_OUTCOMES, f"{tag} %"))
    if wrong := [status for status in mine.values() if status not in told]:
        found.append(f"{len(wrong)} messages have an outcome that nobody told")
    if set(stack.query(_STATUS_OF_ROWS)) != set(stack.query(_STATUS_OF_COUNTERS)):
        found.append("counters differ from rows")
    if dead := stack.dead_parts():
        found.append(f"ended by themselves: {', '.join(dead)}")
    if broken := stack.audit():
        found.append(broken)
    return found
