"""The audit: proofs that the books of the platform are right, read from the tables alone.

Each topic module lists its checks: an invariant in words and the SQL that finds the rows breaking
it. `proof` runs them all on one `snapshot`; nothing here writes. A check names rows by id, never by
a phone number or a text. The checks lean on each other (messages, counters, batches, revisions,
entries), so each table is compared with the next one only: see docs/audit.md.
"""
