"""When an order was authorized and paid, as far as its transactions prove it.

A transaction says when it was made and when it last changed. Only its completion, its capture, its refund and its cancellation change it: one that
is complete and of which nothing went back was completed when it last changed; when one was paid of which something went back, nobody knows.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import UNSET

from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.values import Coins, instant, moment
from tap_commerce.records import Says

PAID = frozenset({"paid", "refunded"})
"""Words for an order's payment which say that money for all of it has come in, or had; there is none for a part that went back."""

UNPAID = frozenset({"unpaid", "authorized", "partially_authorized", "partially_paid"})


def kind(each: raw.Transaction) -> raw.Maybe[str]:
    """Return a transaction's type: `purchase`, `authorize`, `capture`, or `refund` once something went back."""
    return each.transaction_type or each.transaction_hyphen_type


def times(each: raw.Transaction) -> raw.Times:
    """Return when a transaction was made and last changed."""
    return (each.meta.timestamps if each.meta else None) or raw.Times()


def payments(family: raw.Family) -> list[raw.Transaction]:
    """List the transactions that brought money in, also those of which it went back."""
    return [each for each in family.transactions or () if went_back(each) or _paying(each)]


def went_back(each: raw.Transaction) -> Decimal | None:
    """Return how much of a transaction went back, in minor units; None if it does not say, and something did."""
    shown = (each.meta.display_refunded_amount if each.meta else None) or raw.Shown()
    said = (each.refunded_amount, shown.total.amount if shown.total else None, shown.amount)
    known = next((amount for amount in said if isinstance(amount, Decimal)), None)
    return Decimal(0) if known is None and kind(each) != "refund" else known


def is_paid(family: raw.Family, coins: Coins) -> Says[bool]:
    """Say whether an order was ever paid in full, by its own word.

    A part may have been paid and all of that have gone back, which is also called refunded.
    """
    word = family.order.payment
    if word == "refunded":
        if family.transactions is UNSET:
            return UNSET
        brought = coins_in(family, coins)
        total = _total(family, coins)
        return brought >= total if isinstance(total, Decimal) else UNSET
    return True if word in PAID else False if word in UNPAID else UNSET


def paid_at(family: raw.Family, coins: Coins) -> Says[str]:
    """Date the payment by which the order's total was covered; null before, left out where nothing proves it."""
    paid = is_paid(family, coins)
    total = _total(family, coins)
    if not paid or not isinstance(total, Decimal) or family.transactions is UNSET:
        return None if paid is False else UNSET
    spans = [(_span(each), coins.major(each.amount, each.currency)) for each in payments(family)]
    if not spans:
        return UNSET
    known: list[tuple[tuple[datetime, datetime], Decimal]] = []
    for span, amount in spans:
        if span is None or not isinstance(amount, Decimal):
            return UNSET
        known.append((span, amount))
    first = _covered(((earliest, amount) for (earliest, _), amount in known), total)
    last = _covered(((latest, amount) for (_, latest), amount in known), total)
    return _written(_not_before(family, first)) if first and first == last else UNSET


def authorized_at(family: raw.Family) -> Says[str]:
    """Date the first time that money was promised: when the first transaction came through.

    One that was captured, or of which something went back, has changed since: then it is when it was made. Of one that was cancelled
    nobody knows whether it had come through.
    """
    if family.transactions is UNSET:
        return UNSET
    through = [at for each in family.transactions if _complete(each) and (at := _promised_at(each))]
    voided = any(each.status == "cancelled" for each in family.transactions)
    if not through:
        return UNSET if voided else None
    first = min(through, key=moment)
    later = _not_before(family, moment(first))
    return first if later == moment(first) else _written(later)


def coins_in(family: raw.Family, coins: Coins) -> Decimal:
    """Add up what payments brought in."""
    amounts = (coins.major(each.amount, each.currency) for each in payments(family))
    return sum((each for each in amounts if isinstance(each, Decimal)), Decimal(0))


def _paying(each: raw.Transaction) -> bool:
    return each.status == "complete" and kind(each) in ("purchase", "capture", "refund")


def _not_before(family: raw.Family, at: datetime) -> datetime:
    """Say when a transaction came, knowing that transactions are dated to the second and an order is there before them."""
    made = instant(family.order.meta.timestamps.created_at)
    return moment(made) if made and moment(made).replace(microsecond=0) == at else at


def _complete(each: raw.Transaction) -> bool:
    return each.status == "complete" or bool(went_back(each))


def _touched(each: raw.Transaction) -> bool:
    return bool(went_back(each)) or kind(each) == "refund"


def _promised_at(each: raw.Transaction) -> Says[str]:
    later = _touched(each) or kind(each) not in ("purchase", "authorize")
    return instant(times(each).created_at if later else times(each).updated_at or times(each).created_at)


def _span(each: raw.Transaction) -> tuple[datetime, datetime] | None:
    """Return the earliest and the latest instant at which a payment can have come in."""
    made, changed = instant(times(each).created_at), instant(times(each).updated_at)
    if not made or not changed:
        return None
    return (moment(made) if _touched(each) else moment(changed), moment(changed))


def _covered(came: Iterable[tuple[datetime, Decimal]], total: Decimal) -> datetime | None:
    received = Decimal(0)
    for at, amount in sorted(came):
        received += amount
        if received >= total:
            return at
    return None


def _total(family: raw.Family, coins: Coins) -> Says[Decimal]:
    shown = family.order.meta.display_price
    return coins.of(shown.with_tax) if shown else UNSET


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
