"""What a run has of the world around it: clocks, whom it speaks to, and where a test lets it crash; handed in, never patched."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct


class Hooks(Struct, frozen=True, kw_only=True):
    """`at` is called with a name at every point where a crash must lose, double or invent nothing."""

    print_state: Callable[[str], None] = lambda _: None
    warn: Callable[[str], None] = lambda _: None
    info: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    monotonic: Callable[[], float] = time.monotonic
    at: Callable[[str], None] = lambda _: None
