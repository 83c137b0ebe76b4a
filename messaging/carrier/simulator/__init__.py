"""The simulated carrier: a stand-in for another company, to develop against and to prove with.

It has its own books in its own file, its own count of parts and its own idea of who operates a
number. It imports nothing of the platform, which talks to it over HTTP or through
`messaging.carrier.inprocess`. docs/carrier.md describes it.
"""
