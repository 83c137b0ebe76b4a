"""Personalised texts: `#column#` in a text gives way to each recipient's own value.

Replacement only, no template language: what a value holds is never looked at again. A name is
what stands between two `#` on one line, without the blanks around it, and it is matched exactly,
capitals included. A lone `#`, `##` and `# #` name nothing and stay as they are. Pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter

LONGEST_NAME = 40
# A name begins and ends with something visible and holds neither `#` nor a line break.
_BLANKS = r"[^\S\r\n]*"
_NAME = rf"[^#\s](?:[^#\r\n]{{0,{LONGEST_NAME - 2}}}[^#\s])?"
_COLUMN = re.compile(rf"#{_BLANKS}({_NAME}){_BLANKS}#")


class Template:
    """A text, taken apart once: what stays and where values go."""

    def __init__(self, text: str) -> None:
        """Take a text apart."""
        # `split` alternates what stays and the one group: the names.
        pieces = _COLUMN.split(text)
        self._stays, self._places = pieces[::2], pieces[1::2]
        # The names used, each once, in the order of the text.
        self.columns = tuple(dict.fromkeys(self._places))

    def render_each(self, recipients: Sequence[Mapping[str, str] | None]) -> list[str | None]:
        """Give the text for each recipient, None for one who lacks a value.

        A blank value is none, and a default is the caller's. Values that no column asks for are
        left alone. Column by column it takes a third of one recipient after the other.
        """
        rows = [values or {} for values in recipients]
        columns = {name: _column(name, rows) for name in self.columns}
        pieces: list[Iterable[str]] = [repeat(self._stays[0], len(rows))]
        for name, stays in zip(self._places, self._stays[1:], strict=True):
            pieces += [columns[name], repeat(stays, len(rows))]
        texts: list[str | None] = list(map("".join, zip(*pieces, strict=True)))
        for values in columns.values():
            if not all(map(str.strip, values)):
                pairs = zip(texts, values, strict=True)
                texts = [text if value.strip() else None for text, value in pairs]
        return texts


def _column(name: str, rows: Sequence[Mapping[str, str]]) -> list[str]:
    try:
        return list(map(itemgetter(name), rows))
    except KeyError:
        return [values.get(name, "") for values in rows]
