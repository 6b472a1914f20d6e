"""Static pictures as SVG text: networks and charts, without a browser or a plotting library."""

from typing import TYPE_CHECKING

from workbench.lazy import lazily

if TYPE_CHECKING:
    from workbench.pictures.drawing import network_svg
    from workbench.pictures.groups import group_charts

_MODULES = {
    "drawing": ["network_svg"],
    "groups": ["group_charts"],
}

__getattr__, __dir__ = lazily(__name__, _MODULES)

__all__ = [
    "group_charts",
    "network_svg",
]
