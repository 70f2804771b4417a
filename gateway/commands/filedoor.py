"""The file door put together: its host key, who may sign in, its bounds, and the tree behind it."""

from __future__ import annotations

from pathlib import Path

import asyncssh

from gateway.catalogue.texts import ENGLISH, Texts
from gateway.commands.assembly import Parts
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Guard
from gateway.doors.sftp.server import SftpDoor, TreeFor
from gateway.doors.sftp.session import Bounds
from gateway.doors.sftp.settings import Settings
from gateway.engine.ssh_sign_in import Certifiers, SshSignIn
from gateway.judge.explain import texts_of
from gateway.judge.stationshapes import LimitsTable
from gateway.keep.accounts import Accounts


def certifiers_in(certs: Path) -> Certifiers:
    """Where an office keeps its SSH authority's public key, and what it has revoked."""
    return Certifiers(keys=certs / "ssh_user_ca.pub", revoked=certs / "ssh_revoked")


def settings_of(limits: LimitsTable, texts: Texts = ENGLISH) -> Settings:
    """The door's bounds, and its language, as the rules set them."""
    return Settings(
        texts=texts,
        bounds=Bounds(handles=limits.handles, message_bytes=limits.sftp_message_bytes, file_bytes=limits.file_bytes),
        early_packet_bytes=limits.ssh_packet_bytes_before_sign_in,
        late_packet_bytes=limits.ssh_packet_bytes,
    )


def file_door(
    parts: Parts, tree_for: TreeFor, guard: Guard, host_key: asyncssh.SSHKey, refused: Refused = nobody_counts
) -> SftpDoor:
    """The door, not yet listening."""
    office = parts.office
    sign_in = SshSignIn(
        rules=parts.rules,
        clock=office.clock,
        accounts=Accounts(office.setting.accounts),
        certifiers=certifiers_in(office.setting.certs),
        containments=parts.alertness.containments,
        heard=parts.alertness.ear.tried,
    )
    rulebook = parts.rules.rulebook
    settings = settings_of(rulebook.gateway.limits, texts_of(rulebook))
    return SftpDoor(
        sign_in,
        tree_for,
        host_keys=(host_key,),
        settings=settings,
        guard=guard,
        clock=office.clock,
        refused=refused,
    )
