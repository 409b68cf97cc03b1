"""Overrides are ids that a config has: MONAI takes no notice of others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from monai_ext.errors import SettingError


def require_ids(
    names: Iterable[str], known: Iterable[str], owner: object, rule: str, repair: str
) -> None:
    """Refuse ids that a config lacks.

    Args:
        names: ids, parts of nested ones with ``#`` or ``::`` between them.
        known: ids of the config, likewise.
        owner: what the error calls it.
        rule: what an override is.
        repair: what to do where no id looks like it.

    Raises:
        SettingError: names the ids, and those that look like them.
    """
    top: Collection[str] = {_head(name) for name in known}
    if foreign := [name for name in names if _head(name) not in top]:
        close = [near for name in foreign for near in get_close_matches(name, top, n=1)]
        raise SettingError(
            f"{owner} has no {', '.join(foreign)}",
            rule,
            f"did you mean {', '.join(close)}" if close else repair,
        )


def _head(name: str) -> str:
    return name.replace("::", "#").split("#", maxsplit=1)[0]
