"""`sealgate serve`: run the gateway on an office folder until SIGTERM, then drain and exit 0.

It starts only when everything it promises can be kept: rules that load, certificates that are valid, keys nobody else
can read, a ledger that is whole, a workshop whose walls were tried. Anything else is one clear sentence.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import asyncssh
import click
import msgspec
import uvloop

from gateway.commands.allocator import give_back_large_buffers, look_only_at_what_is_new
from gateway.commands.assembly import Gateway, Parts, gateway_of, host_of, parts_of
from gateway.commands.audit.erase import must_be_finished
from gateway.commands.certificates import glance, shown
from gateway.commands.filedoor import file_door
from gateway.commands.hostkey import host_key_at
from gateway.commands.office import Office, alone, opened, rules_of, rules_of_office
from gateway.commands.outsiders import caretaker_of, consult_witnesses
from gateway.commands.rulebook.status import watch_of
from gateway.commands.scribe import start as start_scribe
from gateway.commands.setting import Setting
from gateway.commands.systemd import Systemd
from gateway.doors.admin import AdminDoor
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Guard
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.smtp.door import SmtpDoor
from gateway.doors.smtp.settings import Role, Settings
from gateway.engine.answers import Answers
from gateway.engine.clock import moment
from gateway.engine.lawmaking.rulewatch import RuleWatch
from gateway.engine.policy import InForce
from gateway.engine.reception import Reception
from gateway.engine.scribing import DistantScribe
from gateway.engine.workshop.benches import Benches
from gateway.engine.writing import is_answering
from gateway.errors import Failure, StoreAway, StoreBroken, Tampering
from gateway.judge.explain import texts_of

if TYPE_CHECKING:
    from gateway.commands.health import Health
    from gateway.engine.health.vitals import Vitals

log = logging.getLogger("gateway.serve")

Door = SmtpDoor | SftpDoor
DISK_THREADS = 16
DRAIN_S = 20.0
SWEEP_S = 3600.0
CERTIFICATE_S = 10.0
ENVIRONMENT = 5
NEVER = datetime.min.replace(tzinfo=UTC)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Say what listens where as one JSON object.")
@click.pass_obj
def serve(setting: Setting, as_json: bool) -> None:
    """Run the gateway until SIGTERM."""
    systemd = Systemd.passed()
    _log_to_stderr()
    give_back_large_buffers()
    rules_of(setting)  # broken rules stop the start, though those in force would still load: the admin is right here
    with alone(setting), opened(setting) as office:
        must_be_finished(office)
        code = uvloop.run(_Serving(office, systemd, as_json=as_json).run())
    sys.exit(code)


@dataclass(slots=True)
class _Serving:
    """One run."""

    office: Office
    systemd: Systemd
    as_json: bool
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    fatal: list[Failure] = field(default_factory=list)
    _tls: ssl.SSLContext | None = None
    _tls_ends: datetime = NEVER
    _host_key: asyncssh.SSHKey | None = None
    _watch: RuleWatch | None = None
    _measured: Health | None = None
    _status: Callable[[], str] = lambda: "starting"

    async def run(self) -> int:
        """Serve; the exit code."""
        self._load_certificate()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)

        def give_up(why: Failure) -> None:
            self.fatal.append(why)
            loop.call_soon_threadsafe(self.stop.set)

        rules = rules_of_office(self.office)
        self._load_host_key(rules)
        await consult_witnesses(self.office, rules)
        scribe = DistantScribe(reissue=self.office.latest, on_fatal=give_up)
        sock, process = start_scribe(self.office.setting.folder)
        await scribe.connect(sock)
        with _disk() as disk:
            health = self._measured = self._health(rules)
            parts = parts_of(self.office, rules, health.writer(scribe) if health else scribe, disk)
            self._watch = watch_of(self.office, parts.rules)
            await asyncio.to_thread(self._watch.look)
            workshop = Benches(limits=parts.rules.limits)
            await workshop.start()
            try:
                await self._serve(parts, workshop, health)
            except* (StoreBroken, Tampering) as group:
                self.fatal.extend(_each(group))
            finally:
                await workshop.close()
                await scribe.close()
                await asyncio.to_thread(process.wait)
        for cause in dict.fromkeys(why.cause for why in self.fatal):  # several may have met the same end
            log.critical("stopped; the next start recovers cause=%r", cause)
        return ENVIRONMENT if self.fatal else 0

    async def _serve(self, parts: Parts, workshop: Benches, health: Health | None) -> None:
        vitals = health.vitals(parts) if health else None
        caretaker = caretaker_of(self.office, parts, *((vitals,) if vitals else ()))
        if workshop.breaches:
            log.error("documents are held: a confined process could still %s", " ".join(workshop.breaches))
        async with asyncio.TaskGroup() as tasks:
            gateway = gateway_of(parts, health.workshop(workshop) if health else workshop, tasks)
            running = tasks.create_task(gateway.runner.run())
            tasks.create_task(caretaker.run())
            chores = [tasks.create_task(_sweep(gateway)), tasks.create_task(self._watch_certificate())]
            if self._watch is not None:
                chores.append(tasks.create_task(self._watch.run()))
            counter = parts.counter(gateway.runner.look)
            admin = AdminDoor(counter, self.office.setting.var)
            await admin.listen()
            async with AsyncExitStack() as shut:
                if vitals:
                    await self._open_health(parts, vitals, shut)
                answers = Answers(desk=gateway.desk, orders=counter.orders, host=host_of(parts.rules.rulebook))
                doors = await self._open(parts, gateway, answers, shut)
                look_only_at_what_is_new()
                chores.append(tasks.create_task(self._report(parts)))
                await self.stop.wait()
                self.systemd.stopping()
                log.info("draining")
                await admin.close()
                for door in doors:
                    await door.close(DRAIN_S)
            gateway.runner.drain()
            await asyncio.wait((running,), timeout=DRAIN_S)
            running.cancel()  # what did not come to rest is due again at the next start
            for chore in chores:
                chore.cancel()
            caretaker.stop()
            await gateway.carrier.close()
            await gateway.file_carrier.close()

    async def _open(self, parts: Parts, gateway: Gateway, answers: Answers, shut: AsyncExitStack) -> list[Door]:
        """Open the doors the rules list, and say so. What must be ended when they are closed goes into `shut`."""
        guard = Guard(now=asyncio.get_running_loop().time)
        listed = parts.rules.rulebook.gateway.door
        doors: list[Door] = []
        places: dict[str, list[str]] = {}
        for role, table in ((Role.SUBMISSION, listed.submission), (Role.INBOUND, listed.inbound)):
            if table is None:
                continue
            reception = answers if role is Role.SUBMISSION else gateway.desk
            doors.append(await self._open_mail(parts, reception, guard, role, table.listen))
            places[role.value] = [*table.listen]
        if listed.sftp is not None and self._host_key is not None:
            door = file_door(parts, gateway.offices.tree_for, guard, self._host_key, self._refused("sftp"))
            await shut.enter_async_context(door)
            for place in listed.sftp.listen:
                await door.listen(*_host_and_port(place), sock=self.systemd.take(place))
            doors.append(door)
            places["sftp"] = [*listed.sftp.listen]
        self._say(places, parts.rules.rulebook.digest)
        return doors

    async def _open_mail(
        self, parts: Parts, reception: Reception, guard: Guard, role: Role, listen: tuple[str, ...]
    ) -> SmtpDoor:
        rulebook = parts.rules.rulebook
        settings = Settings(
            role=role,
            hostname=host_of(rulebook),
            domains=rulebook.gateway.office.domains,
            texts=texts_of(rulebook),
            limits=parts.rules.limits,
            recipients=rulebook.gateway.limits.recipients,
        )
        door = SmtpDoor(
            reception,
            settings=settings,
            guard=guard,
            clock=self.office.clock,
            tls=self._context,
            refused=self._refused(role.value),
        )
        for number, place in enumerate(listen):
            is_implicit, sock = role is Role.SUBMISSION and number == 0, self.systemd.take(place)
            await door.listen(*_host_and_port(place), implicit_tls=is_implicit, sock=sock)
        return door

    # ── how it is ────────────────────────────────────────────────────────────────────────────────────────────────

    def _health(self, rules: InForce) -> Health | None:
        """What measures this run, if the rules list a door to show it at."""
        if rules.rulebook.gateway.door.health is None:
            return None
        from gateway.commands.health import Health  # prometheus-client, which nothing else needs

        return Health(office=self.office, watch=lambda: self._watch, certificate_ends=lambda: self._tls_ends)

    def _refused(self, door: str) -> Refused:
        """Who counts what a door refuses."""
        return partial(self._measured.refused, door) if self._measured else nobody_counts

    async def _open_health(self, parts: Parts, vitals: Vitals, shut: AsyncExitStack) -> None:
        from gateway.commands.health import open_health

        listed = parts.rules.rulebook.gateway.door.health
        door = await open_health(vitals, listed.listen if listed else ())
        shut.push_async_callback(door.close)

    async def _report(self, parts: Parts) -> None:
        """Tell systemd that the doors are open, and again and again that we live: only while the scribe answers."""
        self.systemd.leave()
        self._status = lambda: f"serving under rules {parts.rules.rulebook.digest[:16]}"
        self.systemd.ready(self._status())
        await self.systemd.watch(lambda: is_answering(parts.scribe), self._status)

    # ── the file door's key ──────────────────────────────────────────────────────────────────────────────────────

    def _load_host_key(self, rules: InForce) -> None:
        if rules.rulebook.gateway.door.sftp is not None:
            self._host_key = host_key_at(self.office.setting.host_key)

    # ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────

    def _context(self) -> ssl.SSLContext:
        assert self._tls is not None
        return self._tls

    def _load_certificate(self) -> None:
        self._tls, self._tls_ends = shown(self.office.setting.certs, now=moment(self.office.clock.now_ms()))

    async def _watch_certificate(self) -> None:
        """A pair that was renewed is shown without anybody's word; one half renewed waits for the other."""
        folder = self.office.setting.certs
        seen = await asyncio.to_thread(glance, folder)
        while True:
            await asyncio.sleep(CERTIFICATE_S)
            found = await asyncio.to_thread(glance, folder)
            if found != seen:
                seen = found
                self._reload()

    def _reload(self) -> None:
        """SIGHUP: a fresh certificate, swapped whole; a bad one changes nothing, and the doors stay as they are."""
        self.systemd.reloading()
        try:
            self._load_certificate()
            log.info("certificate reloaded")
        except Failure as why:
            log.error("certificate not reloaded cause=%r", why.cause)
        self.systemd.ready(self._status())

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    def _say(self, places: dict[str, list[str]], digest: str) -> None:
        shown = self._host_key.get_fingerprint() if self._host_key and "sftp" in places else ""
        banner = self._watch.state.banner if self._watch is not None and self._watch.state is not None else ""
        if self.as_json:
            said = {"listening": places, "rules": digest, "banner": banner, "ssh_host_key": shown}
            click.echo(msgspec.json.encode(said))
            return
        for door, listening in places.items():
            click.echo(f"{door:<12} {', '.join(listening)}" + (f"  {shown}" if door == "sftp" else ""))
        click.echo(f"{'rules':<12} {digest[:16]}  {'ledger':>8} {self.office.signer.vkey}")
        if banner:
            click.echo(f"{'':<12} {banner}")
        click.echo("Ready. Stop with Ctrl-C or SIGTERM.")


async def _sweep(gateway: Gateway) -> None:
    """Uploads left in the middle go after a day."""
    while True:
        try:
            await gateway.depositing.staging.sweep()
        except StoreAway as why:
            log.error("unfinished uploads not swept cause=%r", why.cause)
        await asyncio.sleep(SWEEP_S)


def _host_and_port(place: str) -> tuple[str, int]:
    host, _, port = place.rpartition(":")
    return host, int(port)


def _each(group: BaseExceptionGroup[Failure]) -> Iterator[Failure]:
    """The failures in a group of groups."""
    for one in group.exceptions:
        if isinstance(one, BaseExceptionGroup):
            yield from _each(one)
        else:
            yield one


@contextmanager
def _disk() -> Iterator[ThreadPoolExecutor]:
    """Threads for blocking disk work; ends when what was begun is done."""
    with ThreadPoolExecutor(DISK_THREADS, thread_name_prefix="disk") as disk:
        yield disk


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="level=%(levelname)s at=%(name)s %(message)s")
