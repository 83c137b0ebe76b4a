"""Balances and credit entries are written through one door, accounts/ledger.py."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import tree

DOOR = Path("accounts/ledger.py")
# Test data goes through the door as well, or "balance = sum of entries" proves nothing.
ALSO = {Path("tests/conftest.py"), Path("tests/factories.py")}
WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "update", "delete"}
WRITES |= {"bulk_update", "save", "insert_rows", "acreate", "aupdate", "adelete"}
TABLES = ("accounts_smsaccount", "accounts_creditentry")
STATEMENTS = ("INSERT", "UPDATE", "DELETE", "COPY", "REPLACE", "TRUNCATE")


def writes(source: str) -> Iterator[int]:
    """Give the lines that write a balance or an entry."""
    for node in ast.walk(ast.parse(source)):
        if _is_write(node):
            yield getattr(node, "lineno", 0)


def _is_write(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="balance_hundredths", ctx=ast.Store()):
            return True
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant("balance_hundredths"), _]):
            return True
        case ast.Call(func=ast.Name(id="CreditEntry") | ast.Attribute(attr="CreditEntry")):
            return True
        case ast.Call(func=ast.Name(id=name), keywords=keywords) if name == "SmsAccount":
            return any(k.arg == "balance_hundredths" for k in keywords)
        case ast.Call(func=ast.Attribute(attr=verb) as function) if verb in WRITES:
            return (
                any(k.arg == "balance_hundredths" for k in node.keywords)
                or _speaks_of_entries(function.value)
                or any(_speaks_of_entries(k.value) for k in node.keywords if k.arg == "model")
            )
        case ast.Constant(value=str(text)):
            return any(t in text for t in TABLES) and any(s in text.upper() for s in STATEMENTS)
    return False


def _speaks_of_entries(node: ast.AST) -> bool:
    """Tell whether an expression starts at the entries: CreditEntry.objects, account.entries."""
    return any(
        (isinstance(n, ast.Name) and n.id == "CreditEntry")
        or (isinstance(n, ast.Attribute) and n.attr in {"CreditEntry", "entries"})
        for n in ast.walk(node)
    )


def test_only_the_ledger_writes_balances_and_entries() -> None:
    paths = {*tree.product_modules(), *ALSO & set(tree.files(".py"))} - {DOOR}
    found = [f"{p}:{line}" for p in sorted(paths) for line in writes(tree.read(p))]
    assert not found, (
        f"{found}: balances and credit entries are written by {DOOR} alone, so that no balance "
        "is ever wrong. Call its debit, credit or refund."
    )


def test_the_search_recognises_the_ledger_itself() -> None:
    assert list(writes(tree.read(DOOR)))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("account.balance_hundredths = 5", id="assigned"),
        pytest.param("account.balance_hundredths -= 5", id="lowered"),
        pytest.param("setattr(account, 'balance_hundredths', 5)", id="by its name"),
        pytest.param("q.update(balance_hundredths=F('balance_hundredths') - 1)", id="updated"),
        pytest.param("SmsAccount(balance_hundredths=5)", id="born rich"),
        pytest.param("SmsAccount.objects.create(balance_hundredths=5)", id="created rich"),
        pytest.param("CreditEntry.objects.create(account=a)", id="entry created"),
        pytest.param("CreditEntry(account=a).save()", id="entry saved"),
        pytest.param("models.CreditEntry.objects.filter(pk=1).delete()", id="entry deleted"),
        pytest.param("account.entries.update(reason='')", id="entry changed from its account"),
        pytest.param("bulk.insert_rows(model=CreditEntry, rows=[])", id="entries in bulk"),
        pytest.param("c.execute('update accounts_smsaccount set x = 1')", id="SQL"),
    ],
)
def test_a_planted_write_is_found(source: str) -> None:
    assert list(writes(source)) == [1, *[1] * (len(list(writes(source))) - 1)]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = account.balance_hundredths", id="read"),
        pytest.param("CreditEntry.objects.filter(account=a).order_by('-id')", id="listed"),
        pytest.param("account.entries.aggregate(Sum('amount_hundredths'))", id="summed"),
        pytest.param("SmsAccount.objects.create(name='sms-ab1-1')", id="created empty"),
    ],
)
def test_reading_is_let_through(source: str) -> None:
    assert not list(writes(source))
