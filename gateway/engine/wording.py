"""A reason in words: one sentence for the person who sent it, saying what is wrong and what to do next.

Codes and parameters are what is kept; words are made when somebody reads them. What the rules say is worded by
`judge.explain`; these tables are for all that happens after the rules said yes: one for everything, one for what must
be said otherwise of a file, which has a name and a folder where a message has a subject. A code without words says so
plainly.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.facts import Outcome, Reason
from gateway.judge import explain
from gateway.judge.case import Case
from gateway.judge.decide import Verdict
from gateway.judge.rulebook import Rulebook
from gateway.transfer import Recipient, Way

SENTENCES = {
    # keys
    "no-key": "No verified key is known for {recipient}, and the rules demand encryption. Ask who verifies keys here.",
    "key-not-held": "The key {fingerprint} was admitted but is not in the ring; import it again.",
    "key-unverified": "A key for {recipient} is known, but nobody has verified it yet. Ask who verifies keys here.",
    "key-revoked": "The key {fingerprint} of {recipient} was revoked. Ask them for their new one.",
    "key-expired": "The key {fingerprint} of {recipient} has expired. Ask them for a renewed one.",
    "key-withdrawn": "The office withdrew the key {fingerprint} of {recipient}. Ask them for another.",
    "key-invalid": "The key {fingerprint} of {recipient} is not valid. Ask them for another.",
    "key-from-the-future": "The key {fingerprint} of {recipient} is dated in the future. Check this machine's clock.",
    "key-disabled": "The key {fingerprint} of {recipient} is disabled.",
    "key-other-address": "The key {fingerprint} does not carry the address {recipient}.",
    "key-weak": "The key {fingerprint} of {recipient} is too weak. Ask them for a new one.",
    "key-cannot-encrypt": "The key {fingerprint} of {recipient} cannot encrypt ({why}). Ask them for a new one.",
    "key-changed": "The key for {recipient} changed after this was sealed; it is sealed again.",
    "no-way": "The rules allow no way of encrypting that serves {recipient}. Ask your administrator.",
    "transport-too-weak": "The rules demand verified transport, but the level set for {recipient} does not verify.",
    "demand-unmet": "The rules demand '{demand}', which nothing here can meet yet. Ask your administrator.",
    "floor-unknown": "The rules set no protection for this label. Ask your administrator.",
    "unsealed": "Encrypting to {recipient} failed. Ask your administrator to check their key.",
    "key-unreadable": "This is not a certificate that can be used ({why}).",
    "key-too-large": "This certificate is over {limit} bytes.",
    # documents and structure
    "document": "'{name}' waits: {explained}.",
    "ambiguous": "The message can be read in more than one way ({codes}). Save it anew and send it again.",
    "label-conflict": "It is marked '{found}', which is no label here. Mark it anew and send it again.",
    "purpose-conflict": "Its subject names more than one purpose ({found}). Name one and send it again.",
    "sender-sealed": "You encrypted this message yourself, and no rule allows that here. Send it unencrypted.",
    "changed": "The message changed since it was accepted. Your administrator has been told.",
    "seems-cut": "'{name}' seems to stop in the middle. If it is whole, ask for its release; else send it again.",
    # the way
    "tls-unproved": "The mail server {host} did not prove itself ({why}); nothing was sent to it.",
    "greeting-refused": "The mail server {host} refused to talk.",
    "connection-lost": "The connection to {host} broke before the message was handed over.",
    "unreachable": "The mail server {host} cannot be reached.",
    "dns-failure": "The name service could not say where mail for {host} goes.",
    "no-such-domain": "The domain {host} does not exist. Check the address.",
    "null-mx": "The domain {host} takes no mail. Check the address.",
    "no-route": "There is no way to {host}.",
    "no-public-address": "The mail server of {host} has no address that may be used.",
    "remote-refused": "The other server did not take it.",
    "too-large": "The other server does not take messages of this size.",
    "8bit-unsupported": "The other server cannot take 8-bit mail.",
    "address-unspeakable": "The address cannot be given to another server as it stands. Check it.",
    "not-canonical": "The message has a line end that no other server may be shown. Save it anew and send it again.",
    "utf8-unsupported": "The other server cannot take addresses beyond ASCII.",
    "crashed-in-flight": "The gateway stopped while it was being handed over; the other server may have it.",
    "reply-lost": "The message was handed over, but no answer came; the other server may have it.",
    # a file handed in
    "unfinished-name": "Its name says that it is not finished, so it was not sent. Send it again.",
    # a partner's box
    "route-unusable": "The gateway's own sign-in at {host} is not in order. Ask your administrator.",
    "host-key-changed": "The server {host} shows a key nobody here has verified. Ask your administrator.",
    "no-pin-today": "No key of the server {host} is good on {day}. Ask your administrator.",
    "handshake-failed": "The server {host} and the gateway could not agree on a safe connection.",
    "sign-in-refused": "The server {host} did not let the gateway sign in. Ask your administrator.",
    "sftp-refused": "The server {host} takes no files this way.",
    "name-taken": "A file of this name is there already, and it is not replaced. Send it under another name.",
    "name-unspeakable": "The file's name cannot be given to another server. Send it under another name.",
    "size-differs": "The file arrived with another size, so it was not put in place.",
    "digest-differs": "The file arrived changed, so it was not put in place.",
    "part-gone": "The file was handed over, but it was gone before it could be compared.",
    "gone-after-rename": "The file was handed over, and somebody may have collected it at once.",
    "changed-after-rename": "The file was handed over, but what lies there now has another size.",
    "swept-or-never-there": "The file is not there: it was collected, or it never arrived.",
    "stranger-there": "Something else lies under this name at {host}: another's file, or this one, changed since.",
    "not-collected": "Nobody collected it in time, and nobody can now. Send it again if it is still wanted.",
    "cannot-compare": "Something lies under this name that could not be compared with the file.",
    "relayed": "The other server took it and does not report further.",
    "declined": "{by} refused to release it: {why}",
}

OF_FILES = {
    "document": "'{name}' waits: {explained}. {next}",
    "purpose-conflict": "Its name and folder say more than one purpose ({found}). Hand it in again under one of them.",
    "label-conflict": "It is marked '{found}', which is no label here. Put it into the folder of its label.",
    "sender-sealed": "You encrypted this file yourself, and no rule allows that here. Hand it in unencrypted.",
    "changed": "The file changed since it was handed in. Your administrator has been told.",
    "seems-cut": "'{name}' seems to stop in the middle. Upload it again under the same name; if it is whole as it is, "
    "ask for its release.",
    "connection-lost": "The connection to {host} broke before the file was handed over.",
    "unreachable": "The file server {host} cannot be reached.",
    "dns-failure": "The name service could not say where {host} is.",
    "no-such-domain": "The server {host} does not exist. Ask your administrator about its route.",
    "no-public-address": "The server {host} has no address that may be used. Ask your administrator about its route.",
    "too-large": "The other server does not take files of this size. Split it, or ask them for room.",
    "remote-refused": "The other server did not take it. Ask the partner whether their folder is there and has room.",
    "reply-lost": "The file was handed over, but no answer came; the other server may have it.",
    "unfinished-name": "Its name says that it is not finished, so it was not sent. Rename it, or upload it again.",
    "name-taken": "A file of this name is there already, and it is not replaced. Hand it in under another name.",
    "name-unspeakable": "The file's name cannot be given to another server. Hand it in under another name.",
    "not-collected": "Nobody collected it in time, and nobody can now. Hand it in again if it is still wanted.",
}
"""What is said of a file instead."""

_DOCUMENT = {
    "ask": "it holds {kinds} that the rules neither strip nor keep",
    "unknown": "its type is not one that can be cleaned here",
    "disagrees": "its content, its name and its declared type do not agree",
    "polyglot": "it is more than one kind of file at once",
    "damaged": "it is damaged",
    "encrypted": "it is encrypted, so it cannot be looked into",
    "signed": "it is signed, and cleaning it would break the signature",
    "limit": "it is larger or deeper than the limits allow",
    "unsupported": "the rules ask for something that cannot be stripped from this type",
    "crashed": "it could not be opened safely",
}
_RELEASE = "Ask for its release."
_NEXT_OF_FILE = {
    "ask": "Take that out and hand it in again, or ask for its release.",
    "unknown": "Save it as another type and hand it in again, or ask for its release.",
    "disagrees": "Save it anew, with the ending of its type, and hand it in again.",
    "polyglot": "Save it anew and hand it in again.",
    "damaged": "Save it anew and hand it in again.",
    "encrypted": "Hand it in again without its password, or ask for its release.",
    "limit": "Hand it in again in parts, or ask for its release.",
}


_BY_THE_RULES = frozenset({"unknown", "waits", "others-wait"})
"""Why the judge itself holds; every reason of a block is the judge's."""
_CAUSES = frozenset({"label-conflict", "purpose-conflict"})
"""Why it could not determine something: that comes first, for it says what to mend."""


def sentences(rulebook: Rulebook, case: Case, outcome: Outcome | None, reasons: Sequence[Reason]) -> tuple[str, ...]:
    """Why a leg does not simply go, for its sender. `outcome` is the judge's; None for what happened later."""
    if outcome is Outcome.BLOCK:
        return (explain.sentence(rulebook, case, Verdict(outcome=outcome, reasons=tuple(reasons))),)
    ruled = tuple(reason for reason in reasons if reason.code in _BY_THE_RULES)
    others = sorted((reason for reason in reasons if reason not in ruled), key=lambda one: one.code not in _CAUSES)
    said = [sentence(reason, recipient=called(rulebook, case.recipient), by=case.by) for reason in others]
    if ruled:
        causes = sum(reason.code in _CAUSES for reason in reasons)
        said.insert(causes, explain.waiting(rulebook, case, Verdict(outcome=Outcome.HOLD, reasons=ruled)))
    return tuple(said)


def called(rulebook: Rulebook, recipient: Recipient) -> str:
    """What people call a recipient: an address, or a partner's own name for its box."""
    partner = rulebook.partners.get(recipient.partner)
    return partner.name if partner else str(recipient)


class _Given(dict[str, str]):
    """What a template asks for and nobody gave reads as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def sentence(reason: Reason, *, recipient: str = "", by: Way | None = None) -> str:
    """The reason as one sentence, of a message or, `by` SFTP, of a file."""
    given = _Given({"recipient": recipient, **dict(reason.about)})
    if reason.code == "document":
        given["explained"] = _DOCUMENT.get(given["why"], given["why"]).format_map(given)
        given["next"] = _NEXT_OF_FILE.get(given["why"], _RELEASE)
    template = SENTENCES.get(reason.code, "It waits for a reason called '{code}'.")
    if by is Way.SFTP:
        template = OF_FILES.get(reason.code, template)
    text = template.format_map(_Given(given, code=reason.code))
    if given["doubt"]:
        text += " An attempt before this one may have arrived."
    return text[:1].upper() + text[1:]
