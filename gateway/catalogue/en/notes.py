"""What the notes say that the gateway writes, in English: to senders, to whom something came, to partners."""

from __future__ import annotations

from collections.abc import Mapping

NOTES: Mapping[str, str] = {
    "note.title.failed": "Not delivered: {recipient}",
    "note.title.delayed": "Not delivered yet: {recipient}",
    "note.title.held": "Waiting: {recipient}",
    "note.title.relayed": "Passed on: {recipient}",
    "note.title.delivered": "Delivered: {recipient}",
    "note.auditor.title": "The ledger on {day}: {size} entries",
    "note.auditor.size": "On {day} at {time} UTC the ledger {origin} of {office} had {size} entries. The attached "
    "checkpoint says so under the office's signature.",
    "note.auditor.witnesses": "It also bears the lines of outside witnesses who saw the same: {count}.",
    "note.auditor.alone": "No outside witness has vouched for this head yet.",
    "note.auditor.keep": "Keep it, and open it with nothing: it is meant to lie with you. Should this office ever show "
    "a ledger that does not contain it, that ledger was changed afterwards, and you hold the proof.",
    "note.auditor.check": "To look for yourself, from a machine of your own: sealgate ledger watch, with the key the "
    "office gave you when you began.",
    "note.retention.title": "To be destroyed by {day}: papers and records under the rule {rule}",
    "note.retention.count": "Up to {day} the retention rule {rule} lets go of {count}.",
    "note.retention.one": "one recipient's copy",
    "note.retention.many": "{count} recipients' copies",
    "note.retention.each": "{transfer}, from {day} on: {parts}",
    "note.retention.more": "… and {count} more.",
    "note.retention.hold": "What must stay longer needs a legal hold in rules/retention.toml, or a longer period, "
    "published before that day. Otherwise there is nothing to do.",
    "note.retention.plan": "All of it: sealgate retention plan --on {date}",
    "note.failed": "Your message did not reach {recipient}, and it will not be tried again.",
    "note.delayed": "Your message has not reached {recipient} yet. You need not send it again.",
    "note.held": "Your message to {recipient} waits here. Nothing has been sent to this recipient.",
    "note.relayed": "Your message was passed on to the mail server of {recipient}, which will not tell more.",
    "note.delivered": "Your message reached the mail server of {recipient}.",
    "note.failed.file": "Your file '{name}' did not reach {recipient}, and it will not be tried again.",
    "note.delayed.file": "Your file '{name}' has not reached {recipient} yet. You need not send it again.",
    "note.held.file": "Your file '{name}' to {recipient} waits here. Nothing has been sent to this recipient.",
    "note.relayed.file": "Your file '{name}' lies in the box of {recipient}, whose server will not tell more.",
    "note.delivered.file": "Your file '{name}' was collected by {recipient}.",
    "note.from": "{office} mail gateway",
    "note.remote": "The other server said: {reply}",
    "note.until": "It will be tried until {moment}.",
    "note.transfer": "Transfer: {transfer}",
    "note.arrival.title": "A file from {who}",
    "note.arrival": "{who} handed in {names} for you.",
    "note.arrival.fetch": "Fetch it by SFTP from {folder}.",
    "note.virus.title": "A virus was found: {signature}",
    "note.virus.found": "The scanner found {signature} in {file}, sent by {sender} ({by}).",
    "note.virus.waits": "Nothing of it was sent. It waits here, sealed, as {transfer}.",
    "note.virus.refused": "Nothing of it was sent, and nothing will be: a rule refused it. It was {transfer}.",
    "note.virus.then": "Look at it: sealgate held show {transfer}. If the scanner is wrong, have it ignore that "
    "signature, and it goes by itself; no release lets a virus go.",
    "note.inbox": "{who} of {office} has left something for you, on {day} at {time}.",
    "note.inbox.somebody": "Somebody",
    "note.inbox.fetch": "Fetch it by SFTP{at} from the folder /inbox, signed in as {partner}, as always. It lies "
    "there until {day}.",
    "note.inbox.at": " at {door}",
    "note.inbox.nothing-more": "This note says nothing of what it is, and asks for nothing. If it surprises you, "
    "ring {office} on the number you know.",
}
