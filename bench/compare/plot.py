"""Bars as SVG: the median, and a line from the least to the most."""

import statistics
from html import escape

from table import short

NAME, BARS, VALUE = 250, 420, 90
LINE, TOP = 24, 44


def bars(title, unit, values):
    """`values`: name -> those of the runs."""
    most = max((max(each) for each in values.values() if each), default=1) or 1
    height = TOP + LINE * len(values) + 10
    width = NAME + BARS + VALUE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="10" y="18" font-weight="bold" fill="#222">{escape(title)}</text>',
        f'<text x="10" y="35" font-size="11" fill="#666">{escape(unit)}, less is better</text>',
    ]
    for number, (name, each) in enumerate(values.items()):
        parts.extend(bar(name, each, BARS / most, TOP + LINE * number))
    return "\n".join([*parts, "</svg>", ""])


def bar(name, values, scale, top):
    median, least, most = (pick(values) * scale for pick in (statistics.median, min, max))
    ours = name.startswith("Everwire")
    middle = top + LINE / 2
    yield f'<text x="{NAME - 8}" y="{middle + 4:.1f}" text-anchor="end" fill="#222">{escape(name)}</text>'
    yield f'<rect x="{NAME}" y="{top + 4}" width="{max(median, 1):.1f}" height="{LINE - 8}" fill="{"#2563a8" if ours else "#a9b4c0"}"/>'
    if most > least:
        yield f'<path d="M{NAME + least:.1f} {middle}H{NAME + most:.1f}M{NAME + least:.1f} {middle - 4}v8M{NAME + most:.1f} {middle - 4}v8" stroke="#222" fill="none"/>'
    yield f'<text x="{NAME + max(most, median) + 6:.1f}" y="{middle + 4:.1f}" fill="#222">{short(statistics.median(values))}</text>'
