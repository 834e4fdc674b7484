"""The words of the subject: a job's states, motions, warnings.

Everybody may import it; it imports nothing. What a word means, and its sentence for people, stands beside it.
"""
