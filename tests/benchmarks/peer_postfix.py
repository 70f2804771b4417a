"""A real Postfix that relays plainly, TLS in and TLS out: the peer the mail path is measured against.

It gets every advantage it can have: no authentication, no content filter, connection reuse towards the next hop.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MASTER = """
127.0.0.1:{port} inet n - n - 100 smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
tlsproxy  unix  - - n - 0 tlsproxy
postlog   unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = verify
smtp_tls_verify_cert_match = localhost
smtp_tls_CAfile = {ca}
smtp_tls_connection_reuse = yes
smtp_connection_cache_on_demand = yes
smtp_host_lookup = native
smtp_dns_support_level = disabled
message_size_limit = 104857600
maillog_file = {home}/log
maillog_file_prefixes = {home}
alias_maps =
alias_database =
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """One instance in a folder of its own."""

    home: Path
    port: int

    @staticmethod
    def is_here() -> bool:
        """True if Postfix is installed."""
        return shutil.which("postfix", path="/usr/sbin:/usr/bin") is not None

    def start(self, *, sink: int, certificate: Path, key: Path, ca: Path) -> None:
        """Lay it out and start it."""
        config = self.home / "etc"
        for folder in (config, self.home / "queue", self.home / "data"):
            folder.mkdir(parents=True)
        shutil.chown(self.home / "data", "postfix")
        (config / "master.cf").write_text(MASTER.format(port=self.port))
        (config / "main.cf").write_text(MAIN.format(home=self.home, sink=sink, certificate=certificate, key=key, ca=ca))
        self._run("start")

    def stop(self) -> None:
        """Stop it."""
        self._run("stop", check=False)

    def _run(self, verb: str, *, check: bool = True) -> None:
        done = subprocess.run(
            ["/usr/sbin/postfix", "-c", str(self.home / "etc"), verb], capture_output=True, check=False, timeout=60
        )
        if check and done.returncode:
            raise RuntimeError(f"postfix {verb}: {done.stderr.decode()}")
