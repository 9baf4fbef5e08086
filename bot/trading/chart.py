"""The picture of a backtest: price with entries and exits, equity against buy & hold, and drawdown.

Made to be read on a phone. Drawing takes about a second and this module loads matplotlib, so both belong into a
worker process.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from matplotlib.ticker import FixedLocator, NullLocator
from matplotlib.transforms import ScaledTranslation

from bot.numbers import signed_percent
from bot.trading.candles import Candles
from bot.trading.chart_scales import Scale, drawdown_scale, extremes, positive_scale, time_scale
from bot.trading.layout import BOUGHT, SOLD, STOP, TRAILING_GAP, Floats, Integers, Records
from bot.trading.result import BacktestResult

WIDTH, HEIGHT = 1080, 1350
"""The size of a picture in pixels."""

_DOTS_PER_INCH = 150
_COLUMNS = 900
_MARKS_ACROSS = 80
_DAY = 86_400.0

# The colours of Okabe and Ito (2008), told apart by colour-blind people too.
_INK, _GREY, _PALE = "#1b1f24", "#6b7280", "#e5e7eb"
_BLUE, _GREEN, _ORANGE, _RED = "#0072b2", "#009e73", "#e69f00", "#d55e00"


@dataclass(frozen=True, slots=True)
class _Marks:
    """Fills of one kind: when (epoch seconds), at what price, and how they look; `shift` is in marker sizes."""

    label: str
    times: Integers
    prices: Floats
    shape: str
    colour: str
    shift: float


def draw_backtest(result: BacktestResult, *, title: str, subtitle: str) -> bytes:
    """A PNG of 1080 x 1350 pixels; letters that its font does not have become □."""

    figure = Figure(figsize=(WIDTH / _DOTS_PER_INCH, HEIGHT / _DOTS_PER_INCH), dpi=_DOTS_PER_INCH)
    FigureCanvasAgg(figure)
    figure.set_facecolor("white")
    panels = figure.subplots(
        3,
        1,
        gridspec_kw={
            "height_ratios": (5, 3.6, 2.2),
            "left": 0.125,
            "right": 0.965,
            "top": 0.855,
            "bottom": 0.045,
            "hspace": 0.31,
        },
    )
    candles = result.candles
    times = time_scale(int(candles.start[0]), int(candles.start[-1]) + candles.timeframe)
    for panel in panels:
        _prepare(panel, times)
    _price_panel(panels[0], result)
    _equity_panel(panels[1], result)
    _drawdown_panel(panels[2], result)
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)
    _headline(figure, title, 0.958, 19.0, _INK, "bold")
    _headline(figure, subtitle, 0.922, 11.5, _GREY, "normal")
    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _prepare(panel: Axes, scale: Scale) -> None:
    begin, end = scale.ends
    panel.set_xlim(begin / _DAY, end / _DAY)
    panel.set_xticks([tick / _DAY for tick in scale.ticks], scale.labels)
    panel.tick_params(labelsize=11.5, length=0, pad=5, labelcolor=_GREY)
    panel.grid(color=_PALE, linewidth=0.8)
    panel.set_axisbelow(True)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)
    panel.spines["bottom"].set_color(_PALE)


def _price_panel(panel: Axes, result: BacktestResult) -> None:
    candles, marks = result.candles, _marks_of(result.records)
    scale = positive_scale(float(candles.low.min()), float(candles.high.max()))
    _apply(panel, scale)
    width = -(-len(candles) // _COLUMNS)
    firsts = np.arange(0, len(candles), width)
    low, high = np.minimum.reduceat(candles.low, firsts), np.maximum.reduceat(candles.high, firsts)
    days = (candles.start[firsts] + candles.timeframe * width / 2) / _DAY
    panel.fill_between(days, low, high, color=_GREY, alpha=0.35, linewidth=0)
    _line(panel, candles, candles.close, _INK, 1.1)
    total = sum(len(kind.times) for kind in marks)
    size = 90.0 if total <= 40 else 48.0 if total <= 200 else 26.0
    for kind in marks:
        shown = _spread_out(kind.times, candles)
        shift = ScaledTranslation(0, kind.shift * size**0.5 / 72, panel.figure.dpi_scale_trans)
        panel.scatter(
            (kind.times[shown] + candles.timeframe / 2) / _DAY,
            kind.prices[shown],
            s=size,
            marker=kind.shape,
            color=kind.colour,
            edgecolors="white",
            linewidths=0.7,
            transform=panel.transData + shift,
            label=kind.label,
            zorder=3,
            clip_on=False,
        )
    if not total:
        panel.text(
            0.5,
            0.94,
            "No trades in this stretch",
            transform=panel.transAxes,
            ha="center",
            va="top",
            fontsize=13,
            color=_GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8},
        )
    _name(panel, f"Price in {scale.left_out}{result.strategy.market.quote}", legend=bool(total))


def _equity_panel(panel: Axes, result: BacktestResult) -> None:
    equity, hold, initial = result.equity, result.hold, result.initial_balance
    lowest, highest = min(equity.min(), hold.min(), initial), max(equity.max(), hold.max(), initial)
    scale = positive_scale(float(lowest), float(highest))
    _apply(panel, scale)
    panel.axhline(initial, color=_GREY, linewidth=0.9)
    held = f"Buy & hold {signed_percent(result.metrics.buy_and_hold_return_percent)}"
    _line(panel, result.candles, hold, _ORANGE, 1.3, held)
    earned = f"Strategy {signed_percent(result.metrics.total_return_percent)}"
    _line(panel, result.candles, equity, _BLUE, 2.0, earned)
    _name(panel, f"Equity in {scale.left_out}{result.strategy.market.quote}", legend=True)


def _drawdown_panel(panel: Axes, result: BacktestResult) -> None:
    peak = np.maximum(np.maximum.accumulate(result.equity), result.initial_balance)
    drawdown = (result.equity / peak - 1) * 100
    worst = float(drawdown.min())
    _apply(panel, drawdown_scale(worst))
    places, values = extremes(drawdown, _COLUMNS)
    days = (result.candles.start[places] + result.timeframe) / _DAY
    panel.fill_between(days, values, 0, color=_RED, alpha=0.3, linewidth=0)
    panel.plot(days, values, color=_RED, linewidth=1.0)
    _name(panel, f"Drawdown, at worst {signed_percent(worst)}" if worst else "No drawdown", legend=False)


def _marks_of(records: Records) -> list[_Marks]:
    """Buys, sales and stops, each kind only where there is one."""
    stopped = (records["reason"] >= STOP) & (records["reason"] <= TRAILING_GAP)
    kinds = (
        ("buy", records["kind"] == BOUGHT, "^", _GREEN, -0.75),
        ("sale", (records["kind"] == SOLD) & ~stopped, "v", _BLUE, 0.75),
        ("stop", (records["kind"] == SOLD) & stopped, "X", _RED, 0.0),
    )
    marks = []
    for name, chosen, shape, colour, shift in kinds:
        count = int(np.count_nonzero(chosen))
        if count:
            label = f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"
            marks.append(
                _Marks(label, records["time"][chosen], records["price"][chosen], shape, colour, shift)
            )
    return marks


def _line(
    panel: Axes, candles: Candles, values: Floats, colour: str, width: float, label: str | None = None
) -> None:
    places, shown = extremes(values, _COLUMNS)
    days = (candles.start[places] + candles.timeframe) / _DAY
    panel.plot(days, shown, color=colour, linewidth=width, label=label, solid_joinstyle="round")


def _apply(panel: Axes, scale: Scale) -> None:

    if scale.logarithmic:
        panel.set_yscale("log")
    panel.set_ylim(*scale.ends)
    panel.yaxis.set_major_locator(FixedLocator(scale.ticks))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.set_yticks(scale.ticks, scale.labels)


def _name(panel: Axes, name: str, *, legend: bool) -> None:
    panel.text(
        0, 1.035, name, transform=panel.transAxes, fontsize=13, fontweight="bold", color=_INK, va="bottom"
    )
    if legend:
        panel.legend(
            loc="lower right",
            bbox_to_anchor=(1.012, 1.012),
            ncols=4,
            frameon=False,
            fontsize=11.5,
            handlelength=1.5,
            handletextpad=0.3,
            columnspacing=1.0,
            borderaxespad=0,
        )


def _spread_out(times: Integers, candles: Candles) -> Integers:
    """Which marks are drawn: of those that would cover each other only the first."""
    span = max(1, len(candles) * candles.timeframe // _MARKS_ACROSS)
    _, first = np.unique((times - candles.start[0]) // span, return_index=True)
    return first.astype(np.int64)


def _headline(figure: Figure, text: str, height: float, size: float, colour: str, weight: str) -> None:
    """A line of text over the whole width: made smaller until it fits, at most by a quarter, and then cut."""
    shown = _drawable(text)
    line = figure.text(0.03, height, shown, fontsize=size, color=colour, fontweight=weight)
    line.set_parse_math(False)
    room = WIDTH * 0.94
    width = line.get_window_extent().width
    line.set_fontsize(size * min(1.0, max(0.75, room / max(width, 1.0) * 0.98)))
    while (width := line.get_window_extent().width) > room:
        shown = shown[: min(len(shown) - 1, int(len(shown) * room / width))].rstrip()
        line.set_text(f"{shown}…")


def _drawable(text: str) -> str:
    """The text on one line, with □ for every letter that the font of the chart does not have."""

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(letter if ord(letter) in known else "□" for letter in " ".join(text.split()))
