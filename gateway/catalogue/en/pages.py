"""What stands on the pages that explain, in English: receipts, the sheet of them all, what a folder does."""

from __future__ import annotations

from collections.abc import Mapping

PAGES: Mapping[str, str] = {
    # where a file is: "This file waits."
    "page.state": "This file {state}.",
    "page.state.received": "is being looked at",
    "page.state.held": "waits",
    "page.state.cleared": "is being cleaned",
    "page.state.clean": "is being sealed",
    "page.state.sealed": "is about to leave",
    "page.state.trying": "is being delivered",
    "page.state.waiting": "could not be delivered yet; it is tried again",
    "page.state.parked": "may have arrived; a person decides",
    "page.state.offered": "waits to be collected",
    "page.state.refused": "was refused; nothing was sent",
    "page.state.shipped": "was delivered",
    "page.state.undeliverable": "could not be delivered",
    "page.state.collected": "was collected",
    "page.state.expired": "was never sent, or nobody collected it in time",
    "page.state.recalled": "was taken back; nothing was sent",
    # a receipt
    "page.receipt.name": "File",
    "page.receipt.sender": "From",
    "page.receipt.recipient": "To",
    "page.receipt.received": "Handed in",
    "page.receipt.label": "Label",
    "page.receipt.purpose": "Purpose",
    "page.receipt.rules": "Rules",
    "page.receipt.stripped": "Taken out",
    "page.receipt.sha256_in": "SHA-256 as handed in",
    "page.receipt.sha256_out": "SHA-256 as sent",
    "page.receipt.key": "Encrypted to",
    "page.receipt.transfer": "Reference",
    "page.receipt.entries": "Ledger entries",
    "page.said.declined": "{by} refused to release it: {why}",
    "page.said.shipped": "Their server {host} took it: {reply}",
    "page.said.collected": "{by} collected it from {source}.",
    # the sheet of all receipts
    "page.sheet.received": "handed in",
    "page.sheet.name": "file",
    "page.sheet.recipient": "for",
    "page.sheet.label": "label",
    "page.sheet.purpose": "purpose",
    "page.sheet.state": "state",
    "page.sheet.words": "in words",
    "page.sheet.receipt": "receipt",
    "page.sheet.transfer": "reference",
    # what a folder does
    "page.folder.to": "What you put into this folder goes to {recipient}.",
    "page.folder.pushed": "It is sent to their server.",
    "page.folder.collected": "They collect it here, with their own sign-in.",
    "page.folder.but": "As it stands, a file put right here would not go: {but}",
    "page.folder.label": "Label",
    "page.folder.purpose": "Purpose",
    "page.folder.unknown": "cannot be determined",
    "page.folder.tags": "Another label or purpose: put it into the folder of that name in here, or write a tag into "
    "the file's name:",
    "page.folder.folders": "Another label or purpose: put it into the folder of that name in here.",
    "page.folder.strips": "Taken out of documents",
    "page.folder.holds": "Waits for a person with",
    "page.folder.strips.none": "what the rules name",
    "page.folder.holds.none": "nothing by rule",
    "page.folder.grants": "Who may send here, and who can grant more:",
    "page.folder.grant": "  {rule}: {who}; {what}; ask {owner}",
    "page.folder.grant.for": "  {rule}: {who}; {what}, for {purposes}; ask {owner}",
    "page.folder.end": "A file counts once its name has not changed for five seconds. Deleting it takes it back as "
    "long as it has not\nleft; a new version is uploaded under the same name. What became of each file is in "
    "/receipts.",
}
