"""Addresses of websites in a text, also those written without http.

What a phone would make a link of: a scheme, `www.`, or a name with the ending of a domain. The
endings are those in use where our customers write, and those of link shorteners, not all there
are. Some are words as well, and people forget the blank behind a full stop ("fini.De retour"), so
these do not count where they begin like a sentence, with one capital, unless a path follows. Where
all is in capitals nothing tells one from the other, and a phone makes a link of both: they count.
E-mail addresses do not count. Pure.
"""

import re
import unicodedata

_PLAIN = (
    # Of no country, and of Europe.
    "com net org biz mobi eu edu gov int xyz dev cloud tech blog email website space icu "
    "fr bzh corsica alsace be ch lu mc ad it uk nl pl pt ie se dk fi cz sk hu ro bg gr hr rs ua ru "
    "рф xn--p1ai su tr il cat eus gal "
    # Where French is spoken, or its customers are.
    "gp mq gf yt pm wf nc pf tn dz sn cm ml bf bj tg td cd cg ga gn mg mu km dj ht vn kh lb "
    "jp cn hk tw kr sg th au nz br mx ar cl pe za ng ke ae sa qa eg "
    # Of link shorteners and of what is shared.
    "ly gl gd gg cc ws tv fm sh tk ml cf gq vu st lc gy"
)
_ALSO_WORDS = (
    "de la ma sa ca ci es et au ne si je ai eu re me to in is us so at as id il io li pro tel info "
    "art app shop store club top live site online page link click news one life world fun vip run "
    "promo paris name web co"
)
_ENDINGS, _WORDS = frozenset(_PLAIN.split()), frozenset(_ALSO_WORDS.split())
# Bounded, or with one place to begin at: a text of one endless word takes no longer.
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}://\S+", re.IGNORECASE)
_MAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_HOST = re.compile(rf"(?<![\w-])({_LABEL}(?:\.{_LABEL})+)((?::[0-9]{{2,5}})?(?:[/?#]\S*)?)")
_NUMERIC = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", re.ASCII)
# A stop before something, or a colon before a slash. Most texts have nothing like it, and are read
# a million times in a row: an expression that begins with one set of characters is soon through.
_SUSPECT = re.compile(r"[.․．。｡:：](?:(?<![:：])\S|(?<=[:：])[/／])")
_FULL_STOPS = str.maketrans("。｡．", "...")


def find(text: str) -> str | None:
    """Give the first address of a website in a text, None if there is none."""
    if not _SUSPECT.search(text):
        return None
    if not text.isascii():
        text = _plain(text)
    if found := _SCHEME.search(text):
        return _shown(found[0])
    for host, path in _HOST.findall(_MAIL.sub(" ", text)):
        if link := _link(host, path):
            return _shown(link)
    return None


def _link(host: str, path: str) -> str | None:
    """Give the part of a dotted name that is an address; `path` is what follows the name."""
    labels = host.split(".")
    if labels[0].lower().rstrip("0123456789") == "www" or (path and _NUMERIC.fullmatch(host)):
        return host + path
    for at, label in enumerate(labels[1:], start=1):
        is_last = at == len(labels) - 1
        if _is_ending(label, before=labels[at - 1], has_path=bool(path) and is_last):
            return ".".join(labels[: at + 1]) + (path if is_last else "")
    return None


def _is_ending(label: str, *, before: str, has_path: bool) -> bool:
    ending = label.lower()
    if ending not in _WORDS:
        return ending in _ENDINGS
    begins_a_sentence = label not in (ending, ending.upper())
    return has_path or not (begins_a_sentence or len(before) == 1 or before.isdigit())


def _plain(text: str) -> str:
    """Undo what only changes the looks: wide letters, other full stops, what is invisible."""
    text = unicodedata.normalize("NFKC", text).translate(_FULL_STOPS)
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _shown(link: str) -> str:
    return link.rstrip(".,;:!?)'\"»")
