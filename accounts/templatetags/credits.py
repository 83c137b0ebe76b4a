"""The filter that shows amounts of credits in the reader's language."""

from django import template
from django.utils import formats

from accounts import credits as amounts

register = template.Library()


@register.filter(name="credits")
def localised(hundredths: int) -> str:
    """Write hundredths with the language's decimal mark and thousands apart: 1 234,5 in French."""
    return formats.number_format(amounts.show(hundredths), use_l10n=True, force_grouping=True)
