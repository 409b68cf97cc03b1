"""Typed errors: every message says what was found, the rule, and the repair."""

from __future__ import annotations


class MonaiExtError(Exception):
    """Something a user can mend.

    Args:
        found: what was found, with the slide, file or key by name.
        rule: the rule that it breaks.
        repair: what to do about it.

    Example:
        >>> str(SlideError("a.svs has no mpp", "a slide needs 0.05 to 20 um a pixel", "--mpp 0.5"))
        'a.svs has no mpp. Rule: a slide needs 0.05 to 20 um a pixel. Repair: --mpp 0.5.'
    """

    def __init__(self, found: str, rule: str, repair: str) -> None:
        super().__init__(f"{found}. Rule: {rule}. Repair: {repair}.")
        self.found, self.rule, self.repair = found, rule, repair

    def __reduce__(self) -> tuple[type[MonaiExtError], tuple[str, str, str]]:
        """Be copied, or handed over by another process, as what it is."""
        return type(self), (self.found, self.rule, self.repair)


class SlideError(MonaiExtError):
    """A slide cannot be opened, or its pixels cannot be trusted."""


class FeatureError(MonaiExtError):
    """A feature file cannot be read, or does not belong with the others."""


class CohortError(MonaiExtError):
    """The table of slides, patients and labels, or a split of it, is not sound."""


class SettingError(MonaiExtError):
    """A config value or an option is outside what it may be."""


class AnnotationError(MonaiExtError):
    """What a person drew cannot be read, or means nothing here."""


class BundleError(MonaiExtError):
    """A bundle breaks a rule of MONAI's Model Zoo or of this project."""


class TrustError(MonaiExtError):
    """Somebody's bundle, config or file would do what strangers' files may not."""
