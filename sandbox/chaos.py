"""Kill the pipe again and again while the shop lives on, then see that nothing was lost, doubled or invented.

The tap is killed while it reads and the target while it delivers, by SIGKILL, at moments drawn from a seed, over a shop
and a Segment that fail and stall; what must have been told comes from the shop's own history, never from the code under
test.

    python -m sandbox.chaos --kills 20 --seed 1
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.pipe import Ended, Pipe, Running
from sandbox.segment import Segment
from sandbox.shop import Shop
from sandbox.shopify import Shopify

TOKEN = "shpat_sandbox"
KEY = "sandbox-write-key"
HISTORY = timedelta(days=12)
BETWEEN = timedelta(hours=5)
"""How far the shop lives on between two runs: after twenty of them Segment has long forgotten the first messageIds."""


@dataclass(frozen=True)
class Moment:
    """When to kill which side: so many calls into the run, and a little later."""

    side: str
    calls: int
    later: float
