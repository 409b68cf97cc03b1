"""Context vectors in front of sentences, and the frozen tower that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from monai_ext.errors import SettingError

Tower = TypeVar("Tower", bound=nn.Module)


class PromptContext(nn.Module, Generic[Tower]):
    """What learned prompts share, whatever tower reads them.

    The tower is frozen and no submodule, so neither an optimiser nor a checkpoint sees it; it
    moves along with this module.

    Args:
        tower: text network.
        num_prompts: P.
        width: of a token.
        n_ctx: n, vectors in front of each sentence.
        most: largest n that leaves a sentence its start, a word and its end.
        class_specific: own vectors for every prompt; else all share them.
        std: spread of the vectors at the start.
        seed: of their draw.

    Raises:
        SettingError: if the vectors leave no place for a word.
    """

    def __init__(
        self,
        tower: Tower,
        num_prompts: int,
        width: int,
        n_ctx: int,
        *,
        most: int,
        class_specific: bool,
        std: float,
        seed: int,
    ) -> None:
        super().__init__()
        if not 0 < n_ctx <= most:
            raise SettingError(
                f"n_ctx={n_ctx}", f"1 to {most}: start, one word and end stay", "use 4"
            )
        groups = num_prompts if class_specific else 1
        drawn = torch.randn(groups, n_ctx, width, generator=torch.Generator().manual_seed(seed))
        self.ctx = nn.Parameter(drawn * std)
        self._tower = (tower.requires_grad_(requires_grad=False).eval(),)

    @property
    def tower(self) -> Tower:
        """The frozen text network."""
        return self._tower[0]

    def with_context(self, words: Tensor) -> Tensor:
        """Token vectors ``[P, L, W]`` whose n places after the first hold the context."""
        ctx = self.ctx.expand(len(words), -1, -1)
        return torch.cat([words[:, :1], ctx, words[:, self.ctx.shape[1] + 1 :]], dim=1)

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> PromptContext[Tower]:  # noqa: FBT001, FBT002
        """Move the tower too, though it is no submodule."""
        self.tower._apply(fn, recurse)
        return super()._apply(fn, recurse)
