"""The refunds of an order: there are none in Elastic Path, only payments of which more and more went back.

So there is one record for each payment, from the start, with nothing given back: when it was last read so dates what goes back later.
https://elasticpath.dev/docs/api/carts/refund-a-transaction
"""

from datetime import UTC, datetime
from decimal import Decimal

from msgspec import UNSET

from tap_commerce import records
from tap_commerce.platforms.elasticpath import raw
from tap_commerce.platforms.elasticpath.translating.payments import times, went_back
from tap_commerce.platforms.elasticpath.translating.values import NOTHING, PLATFORM, Coins, instant, moment
from tap_commerce.records import Says

AGES_AGO = datetime(1970, 1, 1, tzinfo=UTC)

GONE = frozenset({"failed", "cancelled"})
"""Payments that never were."""


def refund_records(
    family: raw.Family, shop: str, about: records.OrderSummary, coins: Coins
) -> list[records.Refund]:
    """Translate all payments of an order, in the order in which money last went back (those of which none did, last)."""
    if not isinstance(family.transactions, list):
        return []
    known = [each for each in family.transactions if went_back(each) is not None]
    there = [each for each in known if went_back(each) or each.status not in GONE]
    found, to_date = [], NOTHING
    for each in sorted(there, key=_moved):
        amount = given_back(each, coins)
        total = amount if isinstance(amount, Decimal) else NOTHING
        to_date += total
        found.append(
            records.Refund(
                platform=PLATFORM,
                shop=shop,
                id=each.id,
                polled_at=about.updated_at or "",
                order_id=about.id,
                subject=each.id,
                created_at=instant(times(each).created_at),
                updated_at=instant(times(each).updated_at),
                currency=each.currency or about.currency,
                total=total,
                total_to_date=total,
                order_refunded_to_date=to_date,
                order=about,
            )
        )
    return found


def given_back(each: raw.Transaction, coins: Coins) -> Says[Decimal]:
    """Return what went back of one payment."""
    amount = went_back(each)
    return UNSET if amount is None else coins.major(amount, each.currency)


def _moved(each: raw.Transaction) -> tuple[bool, datetime, str]:
    at = instant(times(each).updated_at)
    return not went_back(each), moment(at) if at else AGES_AGO, each.id
