"""The face of case studies, which live in ``case_studies``, and their notebooks for users."""
