"""The short numbers that the carrier lets its customers send from: a pool shared by all of them.

Answers to them come back here. The carrier lends none: who uses which for whom is its customers'
matter.
"""

POOL = tuple(str(number) for number in range(38_000, 38_500))
_KNOWN = frozenset(POOL)


def may_send(sender: str) -> bool:
    """Tell whether a message may bear a sender: of those that are all digits, only the pool's."""
    return sender in _KNOWN or not (sender.isascii() and sender.isdigit())
