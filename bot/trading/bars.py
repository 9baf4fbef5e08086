"""Bars over time: a small picture of counts by the hour or by the day, made to be read on a phone.

This module loads matplotlib, so it belongs into a worker process.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WIDTH, PANEL_HEIGHT = 1080, 300
"""The size of a picture in pixels: its width, and the height of each panel."""

_DOTS_PER_INCH = 150
_HEADLINE = 70
_MOST_LABELS = 7
_COLOURS = ("#0072b2", "#009e73", "#d55e00")
_INK, _GREY, _PALE = "#1a1a1a", "#6b6b6b", "#e3e3e3"


def draw_bars(title: str, names: Sequence[str], panels: Sequence[tuple[str, Sequence[int]]]) -> bytes:
    """A PNG with one panel of bars for each (name, values); `names` are those of the bars, in order."""
    height = _HEADLINE + PANEL_HEIGHT * len(panels)
    figure = Figure(figsize=(WIDTH / _DOTS_PER_INCH, height / _DOTS_PER_INCH), dpi=_DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    figure.set_facecolor("white")
    figure.text(0.03, 1 - 0.62 * _HEADLINE / height, title, fontsize=14, color=_INK, fontweight="bold")
    grid = {
        "left": 0.09,
        "right": 0.975,
        "top": 1 - (_HEADLINE + 45) / height,
        "bottom": 42 / height,
        "hspace": 0.45,
    }
    axes = figure.subplots(len(panels), 1, squeeze=False, sharex=True, gridspec_kw=grid)[:, 0]
    places = range(len(names))
    for number, (axis, (name, values)) in enumerate(zip(axes, panels, strict=True)):
        axis.bar(places, values, width=0.8, color=_COLOURS[number % len(_COLOURS)])
        axis.set_ylim(0, max([*values, 1]) * 1.1)
        axis.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axis.text(0, 1.05, name, transform=axis.transAxes, fontsize=10.5, color=_INK, fontweight="bold")
        axis.tick_params(labelsize=9, length=0, labelcolor=_GREY)
        axis.grid(axis="y", color=_PALE, linewidth=0.8)
        axis.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axis.spines[side].set_visible(False)
        axis.spines["bottom"].set_color(_PALE)
    step = -(-len(names) // _MOST_LABELS)
    axes[-1].set_xticks(list(places)[::step], list(names)[::step])
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()
