"""The forms with which customers ask for names, and the search above their list."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import SmsAccount
from accounts.readable import ReadableForm
from senders import asking, documents, filing, review
from senders.asking import Words
from senders.filing import Paper
from senders.listing import BY_NAME
from senders.rules import Problem
from senders.wording import OF_FAULTS, OF_PROBLEMS, SORTS


class FilesInput(forms.FileInput):
    """Chooses several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> "list[UploadedFile[bytes]]":
        """Give all that was chosen."""
        return list(files.getlist(name))


class PapersField(forms.FileField):
    """Supporting documents, judged one after the other; every fault is told at once."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Paper]:
        """Judge what was chosen."""
        if not data:
            raise ValidationError(_("Add at least one document."), code="required")
        if len(data) > documents.MOST_FILES:
            raise ValidationError(_("Add at most 10 documents."), code="too_many")
        papers, faults = [], []
        for file in data:
            try:
                papers.append(filing.judged(file=file, name=file.name or ""))
            except documents.Unacceptable as refusal:
                faults.append(_worded(file, refusal))
                if refusal.fault == documents.Fault.TOO_HEAVY:
                    break
        if faults:
            raise ValidationError(faults)
        return papers


def _papers_field() -> PapersField:
    return PapersField(
        label=_("Supporting documents"),
        help_text=_("PDF, JPEG or PNG, 10 MB each at most, 1 to 10 files."),
        widget=FilesInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png", "multiple": True}),
    )


def _reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=250,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What you will send under this name, and to whom. Staff read it."),
    )


class AskForm(ReadableForm):
    """A name in one's own words."""

    name = forms.CharField(
        label=_("Name"),
        max_length=40,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "3 to 11 characters: letters without accents, digits, spaces and - . , & + _, with "
            "one letter at least."
        ),
    )
    description = forms.CharField(
        label=_("Description"), required=False, max_length=40, help_text=_("For yourselves.")
    )
    reason = _reason_field()
    documents = _papers_field()

    def __init__(
        self,
        data: QueryDict | None = None,
        files: "MultiValueDict[str, UploadedFile[bytes]] | None" = None,
        *,
        account: SmsAccount,
        **options: Any,
    ) -> None:
        """Know whose names are taken."""
        super().__init__(data, files=files, **options)
        self.account = account

    def clean_name(self) -> str:
        """Say everything that is wrong with the name at once."""
        name = str(self.cleaned_data["name"])
        if found := asking.tell(account=self.account, name=name).problems:
            raise ValidationError([ValidationError(str(OF_PROBLEMS[p]), code=p) for p in found])
        return name

    def words(self) -> Words:
        """Give what was said, once the form is valid."""
        said = self.cleaned_data
        return Words(description=said["description"], reason=said["reason"])

    def refuse(self, refusal: review.NameTaken | review.NameNotAllowed | review.TooMany) -> None:
        """Say what the domain refused."""
        match refusal:
            case review.NameTaken():
                self.add_error("name", str(OF_PROBLEMS[Problem.TAKEN]))
            case review.NameNotAllowed(problems=problems):
                for problem in problems:
                    self.add_error("name", str(OF_PROBLEMS[problem]))
            case review.TooMany():
                self.add_error("name", of_too_many(refusal))


class AskAgainForm(ReadableForm):
    """A refused name once more, with what is different now."""

    changes = forms.CharField(
        label=_("What changed"),
        max_length=250,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is different since the refusal. Staff read it first."),
    )
    description = forms.CharField(label=_("Description"), required=False, max_length=40)
    reason = _reason_field()
    documents = _papers_field()

    def words(self) -> Words:
        """Give what was said, once the form is valid."""
        said = self.cleaned_data
        return Words(
            description=said["description"], reason=said["reason"], changes=said["changes"]
        )


class DescriptionForm(ReadableForm):
    """What its owners call a sender among themselves."""

    description = forms.CharField(
        label=_("Description"), required=False, max_length=40, help_text=_("For yourselves.")
    )


class OwnForm(ReadableForm):
    """Names known as the customer's, several at once."""

    names = forms.MultipleChoiceField(
        label=_("Names"), error_messages={"required": _("Choose at least one name.")}
    )

    def __init__(self, data: QueryDict | None = None, *, offered: Iterable[str]) -> None:
        """Offer these names."""
        super().__init__(data)
        self.fields["names"].choices = [(name, name) for name in offered]  # type: ignore[attr-defined]


class SearchForm(ReadableForm):
    """What to show of the senders, and in which order."""

    words = forms.CharField(label=_("Name or description"), required=False, max_length=40)
    sort = forms.ChoiceField(label=_("Sort by"), required=False, choices=SORTS)

    def clean_sort(self) -> str:
        """Begin with A."""
        return self.cleaned_data["sort"] or BY_NAME


def of_too_many(refusal: review.TooMany) -> str:
    """Word why an account cannot ask for another name."""
    if refusal.limit == review.MOST_WAITING:
        words = gettext("%(limit)d names wait for validation: ask again when some are decided.")
    elif refusal.limit == review.MOST_A_DAY:
        words = gettext("An account asks %(limit)d times a day at most: try again tomorrow.")
    else:
        words = gettext("An account has %(limit)d names at most: remove one first.")
    return words % {"limit": refusal.limit}


def _worded(file: "UploadedFile[bytes]", refusal: documents.Unacceptable) -> ValidationError:
    shown = documents.plain_name(file.name or "")
    return ValidationError(
        gettext("%(file)s: %(fault)s") % {"file": shown, "fault": OF_FAULTS[refusal.fault]},
        code=refusal.fault,
    )
