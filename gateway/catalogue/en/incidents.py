"""What is said when something is contained, and when the watch sounds an alarm: in English.

`refuse.` and `reason.` are for who meets a containment, `contained.` and `alarm.` are letters to people who can act.
"""

from __future__ import annotations

from collections.abc import Mapping

INCIDENTS: Mapping[str, str] = {
    # ── who meets it ─────────────────────────────────────────────────────────────────────────────────────────────
    "refuse.contained": "Nothing goes from or to {who} until further notice ({id}). Ask {ask}.",
    "refuse.paused": "What {who} sends waits until somebody has looked ({id}). Ask {ask}.",
    "reason.contained": "Nothing goes from or to {who} until further notice ({id}). It is kept, and goes on when that "
    "is lifted. Ask {ask}.",
    "reason.paused": "Somebody looks first, for {who} does not send as usual ({id}). It is kept, and goes on "
    "afterwards. Ask {ask}.",
    "reason.key-contained": "The key {fingerprint} of {recipient} is not to be used for now. It is kept. Ask who "
    "verifies keys here.",
    # ── who can act ──────────────────────────────────────────────────────────────────────────────────────────────
    "contained.title": "Stopped: {who}",
    "contained.said": "{by} stopped everything that goes from or to {who}, on {day} at {time}. Their reason: {because}",
    "contained.said.account": "{by} locked {who} out, and stopped what goes from there, on {day} at {time}. Their "
    "reason: {because}",
    "contained.said.key": "{by} withdrew {who} from use, on {day} at {time}. Their reason: {because}",
    "contained.now": "Signing in is refused, sessions are ended, new transfers are refused. What was accepted is kept "
    "and waits: nothing is lost.",
    "contained.now.key": "Nothing is encrypted to it and nobody signs in with it. What needs it is kept and waits: "
    "nothing is lost.",
    "contained.then": "To see what could be affected, with drafts of letters, use sealgate contain draft {id} "
    "--as YOU.",
    "contained.lift": "When it is over, somebody else than {by} lifts it, with sealgate contain lift {id} "
    "--because '...' --as YOU.",
    "contained.lifted.title": "Lifted: {who}",
    "contained.lifted": "{by} lifted what had been stopped for {who} ({id}). Their reason: {because}",
    "contained.lifted.now": "What waited is judged again now, and goes on where the rules let it.",
    # ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────
    "alarm.title": "Alarm: {who}",
    "alarm.volume": "{who} handed in {count} transfers within {span}. So far the most was {usual}.",
    "alarm.hours": "{who} handed in {count} transfers at {time}, outside working hours and at a time they never "
    "work at.",
    "alarm.new-recipients": "{who} wrote to {count} outside recipients within {span} to whom they had not written in "
    "{past}.",
    "alarm.refusals": "{who} was refused {count} times in a row within {span}.",
    "alarm.sign-ins": "Somebody signed in as {who} after {count} wrong tries within {span}.",
    "alarm.collections": "{who} collected {count} transfers within {span}. So far the most was {usual}.",
    "alarm.seen": "Seen on {day} at {time}. Ask them, by telephone or at their desk: a mail would reach whoever has "
    "their account.",
    "alarm.act": "If it was not them, stop everything at once, with sealgate contain {what} {id} --because '...' "
    "--as YOU.",
    "alarm.paused": "Until somebody has looked, what they hand in is accepted and waits.",
    "alarm.look": "If all is well, say so, with sealgate contain looked {alarm} --because '...' --as YOU.",
    "alarm.once": "There is one letter for an alarm, however long it goes on: the next comes after {quiet} of quiet.",
    "span.minutes": "{count} minutes",
    "span.hour": "an hour",
    "span.hours": "{count} hours",
    "span.day": "a day",
    "span.days": "{count} days",
}
