"""The message of the play: an exhibit to be compared byte for byte, and a photo that knows where it was taken."""

from __future__ import annotations

import email
import re
from email import policy
from email.message import EmailMessage

from gateway.commands.demo.cast import NotAsItShould
from gateway.commands.demo.picture import photo

PLACE = (51.5007, -0.1246)
EXHIBIT = b"case,exhibit,page\r\n2026-114,A,1\r\n2026-114,A,2\r\n"
PHOTO = photo(*PLACE)

_ARMOUR = re.compile(rb"-----BEGIN PGP MESSAGE-----.*-----END PGP MESSAGE-----\r?\n", re.DOTALL)


def letter(sender: str, recipients: tuple[str, ...]) -> EmailMessage:
    """The message as a mail program composes it; "[case]" states its purpose."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = sender, ", ".join(recipients)
    message["Subject"] = "[case] The exhibits of 2026-114"
    message["Message-ID"] = "<exhibits-of-2026-114@town.test>"
    message.set_content("Please find the exhibits attached.\r\n")
    message.add_attachment(EXHIBIT, "text", "csv", filename="exhibits.csv")
    message.add_attachment(PHOTO, "image", "jpeg", filename="harbour.jpg")
    return message


def armour(content: bytes) -> bytes:
    """The OpenPGP message in a mail. Raises if there is none."""
    found = _ARMOUR.search(content)
    if found is None:
        raise NotAsItShould("what arrived holds no OpenPGP message")
    return found.group()


def attachment(entity: bytes, name: str) -> bytes:
    """The attachment of this name, as the receiver saves it. Raises if there is none."""
    for part in email.message_from_bytes(entity, policy=policy.default).walk():
        if part.get_filename() == name:
            content = part.get_payload(decode=True)
            return content if isinstance(content, bytes) else b""
    raise NotAsItShould(f"there is no {name} at the receiver")
