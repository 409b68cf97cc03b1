"""What a config id can be set to."""

from __future__ import annotations

from monai_ext.errors import SettingError


def list_components(kind: str = "") -> str:
    """Names and one line each of what can be chosen, by the config id that chooses.

    Args:
        kind: one config id; all by default.

    Raises:
        SettingError: if nothing is chosen by that id.
    """
    from monai_ext.networks import component_stores

    stores = component_stores()
    if kind and kind not in stores:
        raise SettingError(
            f"list {kind}",
            f"what can be listed: {', '.join(stores)}",
            "choose one, or none for all",
        )
    lines: list[str] = []
    for key in [kind] if kind else stores:
        store = stores[key]
        lines += [f"--{key}: {store.name}"]
        lines += [f"  {name:<20} {found.description}" for name, found in store.components.items()]
    return "\n".join(lines)
