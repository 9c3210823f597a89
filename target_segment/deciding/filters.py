"""Which orders and customers are told of at all: filters over snapshots, decided from the settings once.

An order is judged once, by what its record or the summary in its children says (see `due.py`); a customer whenever
something is to be told of them. What the shop does not say is on no list.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from target_segment.errors import Misconfigured
from target_segment.events.context import consenting
from target_segment.events.settings import consents
from target_segment.identity import Who
from target_segment.settings import Setting
from target_segment.snapshots import CustomerSummary, OrderSummary

FILTERS: tuple[Setting, ...] = (
    Setting(name="include_test_orders", kind="boolean", default=False, about="Whether test orders are told."),
    Setting(
        name="sources",
        kind="array",
        about="Only orders from these sources are told, such as `web, pos`.",
    ),
    Setting(name="sources_except", kind="array", about="Orders from these sources are not told."),
    Setting(name="order_tags", kind="array", about="Only orders with one of these tags are told."),
    Setting(name="order_tags_except", kind="array", about="Orders with one of these tags are not told."),
    Setting(
        name="zero_value_orders",
        kind="boolean",
        default=True,
        about="Whether orders whose total is 0 are told.",
    ),
    Setting(
        name="customer_tags",
        kind="array",
        about="Only customers with one of these tags are told, and only their orders.",
    ),
    Setting(
        name="customer_tags_except",
        kind="array",
        about="Customers with one of these tags are not told, nor their orders.",
    ),
    Setting(
        name="refused_consent",
        kind="array",
        about="Nothing is told of customers who refused one of these: `email` or `sms` (marketing that they were asked about and "
        "did not subscribe to), or a category of `consent_categories`.",
    ),
)
"""Every filter: those over orders, over customers, and consent."""

KeepsOrder = Callable[[OrderSummary], bool]
KeepsCustomer = Callable[[CustomerSummary], bool]


class ConsentQuestion(NamedTuple):
    """What is asked about consent: its names, the answers of a customer and an order, and which names an order's attributes answer."""

    names: tuple[str, ...]
    answers: Callable[[Who, OrderSummary | None], Mapping[str, bool]]
    of_order: frozenset[str]


class Filters(NamedTuple):
    """Every question that is asked before something is told: over orders, over customers, and of consent; None where none is."""

    keeps_order: KeepsOrder
    keeps_customer: KeepsCustomer | None
    consent: ConsentQuestion | None


def filters(settings: Mapping[str, Any]) -> Filters:
    """Return the filters that the settings name; raise `Misconfigured`."""
    return Filters(
        keeps_order(settings) or (lambda _: True), keeps_customer(settings), consent_question(settings)
    )


def keeps_order(settings: Mapping[str, Any]) -> KeepsOrder | None:
    """Return the question whether an order is told, None if every order is."""
    questions: list[KeepsOrder] = []
    if not settings["include_test_orders"]:
        questions.append(lambda order: order.test is not True)
    if only := _words(settings["sources"]):
        questions.append(lambda order: _word(order.source) in only)
    if excepted := _words(settings["sources_except"]):
        questions.append(lambda order: _word(order.source) not in excepted)
    if tags := _tags(settings["order_tags"], settings["order_tags_except"]):
        questions.append(lambda order: tags(order.tags))
    if not settings["zero_value_orders"]:
        # What is not a number differs from 0 as well: it is set aside elsewhere.
        questions.append(lambda order: order.total != 0)
    if customers := _tags(settings["customer_tags"], settings["customer_tags_except"]):
        questions.append(lambda order: customers(order.customer.tags if order.customer else None))
    return _all(questions)


def keeps_customer(settings: Mapping[str, Any]) -> KeepsCustomer | None:
    """Return the question whether a customer of the customers stream is told, None if everyone is."""
    tags = _tags(settings["customer_tags"], settings["customer_tags_except"])
    return (lambda customer: tags(customer.tags)) if tags else None


def consent_question(settings: Mapping[str, Any]) -> ConsentQuestion | None:
    """Return the question about every named consent: which of them were given, without those of which nothing is said.

    None if no consent is asked for; raise `Misconfigured` for a name that is neither a channel nor a category.
    """
    names = settings["refused_consent"] or []
    asked: dict[str, str | tuple[str, ...]] = {"email": "email", "sms": "sms", **consents(settings)}
    if unknown := [name for name in names if name not in asked]:
        raise Misconfigured(f"setting `refused_consent`: {unknown[0]!r} is none of {', '.join(asked)}")
    if not names:
        return None
    consent = consenting({name: asked[name] for name in names})

    def answers(customer: Who, order: OrderSummary | None) -> Mapping[str, bool]:
        said = consent(customer, order)
        return said.category_preferences if said else {}

    return ConsentQuestion(
        tuple(names), answers, frozenset(name for name in names if not isinstance(asked[name], str))
    )


def _tags(only: Iterable[str] | None, excepted: Iterable[str] | None) -> Callable[[Any], bool] | None:
    """Return the question whether tags hold one of those wanted and none of those unwanted, None if either will do."""
    wanted, unwanted = _words(only), _words(excepted)
    if not wanted and not unwanted:
        return None

    def keeps(tags: list[str] | None) -> bool:
        there = _words(tags or ())
        return there.isdisjoint(unwanted) and not (wanted and there.isdisjoint(wanted))

    return keeps


def _words(words: Iterable[str] | None) -> frozenset[str]:
    return frozenset(map(_word, words or ()))


def _word(word: Any) -> str:
    """Return a word as it is compared: case and blanks around it do not count."""
    return word.strip().casefold() if isinstance(word, str) else ""


def _all(questions: list[KeepsOrder]) -> KeepsOrder | None:
    if len(questions) < 2:
        return questions[0] if questions else None
    return lambda order: all(question(order) for question in questions)
