"""The same office on 127.0.0.1: every door at BASE + its standard port, the outside world at BASE + 2525 for mail, and
for a partner's own file server at BASE + 2222. It is on trial: whoever tries it need not sign in to see the ledger.

Works on the text of the rule files, so that their comments and order stay; what it wrote is read back and compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from gateway.commands.glance import glance_at_gateway
from gateway.errors import Misconfigured

LOWEST_BASE = 1002
"""The lowest door (22) then needs no root."""
HIGHEST_BASE = 65535 - 9464
OUTSIDE = 2525
OUTSIDE_BOX = 2222

_LISTEN = re.compile(r'(?<=listen = \[)(?:"[^"]*"|[^\]"])*(?=\])')
_PORT = re.compile(r'"[^"]*:(\d+)"')
_URL_HOST = re.compile(r'(url = "\w+://)[^"/]+')
_BOX_AT = re.compile(r'^(at = )"[^"]*"', re.MULTILINE)
_BOX_USER = re.compile(r'^(user = )"[^"]*"', re.MULTILINE)
_BOX_KEYS = re.compile(r"^(host-keys = )\[[^\]]*\]", re.MULTILINE)
_LEDGER = re.compile(r"^(ledger = \{.*?)( *\})$", re.MULTILINE)
_MAIL_VIA = re.compile(r'^(mail = \{.*?via = )"[^"]*"', re.MULTILINE)


class _Mail(msgspec.Struct, frozen=True):
    via: str


class _Box(msgspec.Struct, frozen=True, rename="kebab"):
    at: str
    user: str
    host_keys: tuple[str, ...]


class _Routes(msgspec.Struct, frozen=True):
    mail: _Mail
    route: tuple[_Box, ...] = ()


def on_loopback(rules: Mapping[str, str], base: int, *, user: str, host_key: str) -> dict[str, str]:
    """`rules` with `gateway.toml` and `routes.toml` on 127.0.0.1, where partners' file servers are all one.

    It lets `user` in, for without root an `sshd` lets in nobody else, and shows the key with this fingerprint.
    Raises `Misconfigured` when the rules cannot be read, or something of them would stay elsewhere.
    """
    via, box = f"127.0.0.1:{base + OUTSIDE}", f"127.0.0.1:{base + OUTSIDE_BOX}"
    routes = _MAIL_VIA.sub(rf'\g<1>"{via}"', rules["routes.toml"])
    for place, said in ((_BOX_AT, f'"{box}"'), (_BOX_USER, f'"{user}"'), (_BOX_KEYS, f'["{host_key}"]')):
        routes = place.sub(rf"\g<1>{said}", routes)
    moved = msgspec.toml.decode(routes, type=_Routes)
    if moved.mail.via != via:
        raise Misconfigured("rules/routes.toml has no line `mail = { via = … }`: mail would leave this machine")
    if any(one != _Box(at=box, user=user, host_keys=(host_key,)) for one in moved.route):
        raise Misconfigured("rules/routes.toml has a route without its own lines `at`, `user`, `host-keys`: it stayed")
    doors = "".join(_door(line, base) for line in rules["gateway.toml"].splitlines(keepends=True))
    doors = _LEDGER.sub(r'\g<1>, unsigned = "auditor"\g<2>', doors)
    glance = glance_at_gateway({"gateway.toml": doors})
    if glance.ledger.unsigned != "auditor":
        raise Misconfigured("rules/gateway.toml has no line `ledger = { … }`: its ledger could not be tried")
    for name, door in glance.door.items():
        if not all(place.startswith("127.0.0.1:") for place in door.listen):
            raise Misconfigured(f"rules/gateway.toml has no line `{name} = {{ listen = [ … ] }}`: it stayed open")
    return {**rules, "routes.toml": routes, "gateway.toml": doors}


def _door(line: str, base: int) -> str:
    """A door's line, moved; any other line as it was."""
    listen = _LISTEN.search(line)
    if listen is None:
        return line
    ports = [base + int(port) for port in _PORT.findall(listen.group())]
    moved = ", ".join(f'"127.0.0.1:{port}"' for port in ports)
    return _URL_HOST.sub(rf"\g<1>localhost:{ports[0]}", _LISTEN.sub(moved, line))
