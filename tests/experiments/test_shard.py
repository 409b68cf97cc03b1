"""Shards together do everything once."""

import pytest

from monai_ext.errors import SettingError
from monai_ext.experiments.shard import read_shard


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20])
def test_shards_do_every_item_once(count):
    items = list(range(13))
    picked = [read_shard(f"{k}/{count}").pick(items) for k in range(1, count + 1)]
    assert sorted(item for each in picked for item in each) == items
    assert max(map(len, picked)) - min(map(len, picked)) <= 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "a/b", "1/0", "-1/4", ""])
def test_other_words_are_refused(text):
    with pytest.raises(SettingError, match=f"--shard {text}.*from 1 to n"):
        read_shard(text)
