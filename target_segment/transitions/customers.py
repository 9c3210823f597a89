"""A customer's snapshot, or the summary that an order carries → what it proves of the customer."""

from collections.abc import Callable
from datetime import datetime

from msgspec import UNSET

from target_segment.snapshots import Customer, CustomerSummary, OrderSummary
from target_segment.transitions.facts import fact_hash, joined, parts, scalars, words
from target_segment.transitions.proofs import AGES_AGO, Proof, Transition
from target_segment.transitions.table import COUNTERS, CUSTOMER_FACTS

_consent = parts("state", "opt_in_level")
# What is shown of an address, and no more: a change that nobody would see is not news.
_address = parts(
    "street", "street_2", "city", "postal_code", "region", "region_code", "country", "country_code"
)
_metafields = parts("name", "value")


_scalars = scalars(
    "email",
    "phone",
    "first_name",
    "last_name",
    "name",
    "created_at",
    "state",
    "verified_email",
    "locale",
    "note",
)


def facts(customer: Customer) -> str:
    """Return the facts that Customer Updated looks at, in the table's order; identify adds the counters."""
    return _facts(customer, fact_hash(customer.tax_exempt), fact_hash(customer.data_sale_opt_out))


def traits_of_summary(customer: CustomerSummary | None, order: OrderSummary) -> str:
    """Return the facts by which identify is compared when an order speaks: no counters, they are not of the order's time."""
    if customer is None:
        return joined([fact_hash(order.email or UNSET), fact_hash(order.phone or UNSET), *_ABSENT])
    return _facts(customer, "", "") + ",,"


_ABSENT = [""] * (len(CUSTOMER_FACTS) + len(COUNTERS) - 2)


def _facts(customer: CustomerSummary, exempt: str, opt_out: str) -> str:
    email, phone, first, last, name, created, state, verified, locale, note = _scalars(customer)
    return joined(
        [
            email, phone, first, last, name, created, state, verified, locale, words(customer.tags), note, exempt, opt_out,
            _consent(customer.email_consent), _consent(customer.sms_consent), _address(customer.default_address),
            _metafields(customer.metafields),
        ]
    )  # fmt: skip


def derivation(on: frozenset[str]) -> Callable[[Customer, datetime], Proof]:
    """Return the function that lists what a customer's snapshot proves, for the events switched on."""

    def derive(customer: Customer, read_at: datetime) -> Proof:
        instant = customer.updated_at or read_at
        created = customer.created_at or None
        proved: list[Transition] = []
        state = facts(customer)
        account = customer.is_guest is not True
        if account and "customer_created" in on:
            proved.append(Transition(name="customer_created", start=created, at=created or instant))
        # An interval is remembered also while it is switched off.
        if account and customer.state == "enabled" and customer.verified_email is True:
            proved.append(Transition(name="customer_enabled", at=instant))
        if "customer_updated" in on:
            proved.append(Transition(name="customer_updated", at=instant, facts=state))
        if customer.deleted_at and "customer_deleted" in on:
            proved.append(
                Transition(name="customer_deleted", start=customer.deleted_at, at=customer.deleted_at)
            )
        traits = None
        if "identify" in on:
            traits = joined([state, fact_hash(customer.order_count), fact_hash(customer.lifetime_spend)])
        return Proof(
            stream="customers",
            subject=customer.id,
            snapshot=customer,
            instant=instant,
            read_at=read_at,
            created=created or AGES_AGO,
            transitions=proved,
            customer=customer,
            traits=traits,
        )

    return derive
