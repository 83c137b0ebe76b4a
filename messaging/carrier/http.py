"""The client of a carrier that speaks our HTTP contract (docs/carrier.md).

Every way a call can end maps to one exception of `base`, by one question: may the carrier have
taken the chunk? Only its own word, or a request that was never written, makes a plain retry
safe. One connection per call: a kept connection may be dead, which would put a whole chunk in
doubt, and a forked worker would share it. Nothing is logged here.
"""

import time
from collections.abc import Sequence
from typing import NoReturn

import msgspec
from msgspec import Struct

from messaging.carrier import base, fields, wire
from messaging.carrier.connection import NOT_ANSWERED, Call, Reply, split

# 500 answers are about 100 KB.
ANSWER_LIMIT = 4 * 1024 * 1024
# Seconds of silence when a carrier says "too fast": without a readable Retry-After, the least and
# the most. Nothing at all leaves meanwhile, so a longer pause is asked for again.
DEFAULT_PAUSE, SHORTEST_PAUSE, LONGEST_PAUSE = 5.0, 1.0, 60.0

# A moved or missing address is ours to correct, like a wrong token. 302 and 303 are not here:
# some servers answer so after they did the work.
MISCONFIGURED = frozenset({301, 307, 308, 401, 403, 404, 405})
REFUSED = frozenset({400, 413, 422})


_CODES = {str(code): code for code in base.Refusal if code}


class _Error(Struct):
    """What a refusal of the whole chunk says of itself."""

    code: str = ""
    nothing_accepted: bool = False


class _Refused(Struct):
    error: _Error


_REFUSED = msgspec.json.Decoder(_Refused)


class HttpCarrier:
    """A carrier behind a URL and a bearer token. Holds no connection, safe between threads."""

    def __init__(self, *, url: str, token: str) -> None:
        """Check what can be checked without asking anybody."""
        try:
            self._address = split(url)
        except ValueError as exc:
            raise base.Misconfigured("url") from exc
        if not token or not token.isascii() or not token.isprintable():
            raise base.Misconfigured("token")
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "smsmanager",
        }

    def submit(self, chunk: base.Chunk, *, deadline: float) -> list[base.Answer]:
        """Hand over a chunk; see base.Carrier. An answer that leaves one out is no answer."""
        references = [recipient.reference for recipient in chunk.recipients]
        reply = self._post("/v1/messages", wire.chunk_as_json(chunk), seconds=deadline)
        answers = _answers(reply, asked=references)
        try:
            return [answers[reference] for reference in references]
        except KeyError as exc:
            raise base.OutcomeUnknown("incomplete") from exc

    def look_up(self, references: Sequence[str], *, deadline: float) -> dict[str, base.Answer]:
        """Ask about references, a limited number per request; see base.Carrier."""
        ends = time.monotonic() + deadline
        found: dict[str, base.Answer] = {}
        for start in range(0, len(references), base.CHUNK_LIMIT):
            asked = list(references[start : start + base.CHUNK_LIMIT])
            body = msgspec.json.encode({"references": asked})
            reply = self._post("/v1/messages/look-up", body, seconds=ends - time.monotonic())
            found |= _answers(reply, asked=asked)
        return found

    def numbers(self, *, deadline: float) -> tuple[str, ...]:
        """Ask for the short numbers; see base.Carrier."""
        reply = self._ask("GET", "/v1/numbers", seconds=deadline)
        if reply.status != 200:
            _raise_for(reply)
        try:
            return wire.read_numbers(reply.body or b"")
        except fields.BadField as exc:
            raise base.OutcomeUnknown(exc.name) from exc

    def _post(self, path: str, body: bytes, *, seconds: float) -> Reply:
        return self._ask("POST", path, body=body, seconds=seconds)

    def _ask(self, method: str, path: str, *, seconds: float, body: bytes | None = None) -> Reply:
        call = Call(seconds=seconds)
        try:
            return call.ask(
                method,
                self._address,
                path,
                headers=self._headers,
                body=body,
                answer_limit=ANSWER_LIMIT,
            )
        except NOT_ANSWERED as exc:
            if call.written:
                raise base.OutcomeUnknown("no answer") from exc
            raise base.NotHandedOver(type(exc).__name__) from exc


def _answers(reply: Reply, *, asked: Sequence[str]) -> dict[str, base.Answer]:
    if reply.status != 200:
        _raise_for(reply)
    try:
        return wire.read_answers(reply.body or b"", asked=asked)
    except fields.BadField as exc:
        raise base.OutcomeUnknown(exc.name) from exc


def _raise_for(reply: Reply) -> NoReturn:
    """Tell what a status other than 200 allows; what the contract does not name is in doubt."""
    if reply.status == 429:
        raise base.Throttled(_pause(reply.headers.get("Retry-After", "")))
    if reply.status in MISCONFIGURED:
        raise base.Misconfigured(str(reply.status))
    said = _read_error(reply.body or b"")
    if reply.status in REFUSED:
        raise base.ChunkRefused(_chunk_code(said, status=reply.status))
    # A proxy's 503 may follow a request that was carried out: only the carrier's word counts.
    if reply.status == 503 and said.nothing_accepted:
        raise base.Unavailable("503")
    raise base.OutcomeUnknown(str(reply.status))


def _pause(raw: str) -> float:
    """Read Retry-After in seconds; a date or nonsense is the default pause."""
    if not (raw.isascii() and raw.isdigit()):
        return DEFAULT_PAUSE
    return min(max(float(raw), SHORTEST_PAUSE), LONGEST_PAUSE)


def _read_error(body: bytes) -> _Error:
    try:
        return _REFUSED.decode(body).error
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Error()


def _chunk_code(said: _Error, *, status: int) -> base.Refusal:
    fallback = base.Refusal.TOO_LARGE if status == 413 else base.Refusal.MALFORMED
    return _CODES.get(said.code, fallback)
