"""An amount in the shop's currency and, beside it, in the shopper's: the two are never added to each other.

Each is rounded to its own currency's smallest unit when it is made; sums of such amounts are exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

PER_EURO = {
    "EUR": Decimal(1), "USD": Decimal("1.0869"), "GBP": Decimal("0.8541"), "CHF": Decimal("0.9377"),
    "SEK": Decimal("11.3904"), "JPY": Decimal("163.27"), "KWD": Decimal("0.3341"), "CAD": Decimal("1.4772"),
}  # fmt: skip
"""What one euro buys in this sandbox, for ever."""

PLACES = {"JPY": 0, "KWD": 3}
"""Decimals of a currency where they are not two."""


@dataclass(frozen=True, slots=True)
class Money:
    """What one thing costs, as the shop books it and as the shopper saw it."""

    shop: Decimal
    presentment: Decimal
    currencies: tuple[str, str]

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.shop + other.shop, self.presentment + other.presentment, self.currencies)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.shop - other.shop, self.presentment - other.presentment, self.currencies)

    def __neg__(self) -> "Money":
        return Money(-self.shop, -self.presentment, self.currencies)

    def __mul__(self, count: int) -> "Money":
        return Money(self.shop * count, self.presentment * count, self.currencies)

    def __bool__(self) -> bool:
        return bool(self.shop or self.presentment)

    def share(self, part: Decimal | int, whole: Decimal | int = 1) -> "Money":
        """Return part/whole of this, each currency rounded to its own smallest unit."""
        if part == whole:
            return self
        shop, presentment = self.currencies
        return Money(
            rounded(self.shop * part / whole, shop),
            rounded(self.presentment * part / whole, presentment),
            self.currencies,
        )

    def at_most(self, other: "Money") -> "Money":
        """Return the smaller of the two in each currency."""
        self._same(other)
        return Money(min(self.shop, other.shop), min(self.presentment, other.presentment), self.currencies)

    def at_least(self, other: "Money") -> "Money":
        """Return the larger of the two in each currency."""
        self._same(other)
        return Money(max(self.shop, other.shop), max(self.presentment, other.presentment), self.currencies)

    def zero(self) -> "Money":
        """Return nothing, in the same currencies."""
        return Money(Decimal(0), Decimal(0), self.currencies)

    def sum(self, amounts: Iterable["Money"]) -> "Money":
        """Add `amounts`, which may be none, in the currencies of this."""
        total = self.zero()
        for each in amounts:
            total += each
        return total

    def _same(self, other: "Money") -> None:
        if self.currencies != other.currencies:
            raise ValueError(f"{self.currencies} and {other.currencies} do not add up")


def money(amount: Decimal | str | int, shop: str, presentment: str | None = None) -> Money:
    """Turn an amount in the shop's currency into both.

    >>> money("24", "EUR", "JPY")
    Money(shop=Decimal('24.00'), presentment=Decimal('3918'), currencies=('EUR', 'JPY'))
    """
    presentment = presentment or shop
    amount = Decimal(amount)
    rate = PER_EURO[presentment] / PER_EURO[shop]
    return Money(rounded(amount, shop), rounded(amount * rate, presentment), (shop, presentment))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the currency's smallest unit."""
    return amount.quantize(Decimal(1).scaleb(-PLACES.get(currency, 2)), ROUND_HALF_UP)
