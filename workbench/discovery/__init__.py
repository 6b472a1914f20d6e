"""What is read out of a network, or written into it.

What belongs here: attribution and pruning, the table of functions, the search for symbols, formulas
with their constants and exports, the graph of a network, its drawing and the report. SymPy and
networkx live here; widgets and files of users do not.
"""
