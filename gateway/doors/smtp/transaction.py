"""What was said since MAIL: one sender, and for each recipient a leg or a refusal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gateway.doors import Refusal, Submission
from gateway.intake.command import MailFrom, RcptTo
from gateway.skeleton import Heading
from gateway.transfer import Envelope, Leg, Party, Recipient, Way


@dataclass(slots=True)
class Transaction:
    """Grows with every RCPT, ends with DATA, RSET, EHLO or STARTTLS."""

    mail: MailFrom
    party: Party
    legs: list[Leg] = field(default_factory=list)
    refused: list[tuple[Recipient, Refusal]] = field(default_factory=list)
    is_short: bool = False
    """A recipient was turned away without a verdict (grammar, number, storage): without it nothing may be sent."""
    _keys: set[str] = field(default_factory=set)

    @property
    def recipients(self) -> int:
        """All that were named, the refused included."""
        return len(self.legs) + len(self.refused)

    def knows(self, recipient: Recipient) -> bool:
        """True if the same recipient was taken before: one leg each, however often they are named."""
        return recipient.key in self._keys

    def take(self, rcpt: RcptTo, recipient: Recipient) -> None:
        """One more leg."""
        leg = Leg(ordinal=len(self.legs), recipient=recipient, original_recipient=rcpt.original_recipient)
        self.legs.append(replace(leg, notify=rcpt.notify) if rcpt.notify else leg)
        self._keys.add(recipient.key)

    def refuse(self, recipient: Recipient, refusal: Refusal) -> None:
        """One more *no*; DATA judges it again with the rest."""
        self.refused.append((recipient, refusal))

    def submission(self, heading: Heading, *, is_eight_bit: bool) -> Submission:
        """All of it, as the engine wants it."""
        return Submission(
            way=Way.MAIL,
            sender=replace(self.party, address=self.mail.sender),
            legs=tuple(self.legs),
            envelope=Envelope(
                ret=self.mail.ret,
                envid=self.mail.envid,
                message_id=heading.message_id,
                subject=heading.subject,
                is_eight_bit=is_eight_bit,
                is_utf8=self.mail.is_utf8,
            ),
            refused=tuple(self.refused),
        )
