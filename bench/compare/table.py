"""Markdown tables: a line for each contestant, median (least-most)."""

import statistics


def table(names, each, rounds, heads):
    figures = each.figures
    beside = each.beside if each.beside in names else None
    columns = [heads[figure] for figure in figures] + ([f"beside {beside}"] if beside else [])
    lines = ["| | " + " | ".join(columns) + " |", "|" + " --- |" * (len(columns) + 1)]
    for name in names:
        cells = [cell(values(rounds, name, figure)) for figure in figures]
        if beside:
            cells.append(ratio(rounds, name, beside, figures[0]))
        shown = f"**{name}**" if name.startswith("Everwire") else name
        lines.append(f"| {shown} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def values(rounds, name, figure):
    return [figures[name][figure] for figures in rounds if figure in figures.get(name, {})]


def ratio(rounds, name, beside, figure):
    pairs = [
        figures[name][figure] / figures[beside][figure]
        for figures in rounds
        if name in figures and figures.get(beside, {}).get(figure)
    ]
    return f"{statistics.median(pairs):.2f}" if pairs else "–"


def cell(values):
    if not values:
        return "–"
    if len(values) == 1:
        return short(values[0])
    return f"{short(statistics.median(values))} ({short(min(values))}–{short(max(values))})"


def short(value):
    """Three digits."""
    if abs(value) >= 10_000:
        return f"{value / 1000:,.0f} k"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
