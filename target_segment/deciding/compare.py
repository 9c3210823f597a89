"""Two states told by their facts: what differs, what is said for the first time, and what is known of both.

A fact left out is nobody's change: it is compared with nothing, and kept as it was known before.
"""

from xxhash import xxh3_64_hexdigest

from target_segment.transitions.facts import NONE


def changed(old: str, new: str) -> bool:
    """Say whether a fact that both states tell differs."""
    if old == new:
        return False
    return any(map(_differ, old.split(","), new.split(",")))


def carries_more(old: str, new: str) -> bool:
    """Say whether `new` tells a fact with a value that `old` never carried."""
    told = old.split(",")
    said = new.split(",")
    told += [""] * (len(said) - len(told))
    return any(not before and after not in ("", NONE) for before, after in zip(told, said, strict=False))


def merged(old: str, new: str) -> str:
    """Return the new state, with what it leaves out as it was known before.

    >>> merged("a,b,c", "x,,-")
    'x,b,-'
    """
    if not old or old == new:
        return new
    known = old.split(",")
    said = new.split(",")
    known += [""] * (len(said) - len(known))
    return ",".join(after or before for before, after in zip(known, said, strict=False))


def digest(facts: str) -> str:
    """Return the digest of a whole state."""
    return xxh3_64_hexdigest(facts.encode())


def _differ(old: str, new: str) -> bool:
    if not old or not new or old == new:
        return False
    if "." in old and "." in new:
        # Other parts were asked for than last time: that is adopted, not told.
        return old.partition(".")[0] == new.partition(".")[0]
    return True
