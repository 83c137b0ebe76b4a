"""The benchmark behind `manage.py benchmark`: the way of a campaign beside what the machine allows.

Nothing of the product imports it. docs/benchmark.md says what each figure means.
"""
