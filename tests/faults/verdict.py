"""What a fault did, judged by the carrier's books and by the rows, never by what was reported.

`lost` and `repeated` count messages of one trial against what Alice asked for. `wrong` is
everything of the whole database that does not add up, in words.
"""

from collections import Counter
from dataclasses import dataclass

from tests.faults.stack import Stack

Asked = Counter[tuple[str, str]]
_MINE = (
    " FROM messaging_message m JOIN messaging_batch b ON b.id = m.batch_id "
    "JOIN messaging_revision r ON r.id = b.revision_id "
    "JOIN messaging_campaign c ON c.id = r.campaign_id "
    "WHERE b.state <> 'loaded' AND r.text LIKE %s "
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of the messages of a trial, and of all money."""

    messages: int
    lost: int
    repeated: int
    wrong_charges: int
    faults: tuple[str, ...]


def is_over(stack: Stack, *, tag: str, asked: Asked) -> bool:
    """Tell whether every message of a trial is there and final, and its campaigns are through."""
    [(messages, final, through)] = stack.query(
        "SELECT count(*), count(*) FILTER (WHERE m.status >= 10), "
        "count(*) FILTER (WHERE r.state = 'left')" + _MINE,
        f"{tag} %",
    )
    return bool(messages == final == through == sum(asked.values()))


def judge(stack: Stack, *, tag: str, asked: Asked) -> Verdict:
    """Compare what was asked for, what the rows say and what the books say."""
    sent: Asked = Counter(
        (row[0], row[1])
        for row in stack.books("SELECT recipient, text FROM message WHERE text LIKE ?", f"{tag} %")
    )
    return Verdict(
        messages=sum(asked.values()),
        lost=sum((asked - sent).values()),
        repeated=sum((sent - asked).values()),
        wrong_charges=_wrong_charges(stack),
        faults=tuple(_faults(stack, tag=tag)),
    )


def _wrong_charges(stack: Stack) -> int:
    """Count the accounts that do not add up, and one for a total that is not what was sent."""
    [(accounts,)] = stack.query(_BALANCES)
    [(charged,)] = stack.query(_CHARGED)
    [(sent,)] = stack.books("SELECT coalesce(sum(parts), 0) * 100 FROM message")
    return int(accounts) + int(charged != sent)


def _faults(stack: Stack, *, tag: str) -> list[str]:
    found = []
    ours = {
        row[0]
        for row in stack.query(
            "SELECT c.uuid || ':' || r.number || ':' || (b.first_position + m.id "
            "- b.first_message_id)" + _MINE,
            f"{tag} %",
        )
    }
    theirs = Counter(
        row[0] for row in stack.books("SELECT reference FROM message WHERE text LIKE ?", f"{tag} %")
    )
    if theirs.keys() - ours:
        found.append(f"{len(theirs.keys() - ours)} references in the books are not ours")
    if ours - theirs.keys():
        found.append(f"{len(ours - theirs.keys())} of our messages are not in the books")
    if max(theirs.values(), default=1) > 1:
        found.append("a reference is in the books twice")
    if set(stack.query(_STATUS_OF_ROWS)) != set(stack.query(_STATUS_OF_COUNTERS)):
        found.append("counters differ from rows")
    if dead := stack.dead_parts():
        found.append(f"ended by themselves: {', '.join(dead)}")
    if wrong := stack.audit():
        found.append(wrong)
    return found
