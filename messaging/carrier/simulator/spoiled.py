"""Spoiled pushes: what a script makes of a push of receipts or of replies.

Each function gives the pushes in the place of one, in their order. Pure.
"""

from typing import Any

from messaging.carrier.simulator.script import Deed


def distort_receipts(receipts: list[dict[str, Any]], *, do: Deed) -> list[list[dict[str, Any]]]:
    """Give the pushes that are made of one of receipts, each with as many at most."""
    match do:
        case Deed.REPEAT:
            return _thrice(receipts)
        case Deed.CONTRADICT:
            return [receipts, [_contradicted(r) for r in receipts]]
        case Deed.STRAY:
            return [[_stray(r, at) for at, r in enumerate(receipts)], receipts]
        case Deed.MALFORM:
            return [[bad for r in receipts[:100] for bad in _malformed_receipts(r)], receipts]
        case _:
            return [receipts]


def distort_replies(replies: list[dict[str, Any]], *, do: Deed) -> list[list[Any]]:
    """Give the pushes that are made of one of replies, each with as many at most."""
    match do:
        case Deed.REPEAT:
            return _thrice(replies)
        case Deed.REORDER:
            return [[reply] for reply in reversed(replies)]
        case Deed.MALFORM:
            return [[bad for r in replies[:10] for bad in _malformed_replies(r)], replies]
        case _:
            return [replies]


def _thrice(rows: list[Any]) -> list[list[Any]]:
    half = len(rows) // 2
    return [rows, rows[::-1], rows[half:] + rows[:half]]


def _contradicted(receipt: dict[str, Any]) -> dict[str, Any]:
    """Say the opposite, about the same moment."""
    state = "failed" if receipt["state"] == "delivered" else "delivered"
    return receipt | {"state": state, "code": "absent" if state == "failed" else ""}


def _stray(receipt: dict[str, Any], at: int) -> dict[str, Any]:
    """Speak of a message that nobody submitted: of a reference that could be, or that cannot."""
    strange = "00000000-0000-4000-8000-000000000000:1:0" if at % 2 else "no such reference"
    return receipt | {"reference": strange, "id": f"stray-{receipt['id']}"}


def _malformed_receipts(receipt: dict[str, Any]) -> list[Any]:
    without = {name: value for name, value in receipt.items() if name != "state"}
    return [
        "receipt",
        without,
        receipt | {"state": "vaporised"},
        receipt | {"at": "yesterday"},
        receipt | {"id": "\0"},
        receipt | {"reference": "\ud800"},
        receipt | {"billed": "no"},
    ]


def _malformed_replies(reply: dict[str, Any]) -> list[Any]:
    without = {name: value for name, value in reply.items() if name != "to"}
    return [
        "reply",
        without,
        reply | {"received_at": "yesterday"},
        reply | {"id": "\0"},
        reply | {"from": 33},
        reply | {"text": None},
        reply | {"text": "x" * 40_000},
    ]
