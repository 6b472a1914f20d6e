"""The report of a discovery: the same content as one HTML file that needs nothing else, and as Markdown.

``content`` says what is told, in blocks; ``html`` and ``markdown`` say how it is written; ``citation`` has
the paragraph on methods and the literature.
"""

from workbench.report.blocks import Report
from workbench.report.content import report
from workbench.report.html import to_html
from workbench.report.markdown import to_markdown

__all__ = ["Report", "report", "to_html", "to_markdown"]
