"""The admin site's view of senders.

State and validity are shown, never edited: every step goes through `senders.review`, decisions
through `senders.deciding`, virtual numbers through `senders.virtualnumbers`. names: senders and SMS
accounts. requests: what customers ask. identities: names that are known. numbers: virtual and short
ones, and leases.
"""

from senders.admin.identities import ProtectedNameAdmin, VerifiedIdentityAdmin
from senders.admin.names import AccountAdmin, SenderAdmin
from senders.admin.numbers import LeaseAdmin, ShortNumberAdmin, VirtualNumberAdmin
from senders.admin.requests import SenderNoticeAdmin, SenderRequestAdmin

__all__ = [
    "AccountAdmin",
    "LeaseAdmin",
    "ProtectedNameAdmin",
    "SenderAdmin",
    "SenderNoticeAdmin",
    "SenderRequestAdmin",
    "ShortNumberAdmin",
    "VerifiedIdentityAdmin",
    "VirtualNumberAdmin",
]
