"""How often a long-running process looks for garbage.

Campaigns, chunks and receipts are read as some ten thousand small tuples at a time, which live for
a moment and hold no cycles. Looking through them again and again took a fifth of the time of
loading a campaign.
"""

import gc

# Objects made, less those let go, before the young are looked at; rounds before the older ones.
THRESHOLDS = (50_000, 20, 50)


def settle() -> None:
    """Leave out what is there for good, and look more rarely; call once all is imported."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
