"""The pages of the demo: the simulated handset and the mailbox.

They exist in demo mode only, where everybody at the machine may open them: what stands in the
mailbox (a way back to a lost password) is needed before signing in. They change nothing of the
platform: what a phone answers goes to the simulated carrier, which brings it like any other.
"""

import uuid
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import phones
from smsmanager import handset, mailbox
from smsmanager.forms import AnswerForm, PhoneForm

View = Callable[..., HttpResponse]
NUMBER = r"(?P<number>\+[1-9][0-9]{6,14})"
MAIL = r"(?P<mail_id>[0-9]{8}-[0-9]{6}-[0-9]{1,24}-[0-9]{1,6})"
# A list that does not change is answered with this: htmx then leaves the page alone.
UNCHANGED = 204


def in_demo(view: View) -> View:
    """Let an address exist in demo mode only."""

    @wraps(view)
    def shown(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, **kwargs)

    return shown


def demo_page(view: View) -> View:
    """Let a page exist in demo mode only, and let it be read only."""
    return require_safe(in_demo(view))


def demo_act(view: View) -> View:
    """Let an act exist in demo mode only, and let it be asked for by a form only."""
    return require_POST(in_demo(view))


@demo_page
def handset_list(request: HttpRequest) -> HttpResponse:
    """Choose a phone: by its number, or among those that received something."""
    form = PhoneForm(request.GET if "number" in request.GET else None)
    if form.is_valid():
        return redirect("demo:handset-detail", number=form.cleaned_data["number"])
    return render(request, "demo/handset_list.html", {"phone_form": form, **_phones()})


@demo_page
def phone_list(request: HttpRequest) -> HttpResponse:
    """Answer with the phones alone, for the page that refreshes itself."""
    context = _phones()
    if context["mark"] == request.GET.get("mark"):
        return HttpResponse(status=UNCHANGED)
    return render(request, "demo/_phones.html", context)


@demo_page
def handset_detail(request: HttpRequest, *, number: str) -> HttpResponse:
    """Show one phone."""
    return _handset(request, number, form=None, status=200)


@demo_page
def screen_detail(request: HttpRequest, *, number: str) -> HttpResponse:
    """Answer with the screen of a phone alone, for the page that refreshes itself."""
    context = _screen(request, number)
    if context["mark"] == request.GET.get("mark"):
        return HttpResponse(status=UNCHANGED)
    return render(request, "demo/_screen.html", context)


@demo_act
def reply_create(request: HttpRequest, *, number: str) -> HttpResponse:
    """Have the phone answer an SMS."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _handset(request, number, form=form, status=422)
    said = form.cleaned_data
    try:
        handset.answer(
            number=number,
            message_id=said["message"],
            text=said["text"],
            key=str(said["key"]),
            **_carrier(),
        )
    except handset.NotReachable:
        form.add_error("text", _("The simulated carrier does not answer. Nothing was sent."))
        return _handset(request, number, form=form, status=422)
    except handset.NotSent:
        form.add_error("text", _("This SMS allows no reply: it came from a name."))
        return _handset(request, number, form=form, status=422)
    messages.success(request, _("Sent from this phone."))
    return redirect("demo:handset-detail", number=number)


@demo_act
def phone_update(request: HttpRequest, *, number: str) -> HttpResponse:
    """Let 48 hours pass for the phone."""
    try:
        handset.let_pass(number=number, **_carrier())
    except (handset.NotReachable, handset.NotSent):
        messages.error(request, _("The simulated carrier does not answer. No time went by."))
    return redirect("demo:handset-detail", number=number)


@demo_page
def mailbox_list(request: HttpRequest) -> HttpResponse:
    """List the e-mails of the demo."""
    found = mailbox.mails(directory=settings.EMAIL_FILE_PATH)
    return render(request, "demo/mailbox_list.html", {"mails": found})


@demo_page
def mail_detail(request: HttpRequest, *, mail_id: str) -> HttpResponse:
    """Show one e-mail as plain text; its links to this site can be followed."""
    mail = mailbox.mail_by_id(directory=settings.EMAIL_FILE_PATH, mail_id=mail_id)
    if mail is None:
        raise Http404
    pieces = mailbox.pieces(text=mail.text, host=request.get_host())
    return render(request, "demo/mail_detail.html", {"mail": mail, "pieces": pieces})


def _carrier() -> dict[str, str]:
    return {"url": settings.CARRIER_URL, "token": settings.CARRIER_TOKEN}


def _phones() -> dict[str, object]:
    """Give the phones, and a mark that changes when the list does."""
    try:
        found = handset.phones(**_carrier())
    except handset.NotReachable:
        return {"phones": [], "is_reachable": False, "mark": "away"}
    mark = f"{found[0].number}@{found[0].last_at.timestamp()}" if found else "none"
    return {"phones": found, "is_reachable": True, "mark": mark}


def _handset(
    request: HttpRequest, number: str, *, form: AnswerForm | None, status: int
) -> HttpResponse:
    """Show a phone with the form for its next SMS: filled in, or for the SMS to be answered."""
    context = _screen(request, number)
    wanted = form.data.get("message", "") if form else request.GET.get("answer", "")
    chosen = _chosen(context.get("screen"), wanted)
    if form is None and chosen is not None:
        form = AnswerForm(initial={"message": chosen.id, "key": uuid.uuid4()}, data=None)
    if form is not None and chosen is not None:
        to = phones.display(chosen.answer_to)
        form.fields["text"].label = _("Reply to %(to)s") % {"to": to}
    context |= {"form": form, "chosen": chosen, "phone_form": PhoneForm()}
    return render(request, "demo/handset_detail.html", context, status=status)


def _chosen(screen: object, wanted: str) -> handset.Shown | None:
    """Give the SMS that is to be answered: the one asked for, else the latest that can be."""
    if not isinstance(screen, handset.Screen):
        return None
    answerable = [sms for sms in screen.received if sms.answer_to]
    asked = [sms for sms in answerable if str(sms.id) == wanted]
    return next(iter([*asked, *answerable]), None)


def _screen(request: HttpRequest, number: str) -> dict[str, object]:
    """Give what the phone shows; `flash` is the newest pop-up that was not put away yet."""
    seen = request.GET.get("seen", "")
    seen_id = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 20 else 0
    context: dict[str, object] = {"number": number, "seen": seen_id}
    try:
        screen = handset.screen(number=number, **_carrier())
    except handset.NotReachable:
        return {**context, "is_reachable": False, "mark": "away"}
    popups = [sms for sms in screen.received if sms.message_class == "flash" and sms.id > seen_id]
    return {
        **context,
        "is_reachable": True,
        "screen": screen,
        # Each STOP that can be pressed has a key of its own: pressed twice is sent once.
        "lines": [(line, uuid.uuid4()) for line in screen.lines],
        "mark": screen.mark,
        "flash": popups[0] if popups else None,
    }


urlpatterns: list[URLPattern] = [
    path("handset/", handset_list, name="handset-list"),
    path("handset/phones/", phone_list, name="phone-list"),
    re_path(rf"^handset/{NUMBER}/\Z", handset_detail, name="handset-detail"),
    re_path(rf"^handset/{NUMBER}/screen/\Z", screen_detail, name="screen-detail"),
    re_path(rf"^handset/{NUMBER}/answer/\Z", reply_create, name="reply-create"),
    re_path(rf"^handset/{NUMBER}/later/\Z", phone_update, name="phone-update"),
    path("mailbox/", mailbox_list, name="mailbox-list"),
    re_path(rf"^mailbox/{MAIL}/\Z", mail_detail, name="mail-detail"),
]
