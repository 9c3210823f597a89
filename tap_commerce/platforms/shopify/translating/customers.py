"""Customers, as records of their own and as an order carries them.

What Shopify did not say, or refused, is left out.
"""

from msgspec import UNSET

from tap_commerce import records
from tap_commerce.platforms.shopify import raw
from tap_commerce.platforms.shopify.shapes import Address, Maybe
from tap_commerce.platforms.shopify.translating.values import PLATFORM, instant, lower, number, text
from tap_commerce.records import Says


def customer_record(each: raw.Customer, shop: str) -> records.Customer:
    """Translate one customer."""
    about = customer_summary(each)
    first, last = about.first_name, about.last_name
    updated = instant(each.updated_at)
    return records.Customer(
        platform=PLATFORM,
        shop=shop,
        id=number(each.id),
        polled_at=updated or "",
        created_at=about.created_at,
        updated_at=updated,
        is_guest=False,
        email=about.email,
        phone=about.phone,
        first_name=first,
        last_name=last,
        name=UNSET if first is UNSET or last is UNSET else " ".join(filter(None, (first, last))) or None,
        state=about.state,
        verified_email=about.verified_email,
        locale=about.locale,
        tags=about.tags,
        note=about.note,
        tax_exempt=each.tax_exempt,
        data_sale_opt_out=each.data_sale_opt_out,
        order_count=about.order_count,
        lifetime_spend=about.lifetime_spend,
        lifetime_currency=about.lifetime_currency,
        email_consent=about.email_consent,
        sms_consent=about.sms_consent,
        default_address=about.default_address,
        metafields=about.metafields,
    )


def customer_summary(each: raw.Customer) -> records.CustomerSummary:
    """Translate a customer as an order carries it."""
    email, phone, spent = each.default_email_address, each.default_phone_number, each.amount_spent
    count = each.number_of_orders
    return records.CustomerSummary(
        id=number(each.id),
        email=text(email.email_address) if email else email,
        phone=text(phone.phone_number) if phone else phone,
        first_name=text(each.first_name),
        last_name=text(each.last_name),
        created_at=instant(each.created_at),
        state=lower(each.state),
        verified_email=each.verified_email,
        locale=text(each.locale),
        tags=each.tags,
        note=text(each.note),
        order_count=int(count) if count or count == 0 else None if count is None else UNSET,
        lifetime_spend=spent.amount if spent else spent,
        lifetime_currency=spent.currency_code if spent else spent,
        email_consent=consent(email.marketing_state, email.marketing_opt_in_level, email.marketing_updated_at)
        if email
        else email,
        sms_consent=_sms_consent(phone) if phone else phone,
        default_address=address(each.default_address),
        metafields=[
            records.Attribute(name=f"{field.namespace}.{field.key}", value=field.value)
            for field in each.metafields.nodes
        ]
        if each.metafields
        else each.metafields,
    )


def consent(state: Maybe[str], level: Maybe[str], updated_at: Maybe[str]) -> Says[records.Consent]:
    """Translate a consent; without a state there is none."""
    if not state:
        return UNSET if state is UNSET else None
    return records.Consent(state=state.lower(), opt_in_level=lower(level), updated_at=instant(updated_at))


def address(each: Maybe[Address]) -> Says[records.Address]:
    """Translate a postal address."""
    if not each:
        return each
    return records.Address(
        first_name=text(each.first_name),
        last_name=text(each.last_name),
        name=text(each.name),
        company=text(each.company),
        street=text(each.address1),
        street_2=text(each.address2),
        city=text(each.city),
        postal_code=text(each.zip),
        region=text(each.province),
        region_code=text(each.province_code),
        country=text(each.country),
        country_code=text(each.country_code_v2),
        phone=text(each.phone),
    )


def _sms_consent(phone: raw.Phone) -> Says[records.Consent]:
    given = phone.sms_marketing_consent
    if given is UNSET:
        return consent(phone.marketing_state, phone.marketing_opt_in_level, phone.marketing_updated_at)
    return consent(given.state, given.opt_in_level, given.updated_at) if given else None
