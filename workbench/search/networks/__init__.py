"""Which network for a table: networks on trial, the choice between them, and inputs that nobody needs.

What belongs here: shapes, edges, grids and smoothness, chosen by rows that are held out in turn. ``discover``
and the estimators ask the same question here.
"""
