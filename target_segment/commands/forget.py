"""`forget`: by which names the ledger may know a person, and what Segment is asked to do about them.

What is left of them tells nobody who they were; it is recognised by who holds the id, so that nothing is told of them again.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import md5, sha256
from typing import Any

import click
import msgspec

from target_segment.commands.given import Given, takes_settings
from target_segment.errors import LedgerError, Misconfigured
from target_segment.identity import LONG_ID, derived, real_email
from target_segment.ledger import rewritten
from target_segment.ledger.forgetting import Forgotten, Names
from target_segment.ledger.ledger import Ledger
from target_segment.remembered import Scope
from target_segment.run import by_hand
from target_segment.transitions.facts import fact_hash

REGULATIONS = (
    "SUPPRESS_WITH_DELETE",
    "SUPPRESS_WITH_DELETE_INTERNAL",
    "SUPPRESS_ONLY",
    "DELETE_ONLY",
    "DELETE_INTERNAL",
)
"""What Segment can be asked for; https://segment.com/docs/privacy/user-deletion-and-suppression/."""
MOST_SUBJECTS = 5_000
"""Ids in one regulation; the same page."""


@click.command(
    epilog="\b\nExample:\n  target-segment forget --config segment.json 544365967 anna@example.com > regulation.json"
)
@takes_settings
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option(
    "--regulation",
    "kind",
    type=click.Choice(REGULATIONS),
    default=REGULATIONS[0],
    show_default=True,
    help="What Segment is asked to do.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what went as JSON, with the request in it.")
def command(given: Given, ids: Sequence[str], kind: str, as_json: bool) -> None:
    """Forget people in the ledger.

    Nothing is told again of the person of each userId, anonymousId or e-mail. Printed is the request by which Segment forgets them, too:
    the body of a regulation.
    """
    settings = given.settings()
    with by_hand(settings) as ledger:
        forgotten = forget(ledger, ids, settings)
    rewritten(settings["ledger"])
    body = regulation(kind, forgotten, ids)
    if as_json:
        click.echo(
            json.dumps({"forgotten": counts(forgotten), "regulation": body}, indent=2, ensure_ascii=False)
        )
        return
    click.echo(report(forgotten), err=True)
    if body:
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
    else:
        click.echo("Segment forgets by userId only, and there is none: nothing can be asked of it.", err=True)


def forget(ledger: Ledger, given: Sequence[str], settings: Mapping[str, Any]) -> Forgotten:
    """Forget whom these ids are of (userIds, anonymousIds, e-mails), and return what is known and gone of them."""
    ids = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    if not ids or len(ids) > MOST_SUBJECTS:
        raise Misconfigured(f"forget: name one id to {MOST_SUBJECTS:,}")
    scopes = ledger.scopes()
    if not scopes:
        raise LedgerError(
            "this ledger knows no shop under this source: check `ledger`, and `write_key`, `endpoint` or `segment_source`, of which the source is made"
        )
    return ledger.forget(names(ids, scopes, settings), holds)


def regulation(kind: str, forgotten: Forgotten, given: Sequence[str]) -> dict[str, Any] | None:
    """Return the body of the request that Segment's Public API takes, None if there is no userId in it.

    https://docs.segmentapis.com/tag/Deletion-and-Suppression#operation/createWorkspaceRegulation. It goes by userId only. An id
    of which the ledger knows nothing is passed on, but for an e-mail, which is no userId unless it was found as one.
    """
    users = sorted(forgotten.people - forgotten.guests)
    if not forgotten.people:
        users = [each.strip() for each in given if each.strip() and not real_email(each)]
    if not users:
        return None
    return {"regulationType": kind, "subjectType": "USER_ID", "subjectIds": users}


def report(forgotten: Forgotten) -> str:
    """Say in one line what went."""
    if not forgotten.people:
        return "Nothing in this ledger names them; nothing will be told of them under these ids."
    return (
        f"Forgotten: {len(forgotten.people)} identities, the name in {forgotten.receipts:,} receipts, {forgotten.refused:,} refused "
        f"payloads, what {forgotten.subjects:,} orders and their parts said of them. Nothing more is told of them. Copies of the "
        "ledger and the files of dry runs are yours to delete."
    )


def counts(forgotten: Forgotten) -> dict[str, int]:
    """Say in numbers what went."""
    return {
        "identities": len(forgotten.people),
        "receipts": forgotten.receipts,
        "refused": forgotten.refused,
        "subjects": forgotten.subjects,
    }


def names(given: Sequence[str], scopes: Sequence[Scope], settings: Mapping[str, Any]) -> Names:
    """Return every name that these ids may have in a ledger, whatever `user_id` was."""
    found = Names(set(), set(), set(), set())
    for each in given:
        found.people.add(each)
        if email := real_email(each):
            lower = email.lower()
            found.people |= {
                lower,
                md5(lower.encode(), usedforsecurity=False).hexdigest(),
                sha256(lower.encode()).hexdigest(),
            }
            found.guests |= {derived(*scope, "email", lower) for scope in scopes}
            found.marks |= {fact_hash(email), fact_hash(lower)}
        else:
            found.guests |= {derived(*scope, "customer", each) for scope in scopes}
            if (settings.get("user_id") or "customer_id") == "customer_id":
                found.customers |= {(*scope, each) for scope in scopes}
    found.people |= found.guests
    return found


def holds(reason: str, payload: str, names: Names) -> bool:
    """Say whether a refused event or record, with the reason, is about a person."""
    low = f"{reason}\n{payload}".lower()
    ids = names.people | {subject for _, _, subject in names.customers}
    if any(len(each) >= LONG_ID and each.lower() in low for each in ids):
        return True
    try:
        said = msgspec.json.decode(payload) if payload else None
    except msgspec.DecodeError:
        # Nobody can say whom it is about: better without it.
        return any(each.lower() in low for each in ids)
    return _names(said, "", ids)


_WHO = frozenset({"userId", "anonymousId", "previousId", "email", "value"})


def _names(said: Any, where: str, ids: set[str]) -> bool:
    """Say whether one of the ids stands where a person is named."""
    if isinstance(said, list):
        return any(_names(each, where, ids) for each in said)
    if not isinstance(said, dict):
        return False
    return any(
        (
            value in ids
            and (name in _WHO or name.endswith("_customer_id") or (name == "id" and where in _PEOPLE))
        )
        if isinstance(value, str)
        else _names(value, name, ids)
        for name, value in said.items()
    )


_PEOPLE = frozenset({"customer", "externalIds"})
