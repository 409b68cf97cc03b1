import pytest
import torch
from torch import nn

from monai_ext.networks.blocks.grid_convolution import GridConvolution
from monai_ext.networks.blocks.transmil_branch import TransMILBranch

WIDTH, CLASSES, HIDDEN = 5, 3, 8


@pytest.fixture
def positions() -> GridConvolution:
    torch.manual_seed(0)  # noqa: TID251
    return GridConvolution(HIDDEN).double()


@pytest.mark.parametrize("canvas", [5, 0], ids=["canvas", "gathered"])
def test_positions_are_three_convolutions_of_each_square(positions, canvas, rng):
    tokens = torch.randn(3, 25, HIDDEN, generator=rng, dtype=torch.float64)
    sides = torch.tensor([5, 2, 1])
    found = positions(tokens, sides, canvas)
    for b, side in enumerate(sides.tolist()):
        square = tokens[b, : side * side].reshape(1, side, side, HIDDEN).permute(0, 3, 1, 2)
        layers = (positions.wide, positions.middle, positions.narrow)
        expected = square + sum(layer(square) for layer in layers)
        expected = expected.permute(0, 2, 3, 1).reshape(-1, HIDDEN)
        torch.testing.assert_close(found[b, : side * side], expected)
        assert found[b, side * side :].abs().sum() == 0


def build(**more) -> TransMILBranch:
    torch.manual_seed(0)  # noqa: TID251
    return TransMILBranch(WIDTH, CLASSES, HIDDEN, num_heads=2, num_landmarks=4, **more)


def by_hand(branch: TransMILBranch, x: torch.Tensor) -> torch.Tensor:
    """The article's algorithm on one bag ``[n, D]``."""
    hidden = torch.relu(branch.embed.linear(x))
    side = next(s for s in range(1, 99) if s * s >= len(x))
    squared = torch.cat([hidden, hidden[: side * side - len(x)]])
    tokens = torch.cat([branch.class_token[0], squared])[None]
    spare, number = torch.zeros(1, 1, HIDDEN), torch.tensor([side * side + 1])
    for layer in range(2):
        normed = torch.cat([branch.norms[layer](tokens), spare], 1)
        tokens = tokens + branch.attentions[layer](normed, number)[:, :-1]
        if layer == 0:
            image = tokens[:, 1:].mT.reshape(1, HIDDEN, side, side)
            places = branch.positions
            image = image + places.wide(image) + places.middle(image) + places.narrow(image)
            tokens = torch.cat([tokens[:, :1], image.flatten(2).mT], 1)
    return branch.classifier(branch.norm(tokens[:, 0]))[0]


@pytest.mark.parametrize("number", [1, 2, 4, 5, 11])
def test_logits_are_the_articles_algorithm(number, rng):
    branch, x = build().eval(), torch.randn(1, 11, WIDTH, generator=rng)
    mask = torch.zeros(1, 11, dtype=torch.bool)
    mask[0, torch.randperm(11, generator=rng)[:number]] = True
    torch.testing.assert_close(branch(x, mask, mask.long())[0], by_hand(branch, x[0, mask[0]]))


def test_attention_is_the_class_tokens_row(rng):
    branch, x = build().eval(), torch.randn(1, 6, WIDTH, generator=rng)
    mask = torch.ones(1, 6, dtype=torch.bool)
    last, rows = branch.attentions[1], []
    first_row = last.first_row
    last.first_row = lambda *args: rows.append(first_row(*args)) or rows[0]
    attention = branch.explain(x, mask, mask.long())["attention"][0]
    row = rows[0][0, 1:10].clamp_min(0)
    expected = row[:6] + torch.cat([row[6:], torch.zeros(3)])
    torch.testing.assert_close(attention, expected / expected.sum())


def test_checkpointed_training_is_the_same(rng):
    x, mask = torch.randn(2, 9, WIDTH, generator=rng), torch.arange(9) < torch.tensor([[9], [4]])
    grads = []
    for above in (0, 10_000):
        branch = build(dropout=0.3, checkpoint_above=above).train()
        torch.manual_seed(3)  # noqa: TID251
        nn.functional.cross_entropy(branch(x, mask, mask.long()), torch.tensor([0, 1])).backward()
        grads.append([p.grad.clone() for p in branch.parameters()])
    for first, second in zip(*grads, strict=True):
        torch.testing.assert_close(first, second)
