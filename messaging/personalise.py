"""Personalised texts: `#column#` in a text gives way to each recipient's own value.

Replacement only, no template language: what a value holds is never looked at again. A name is
what stands between two `#` on one line, without the blanks around it, and it is matched exactly,
capitals included. A lone `#`, `##` and `# #` name nothing and stay as they are. Pure.
"""

import re
from collections.abc import Callable, Mapping
from operator import itemgetter

LONGEST_NAME = 40
# A name begins and ends with something visible and holds neither `#` nor a line break.
_BLANKS = r"[^\S\r\n]*"
_NAME = rf"[^#\s](?:[^#\r\n]{{0,{LONGEST_NAME - 2}}}[^#\s])?"
_COLUMN = re.compile(rf"#{_BLANKS}({_NAME}){_BLANKS}#")


class MissingValue(LookupError):
    """A recipient has no value for a column, or an invisible one."""

    def __init__(self, *, column: str) -> None:
        """Keep the name of the column."""
        super().__init__(column)
        self.column = column


class Template:
    """A text, taken apart once: what stays and where values go."""

    def __init__(self, text: str) -> None:
        """Take a text apart."""
        self._text = text
        # `split` alternates what stays and the one group: the names.
        pieces = _COLUMN.split(text)
        self._places = tuple(pieces[1::2])
        self._frame = "%s".join(piece.replace("%", "%%") for piece in pieces[::2])
        self._pick = _picker(self._places)
        # The names used, each once, in the order of the text.
        self.columns = tuple(dict.fromkeys(self._places))

    def render(self, values: Mapping[str, str]) -> str:
        """Give the text for one recipient. Raises MissingValue; a default is the caller's.

        Values that no column asks for are left alone.
        """
        if not self._places:
            return self._text
        try:
            found = self._pick(values)
        except KeyError as exc:
            raise MissingValue(column=exc.args[0]) from None
        if not all(map(str.strip, found)):
            raise MissingValue(column=next(n for n in self._places if not values[n].strip()))
        return self._frame % found


def _picker(names: tuple[str, ...]) -> Callable[[Mapping[str, str]], tuple[str, ...]]:
    """Give what picks the values of these names."""
    if len(names) == 1:
        (name,) = names
        return lambda values: (values[name],)
    return itemgetter(*names) if names else lambda _values: ()
