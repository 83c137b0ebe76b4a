"""What the pages of messaging take in: the shape of each field and its first check.

Whatever a machine may send (a NUL, half a character) is at most an error beside its field.
"""
