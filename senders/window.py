"""How long people may answer what came from a short number, which is how long it stays theirs.

The lease is kept open for it, and whoever judges a reply asks for it. Pure.
"""

from datetime import timedelta

WINDOW = timedelta(hours=48)
