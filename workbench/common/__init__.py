"""What every room may use and none owns.

What belongs here: checks of foreign data against a schema, text as markup, writing files so that nothing is
lost, a fence around trials, and worker processes. Nothing here knows networks, formulas or tables.
"""
