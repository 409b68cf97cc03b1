"""A transform that gives a test time to kill the process that runs it."""

import time

from monai.transforms import Randomizable


class Slowed(Randomizable):
    """Waits, then does what the wrapped transform does."""

    def __init__(self, transform, seconds=0.1):
        self.transform, self.seconds = transform, seconds

    def __call__(self, data):
        time.sleep(self.seconds)
        return self.transform(data)
