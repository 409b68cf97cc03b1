import os
import pickle
from functools import partial

from monai_ext.wsi.process_local import ProcessLocal

_opened: list[int] = []
_closed: list[int] = []


def _open(number: int) -> list[int]:
    _opened.append(number)
    return [number]


def _close(handle: list[int]) -> None:
    _closed.append(handle[0])


def test_handle_opens_once_and_on_first_use():
    _opened.clear()
    local = ProcessLocal(partial(_open, 1), _close)
    assert _opened == []
    assert local.get() is local.get()
    assert _opened == [1]


def test_handle_opens_again_in_another_process(monkeypatch):
    local = ProcessLocal(partial(_open, 2), _close)
    first = local.get()
    monkeypatch.setattr(os, "getpid", lambda: -7)
    assert local.get() is not first


def test_close_leaves_the_handle_of_another_process_alone(monkeypatch):
    _closed.clear()
    local = ProcessLocal(partial(_open, 3), _close)
    local.get()
    monkeypatch.setattr(os, "getpid", lambda: -7)
    local.close()
    assert _closed == []


def test_close_closes_and_get_opens_again():
    _closed.clear()
    local = ProcessLocal(partial(_open, 4), _close)
    first = local.get()
    local.close()
    assert _closed == [4]
    assert local.get() is not first


def test_pickled_without_the_handle():
    local = ProcessLocal(partial(_open, 5), _close)
    local.get()
    _opened.clear()
    assert pickle.loads(pickle.dumps(local)).get() == [5]  # noqa: S301
    assert _opened == [5]
