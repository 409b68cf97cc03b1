"""Trust begins and ends where it is said, in all threads."""

import threading

from monai_ext.trust import is_trusting, trusting
from monai_ext.trust.decision import trust_from_now_on


def test_it_lasts_as_long_as_the_block():
    assert not is_trusting()
    with trusting(True):
        assert is_trusting()
        with trusting(False):
            assert is_trusting()
        assert is_trusting()
    assert not is_trusting()


def test_it_ends_after_an_error_and_reaches_threads():
    seen = []
    try:
        with trusting(True):
            thread = threading.Thread(target=lambda: seen.append(is_trusting()))
            thread.start()
            thread.join()
            raise ValueError
    except ValueError:
        seen.append(is_trusting())
    assert seen == [True, False]


def test_a_process_can_decide_once():
    with trusting(False):
        trust_from_now_on()
        assert is_trusting()
    assert not is_trusting()
