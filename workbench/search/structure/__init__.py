"""Structure in a table: symmetries, factors, output links and sums of products, found and proposed.

What belongs here: everything that looks at values, or at the slopes of a smooth function through them,
and says how inputs go together. Each finding is data: a sentence, the evidence and the network that
follows from it. Fitting constants, snapping and choosing are left to ``polish`` and ``FormulaSet``.
"""
