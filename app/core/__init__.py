"""Small tools that know nothing of jobs: clock, ids, deadlines, atomic files, signing, pagination.

Everybody may import it; it imports nothing of ours but `errors`. There is no front door: each file is one
noun.
"""
