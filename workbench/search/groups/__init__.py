"""One law for several groups: the same form with constants that differ between groups, and some they share.

What belongs here: forms worth trying on groups, their constants fitted to all groups at once, the choice
which of them differ, and the formula that follows with the evidence for it.
"""
