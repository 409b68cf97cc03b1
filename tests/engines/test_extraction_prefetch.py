import threading
import time

import pytest

from monai_ext.engines.extraction_prefetch import prefetched


def counter(number, seen):
    try:
        for i in range(number):
            seen.append(i)
            yield i
    finally:
        seen.append(threading.current_thread().name)


def wait_for(condition):
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_items_come_complete_and_in_order():
    assert list(prefetched(counter(50, []), depth=3)) == list(range(50))


def test_the_source_runs_ahead_but_no_further_than_the_depth():
    seen = []
    items = prefetched(counter(50, seen), depth=3)
    assert next(items) == 0
    assert wait_for(lambda: len(seen) == 5)  # 1 taken, 3 waiting, 1 at the door
    time.sleep(0.2)
    assert len(seen) == 5
    items.close()


def test_closing_closes_the_source_in_its_thread():
    seen = []
    items = prefetched(counter(50, seen), depth=3)
    next(items)
    items.close()
    assert seen[-1] == "prefetch"


def test_a_fault_of_the_source_is_raised_after_what_came_before():
    def faulty():
        yield 1
        raise ValueError("broken source")

    items = prefetched(faulty(), depth=3)
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken source"):
        next(items)
