"""What is to be reached, and whether it is. A goal is looked at in each round of runs, since what disturbs one run disturbs its neighbours, too."""

import statistics
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Goal:
    says: str
    # From a round (contestant's name -> figures) to what must not pass the bound.
    value: Callable
    bound: float
    unit: str = "×"

    def outcome(self, rounds):
        """Its values, and whether their median keeps to the bound; nothing if it was not measured."""
        values = []
        for figures in rounds:
            try:
                values.append(self.value(figures))
            except (KeyError, ZeroDivisionError):
                pass
        if not values:
            return None
        return values, statistics.median(values) <= self.bound


def times(of, factor, beside, figure="cpu_us", what=""):
    """At most so many times what another one needs."""
    says = f"{of.name}{what}: at most {factor:g} × {beside.name}"
    return Goal(says, lambda figures: figures[of.name][figure] / figures[beside.name][figure], factor)


def within(of, figure, bound, unit, what=""):
    return Goal(f"{of.name}{what}: at most {bound:g} {unit}", lambda figures: figures[of.name][figure], bound, unit)


def beyond(of, beside, figure, bound, unit, what=""):
    """At most so much more than another one."""
    says = f"{of.name}{what}: at most {bound:g} {unit} more than {beside.name}"
    return Goal(says, lambda figures: figures[of.name][figure] - figures[beside.name][figure], bound, unit)


def tail(of, factor):
    says = f"{of.name}: p99 at most {factor:g} × p50"
    return Goal(says, lambda figures: figures[of.name]["p99_ms"] / figures[of.name]["p50_ms"], factor)
