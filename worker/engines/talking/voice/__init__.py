"""The voice: what is said when, and how loud, in numbers that a mouth can follow.

`hearing.hear` gives phones with times, `features` gives loudness, formants and hiss.
"""
