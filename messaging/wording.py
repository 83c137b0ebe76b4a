"""What people read when messaging refuses something, in their language.

Exceptions and rows carry codes and figures; here they become a sentence, with the field of the
form it belongs to. One place, so that page, list and download say the same.
"""

import unicodedata
from typing import assert_never

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.ledger import InsufficientCredits
from accounts.phones import Reason
from accounts.templatetags.credits import in_credits
from messaging import campaigns, composing, moving, sms
from messaging.audience import RowRefusal
from messaging.models import Revision, RevisionState

# Why a row gets no message, for the form and the list of refused rows.
OF_NUMBERS: dict[str, Promise] = {
    Reason.EMPTY: gettext_lazy("Give at least one number."),
    Reason.BAD_CHARS: gettext_lazy("There are characters that no phone number has."),
    Reason.BAD_FORMAT: gettext_lazy("This is not written like a phone number."),
    Reason.SHORT_CODE: gettext_lazy("Short numbers cannot receive SMS."),
    Reason.NATIONAL_FORMAT: gettext_lazy(
        "Write the number in international form, for example +33 6 12 34 56 78."
    ),
    Reason.TOO_SHORT: gettext_lazy("The number is too short."),
    Reason.TOO_LONG: gettext_lazy("The number is too long."),
    Reason.UNKNOWN_COUNTRY: gettext_lazy("No country has this prefix."),
    Reason.UNSUPPORTED_DESTINATION: gettext_lazy(
        "Satellite and other international networks are not served."
    ),
    Reason.INVALID_NUMBER: gettext_lazy("No such number is in use in that country."),
    Reason.NOT_MOBILE: gettext_lazy("This is not a mobile number."),
    Reason.PREMIUM: gettext_lazy("Premium-rate numbers cannot receive SMS."),
    RowRefusal.NO_PRICE: gettext_lazy("We do not serve this country."),
    RowRefusal.NOT_METROPOLITAN: gettext_lazy(
        "The short number reaches mobile numbers of metropolitan France only."
    ),
    RowRefusal.NOT_FRENCH: gettext_lazy("A virtual number reaches French numbers only."),
    RowRefusal.NO_VALUE: gettext_lazy("A value that the text asks for is missing."),
    RowRefusal.TEXT_EMPTY: gettext_lazy("With its values the text would show nothing."),
    RowRefusal.TEXT_NUL: gettext_lazy("A value holds a character that no phone can show (NUL)."),
    RowRefusal.TEXT_LONE_SURROGATE: gettext_lazy("A value holds half a character."),
    RowRefusal.TOO_MANY_PARTS: gettext_lazy(
        "With its values the text has more parts than an SMS can have."
    ),
    RowRefusal.LINK: gettext_lazy(
        "With its values the text holds a web address, which the short number does not accept."
    ),
    "OPTED_OUT": gettext_lazy("This recipient opted out (STOP) of your messages."),
}

OF_TEXTS: dict[sms.Problem, Promise] = {
    sms.Problem.EMPTY: gettext_lazy("Write a text: this one would show nothing."),
    sms.Problem.NUL: gettext_lazy("The text holds a character that no phone can show (NUL)."),
    sms.Problem.LONE_SURROGATE: gettext_lazy("The text holds half a character; remove it."),
}

FIELDS: dict[type[Exception], str] = {
    composing.BadText: "text",
    composing.TooManyParts: "text",
    composing.LinkNotAllowed: "text",
    composing.TooManyRecipients: "recipients",
    campaigns.NoRecipient: "recipients",
    campaigns.SenderNotEnabled: "sender",
    campaigns.SenderEnds: "sender",
    campaigns.PastMoment: "date",
    campaigns.TooFarAhead: "date",
}


def field_of(refusal: Exception) -> str | None:
    """Name the field of the compose form that a refusal is about; None for the whole form."""
    return FIELDS.get(type(refusal))


def of_number(reason: str) -> str:
    """Word why a number is refused; a code from an older release keeps a plain sentence."""
    return str(OF_NUMBERS.get(reason, _("This number cannot receive our SMS.")))


def of_text(problem: sms.Problem) -> str:
    """Word why a text cannot be sent."""
    return str(OF_TEXTS[problem])


def of_link(link: str) -> str:
    """Word why a text with a web address cannot be sent from the short number."""
    words = _(
        "The text holds a web address (%(link)s), which the short number does not accept. "
        "Take it out, or choose another sender."
    )
    return words % {"link": link}


def of_refusal(refusal: campaigns.Refused | InsufficientCredits) -> str:
    """Word why a campaign was not composed, confirmed, changed or cancelled."""
    match refusal:
        case InsufficientCredits():
            return _(
                "This takes %(needed)s and the balance is %(balance)s. "
                "Nothing was sent and nothing was charged."
            ) % {
                "needed": in_credits(refusal.needed_hundredths),
                "balance": in_credits(refusal.balance_hundredths),
            }
        case composing.BadText():
            return of_text(refusal.problem)
        case campaigns.NoRecipient():
            return of_number(refusal.reason)
        case composing.LinkNotAllowed():
            return of_link(refusal.link)
        case composing.TooManyParts() | composing.TooManyRecipients():
            return _too_many(refusal)
        case campaigns.NoLongerPlanned():
            return of_what_stands(refusal.revision)
        case campaigns.Refused():
            return str(PLAIN.get(type(refusal), _("This cannot be sent as it is.")))
    assert_never(refusal)


def of_what_stands(revision: Revision) -> str:
    """Word why a revision is neither moved nor replaced any more."""
    return str(OF_STATES.get(RevisionState(revision.state), OTHERWISE))


def _too_many(refusal: composing.TooManyParts | composing.TooManyRecipients) -> str:
    if isinstance(refusal, composing.TooManyParts):
        return _("The text takes %(parts)s parts; an SMS has at most %(most)s. Shorten it.") % {
            "parts": intcomma(refusal.parts),
            "most": intcomma(sms.MAX_PARTS),
        }
    return _("%(count)s numbers were typed; at most %(most)s fit in one campaign.") % {
        "count": intcomma(refusal.count),
        "most": intcomma(composing.MAX_TYPED),
    }


# Why something is neither moved nor replaced any more, by what became of it.
OTHERWISE = gettext_lazy("It was changed in the meantime: this is how it stands.")
OF_STATES: dict[RevisionState, Promise] = {
    RevisionState.LEAVING: gettext_lazy("It has begun to leave and can no longer be changed."),
    RevisionState.LEFT: gettext_lazy("It has left and can no longer be changed."),
    RevisionState.CANCELLING: gettext_lazy("It was cancelled in the meantime."),
    RevisionState.CANCELLED: gettext_lazy("It was cancelled in the meantime."),
}

PLAIN: dict[type[Exception], Promise] = {
    campaigns.SenderNotEnabled: gettext_lazy("This sender is not enabled. Choose another one."),
    campaigns.SenderEnds: gettext_lazy(
        "The account has this number until an earlier moment. Choose another sender, or an earlier "
        "moment to leave."
    ),
    campaigns.AccountSuspended: gettext_lazy(
        "The account is suspended: nothing leaves it. Ask your operator."
    ),
    campaigns.PastMoment: gettext_lazy("This moment has passed. Choose a later one."),
    campaigns.TooFarAhead: gettext_lazy("SMS can be planned up to 12 months ahead."),
    campaigns.QuoteChanged: gettext_lazy(
        "Prices or opt-outs changed since, or a day went by. Nothing was sent: please read the "
        "new figures and confirm again."
    ),
    campaigns.NotConfirmable: gettext_lazy(
        "It was changed in the meantime. Nothing was sent now: this is how it stands."
    ),
    campaigns.NotCancellable: gettext_lazy("It has left and can no longer be cancelled."),
    moving.MovedMeanwhile: gettext_lazy(
        "Somebody chose another moment in the meantime: this is how it stands. Nothing was changed."
    ),
    composing.AlreadySent: gettext_lazy(
        "This form was sent before with other words, and that SMS stands. Nothing was sent now; "
        "press the button again to send this as a new one."
    ),
}


# Characters that show nothing of themselves. All others are shown, so that only English needs
# their Unicode names, which exist in no other language.
UNSEEN: dict[str, Promise] = {
    "\u00a0": gettext_lazy("no-break space"),
    "\u00ad": gettext_lazy("soft hyphen"),
    "\u2009": gettext_lazy("thin space"),
    "\u200b": gettext_lazy("zero width space"),
    "\u200d": gettext_lazy("zero width joiner"),
    "\u202f": gettext_lazy("narrow no-break space"),
    "\ufe0f": gettext_lazy("variation selector-16"),
    "\ufeff": gettext_lazy("zero width no-break space"),
}


def of_character(character: str) -> str:
    """Name a character for people who see it beside: its name as far as they need one, its code."""
    code = f"U+{ord(character):04X}"
    name = str(UNSEEN.get(character, ""))
    if not name and (get_language() or "en").startswith("en"):
        name = unicodedata.name(character, "").lower()
    return f"{name}, {code}" if name else code


def of_change(old: str, new: str, times: int) -> str:
    """Tell what a replacement did to one character."""
    if not new:
        return ngettext("removed %(name)s", "removed %(name)s, %(times)d times", times) % {
            "name": of_character(old),
            "times": times,
        }
    shown = {"old": old, "new": _("a line break") if new == "\n" else new, "times": times}
    if new == " ":
        shown |= {"old": of_character(old), "new": _("a space")}
    return ngettext("%(old)s became %(new)s", "%(old)s became %(new)s, %(times)d times", times) % (
        shown
    )
