"""What an answer of the webservice says: its rows, or what its errors mean.

An error is known by its code, whatever status carries it: the webservice answers 500 to a wrong filter too.
"""

import re
from typing import Any, NoReturn

import msgspec

from tap_commerce.errors import Denied, Malformed, Misconfigured, Unavailable

LEAST = 16
"""From this code on errors are the webservice's own; those below are PHP's."""


class Refused(Denied):
    """The webservice itself refuses, and says why."""


class NotGranted(Refused):
    """The key has no right to read `resource`."""

    def __init__(self, message: str, *, resource: str) -> None:
        super().__init__(message)
        self.resource = resource


class Unknown(Malformed):
    """The shop's version knows no such field."""


def inspect(resource: str, body: bytes) -> None:
    """Raise what an answer means that tells of errors, or in which PHP speaks to people."""
    found = _errors(body)
    if found:
        # The first that the webservice itself told of: warnings of PHP follow it, and those of a module may stand before it.
        _refuse(resource, *next((each for each in found if each[0] >= LEAST), found[0]))
    start = body[:512].lstrip()
    if start[:1] in (b"{", b"[") or not start:
        if not _JSON.search(body[-64:]) and (behind := _PHP_IN_HTML.search(body)):
            raise Malformed(
                f"PrestaShop: behind its answer to {resource} the shop prints something else ({_excerpt(body[behind.start() :])}); "
                "switch its debug mode and PHP's display_errors off, or repair the module that prints"
            )
        return
    if start.startswith(b"\xef\xbb\xbf") or (_PHP.search(body[:4096]) and _JSON.search(body)):
        raise Malformed(
            f"PrestaShop: before its answer to {resource} the shop prints something else ({_excerpt(body)}); switch its debug "
            "mode and PHP's display_errors off, or repair the module that prints"
        )


_PHP = re.compile(rb"(?:Warning|Notice|Deprecated|Strict Standards)(?:</b>)?:")
_PHP_IN_HTML = re.compile(rb"<b>(?:Warning|Notice|Deprecated|Strict Standards|Fatal error)</b>:")
"""No JSON of PHP's holds this: it would escape the slash."""
_JSON = re.compile(rb"[}\]]\s*\Z")


def listed(resource: str, body: bytes) -> list[dict[str, Any]]:
    """Take the rows out of an answer; an empty list is `[]`, without its name."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unavailable(f"PrestaShop: the answer to {resource} broke off") from error
    if isinstance(answer, dict) and len(answer) == 1:
        # `order_slip` is named `order_slips` in here. Anything else is no answer of PrestaShop's, though it may look empty.
        answer = answer.get(resource, answer.get(f"{resource}s"))
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        raise Malformed(f"PrestaShop: the answer to {resource} is no list")
    return answer


def _refuse(resource: str, code: int, message: str) -> NoReturn:
    """Raise what an error's code means.

    https://devdocs.prestashop-project.org/8/webservice/reference/ and classes/webservice/WebserviceRequest.php
    """
    said = f"{' '.join(message.split())[:300]} (code {code})"
    if LEAST <= code <= 21:
        raise Refused(f"PrestaShop does not accept the key: {said}; check the setting webservice_key")
    match code:
        case 22:
            raise Refused(
                "PrestaShop's webservice is switched off: enable it in Advanced Parameters > Webservice (code 22)"
            )
        case 25 | 26:
            raise NotGranted(
                f"PrestaShop: webservice_key may not read {resource}: tick GET for it in Advanced Parameters > Webservice ({said})",
                resource=resource,
            )
        case 132:
            raise Refused(
                f"PrestaShop: {said}; associate the key with the shop in Advanced Parameters > Webservice, or check id_shop"
            )
        case 999:
            raise Misconfigured(f"PrestaShop: {said}; check id_shop")
        case 27:
            raise NotGranted(f"PrestaShop: this shop has no {resource}: {said}", resource=resource)
        case 35:
            raise Unknown(f"PrestaShop does not know a field of {resource}: {said}")
        case _ if code >= 23:
            raise Malformed(f"PrestaShop does not understand the question for {resource}: {said}")
    # 2 to 15 are PHP's own warnings and errors, of some module perhaps, perhaps of a database that is busy.
    raise Unavailable(f"PrestaShop: {resource}: {said}")


def _errors(body: bytes) -> list[tuple[int, str]]:
    """Read the errors of an answer; the first is the one that matters, PHP's warnings may follow it."""
    if b'"errors"' in body[:4096]:
        try:
            told = msgspec.json.decode(body)["errors"]
            return [(int(each.get("code") or 0), str(each.get("message") or "")) for each in told]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, ValueError, KeyError, AttributeError):
            return []
    if b"<errors>" in body[:4096]:
        return [(int(code), message.decode("utf-8", "replace")) for code, message in _XML.findall(body)]
    return []


_XML = re.compile(
    rb"<code>(?:<!\[CDATA\[)?(\d+)(?:\]\]>)?</code>\s*<message>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</message>",
    re.DOTALL,
)


def _excerpt(body: bytes) -> str:
    return " ".join(re.sub(rb"<[^>]*>", b" ", body[:300]).decode("utf-8", "replace").split())[:120]
