"""Plots as SVG text, for report.py: no library needed, and readable on light and dark pages."""

import html
import math

COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf", "#aa3377",
           "#000000", "#66c2a5", "#aec7e8", "#ffbb78", "#98df8a", "#c5b0d5"]
OURS = "#d62728"
ROW = 18
LEFT = 250
WIDTH = 900


def colour(name, names):
    others = [each for each in names if each != "holdfast"]
    return OURS if name == "holdfast" else COLOURS[others.index(name) % len(COLOURS)]


def text(x, y, words, size=11, anchor="start", extra=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"{extra}>'
            f"{html.escape(words)}</text>")


def line(x1, y1, x2, y2, stroke="#ddd", width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"/>'


def dot(x, y, fill, radius):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}"/>'


def document(height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
            + "\n".join([text(10, 20, title, 14), *parts]) + "\n</svg>\n")


def legend(names, drawn, y):
    """Two lines at most."""
    parts = []
    x = 10
    for name in names:
        if name in drawn:
            width = 22 + 7 * len(name)
            if x + width > WIDTH:
                x, y = 10, y + 15
            parts += [dot(x + 5, y - 4, colour(name, names), 4), text(x + 13, y, name)]
            x += width
    return parts


class Scale:
    """Logarithmic, in whole powers of ten, onto pixels. What is beyond the ends is shown at them."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin, self.end = begin, end

    def at(self, value):
        power = min(max(math.log10(value), self.low), self.high)
        return self.begin + (power - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def tick_name(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def ratios(title, rows, names):
    """{row: {store: times faster}}: a line for each row, a dot for each store; further right is faster, from 1/100 to
    100."""
    scale = Scale([0.01, 100], LEFT, WIDTH - 20)
    bottom = 75 + ROW * len(rows)
    parts = legend(names, {name for found in rows.values() for name in found}, 42)
    for tick in scale.ticks():
        x = scale.at(tick)
        parts += [line(x, 67, x, bottom, "#888" if tick == 1 else "#ddd"),
                  text(x, bottom + 14, tick_name(tick), 10, "middle")]
    for index, (row, found) in enumerate(rows.items()):
        y = 81 + ROW * index
        parts += [text(LEFT - 8, y + 4, row, 11, "end"), line(LEFT, y, WIDTH - 20, y, "#eee")]
        # Ours is drawn last, above the others.
        for name in sorted(found, key=lambda each: each == "holdfast"):
            parts.append(dot(scale.at(found[name]), y, colour(name, names), 5 if name == "holdfast" else 3.5))
    return document(bottom + 24, title, parts)


def growth(title, curves, names):
    """{store: [(entries, ns)]}: a line for each store."""
    points = [point for curve in curves.values() for point in curve]
    across = Scale([x for x, _ in points], 70, WIDTH - 40)
    up = Scale([y for _, y in points], 360, 75)
    parts = legend(names, curves, 42)
    for tick in across.ticks():
        x = across.at(tick)
        parts += [line(x, 75, x, 360), text(x, 376, tick_name(tick), 10, "middle")]
    for tick in up.ticks():
        parts += [line(70, up.at(tick), WIDTH - 40, up.at(tick)), text(62, up.at(tick) + 4, tick_name(tick), 10, "end")]
    for name, curve in curves.items():
        path = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in curve)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour(name, names)}" '
                     f'stroke-width="{2.5 if name == "holdfast" else 1.5}"/>')
        parts += [dot(across.at(x), up.at(y), colour(name, names), 3) for x, y in curve]
    return document(390, title, parts)
