"""What comes of a check of a bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Check = Callable[[Path, Path], str]
"""``(bundle, folder for what it writes)`` -> what was found; raises where a rule is broken."""


class NotApplicableError(Exception):
    """A check says nothing about this bundle, and why."""


@dataclass(frozen=True)
class Outcome:
    """Result of one check on one bundle.

    Args:
        bundle: name of its folder.
        check: name.
        state: ``"ok"``, ``"FAILED"`` or ``"-"`` where the check does not apply.
        note: what was found, in one line.
    """

    bundle: str
    check: str
    state: str
    note: str


def outcome_of(name: str, check: Check, bundle: Path, folder: Path) -> Outcome:
    """Run a check; whatever it raises is its outcome, so that the next one is run too."""
    try:
        return Outcome(bundle.name, name, "ok", check(bundle, folder))
    except NotApplicableError as why:
        return Outcome(bundle.name, name, "-", str(why))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one fault never ends the table
        lines = str(error).strip().splitlines() or [""]
        return Outcome(bundle.name, name, "FAILED", f"{type(error).__name__}: {lines[-1]}")


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """Markdown: a row a check, a column a bundle; below it what was found, faults first."""
    bundles = list(dict.fromkeys(each.bundle for each in outcomes))
    states = {(each.check, each.bundle): each.state for each in outcomes}
    lines = [f"| check | {' | '.join(bundles)} |", "| --- |" + " --- |" * len(bundles)]
    for check in dict.fromkeys(each.check for each in outcomes):
        cells = [states.get((check, bundle), "") for bundle in bundles]
        lines.append(f"| {check} | {' | '.join(cells)} |")
    for state in ("FAILED", "-", "ok"):
        found = [each for each in outcomes if each.state == state]
        lines += ["", *(f"- {e.bundle}, {e.check}: {state} {e.note}" for e in found)] * bool(found)
    return "\n".join(lines) + "\n"
