"""Guided discoveries: real data, a question, the known law beside what is found.

Each study is a folder with its data or physics and a ``study.py`` that offers a
``workbench.studies.study.CaseStudy``. Studies are headless; their notebooks tell the story.
"""


def registry() -> dict[str, str]:
    """Where each study lives, ``module:attribute``; imports nothing."""
    return {
        "knots": "case_studies.knots.study:STUDY",
        "localization": "case_studies.localization.study:STUDY",
    }
