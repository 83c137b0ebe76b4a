"""Downloads for spreadsheets: CSV in UTF-8, written while it is sent, no formula anywhere.

What begins like a formula gets an apostrophe in front, which our import takes off again; numbers
begin with a plus, so they have one too.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# A spreadsheet runs what begins like this; some take the wide forms for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_csv(
    *, name: str, head: Sequence[object], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """Answer with a download named `name`.csv; `rows` are read while it is sent."""
    return StreamingHttpResponse(
        _lines(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


class _Echo:
    """A file that gives back what is written."""

    def write(self, line: str) -> str:
        return line


def _lines(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Write a mark of UTF-8, the head and a line for each row."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow([str(cell) for cell in head])
    for row in rows:
        yield writer.writerow([_inert(cell) for cell in row])


def _inert(cell: object) -> str:
    text = str(cell)
    is_text = not isinstance(cell, int)
    return f"'{text}" if is_text and text.startswith(_FORMULA) else text
