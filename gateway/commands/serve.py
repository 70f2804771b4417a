"""`sealgate serve`: run the gateway on an office folder until SIGTERM, then drain and exit 0.

It starts only when everything it promises can be kept: rules that load, certificates that are valid, keys nobody else
can read, a ledger that is whole, a workshop whose walls were tried. Anything else is one clear sentence.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
import uvloop

from gateway.commands.alertness import show_out_of
from gateway.commands.allocator import give_back_large_buffers, look_only_at_what_is_new
from gateway.commands.assembly import Gateway, Parts, gateway_of, host_of, parts_of
from gateway.commands.audit.erase import must_be_finished
from gateway.commands.filedoor import file_door
from gateway.commands.office import Office, alone, opened, rules_of_office
from gateway.commands.outsiders import caretaker_of, consult_witnesses
from gateway.commands.rulebook.status import watch_of
from gateway.commands.scribelink import Link, linked
from gateway.commands.setting import Setting
from gateway.commands.showing import Showing
from gateway.commands.systemd import Systemd
from gateway.commands.watchkeeping import nobody_counts_alarms, watching_of
from gateway.doors.admin import AdminDoor
from gateway.doors.counting import Refused, nobody_counts
from gateway.doors.guard import Guard
from gateway.doors.sftp.server import SftpDoor
from gateway.doors.smtp.door import SmtpDoor
from gateway.doors.smtp.settings import Role, Settings
from gateway.engine.answers import Answers
from gateway.engine.forgetting.disposals import Disposals
from gateway.engine.lawmaking.rulewatch import RuleWatch
from gateway.engine.policy import InForce
from gateway.engine.reception import Reception
from gateway.engine.safekeeping.snapshots import Snapshots
from gateway.engine.scribing import DistantScribe
from gateway.engine.workshop.benches import Benches
from gateway.engine.workshop.hall import Reach, at, our_child
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
ENVIRONMENT = 5


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Say what listens where as one JSON object.")
@click.option(
    "--scribe",
    "scribe_at",
    metavar="SOCKET",
    type=click.Path(path_type=Path),
    help="Reach the scribe here, where a unit of its own waits, instead of starting one.",
)
@click.option(
    "--workshop",
    "workshop_at",
    metavar="SOCKET",
    type=click.Path(path_type=Path),
    help="Likewise the workshop, where documents are opened.",
)
@click.pass_obj
def serve(setting: Setting, as_json: bool, scribe_at: Path | None, workshop_at: Path | None) -> None:  # fmt: skip
    """Run the gateway until SIGTERM."""
    systemd = Systemd.passed()
    _log_to_stderr()
    give_back_large_buffers()
    with alone(setting), linked(setting.folder, scribe_at) as link, opened(setting) as office:
        must_be_finished(office)
        reach = at(workshop_at) if workshop_at else our_child
        code = uvloop.run(_Serving(office, systemd, link, reach, as_json=as_json).run())
    sys.exit(code)


@dataclass(slots=True)
class _Serving:
    """One run."""

    office: Office
    systemd: Systemd
    link: Link
    reach: Reach
    """Finds the workshop's hall."""
    as_json: bool
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    fatal: list[Failure] = field(default_factory=list)
    showing: Showing = field(init=False)
    _watch: RuleWatch | None = None
    _measured: Health | None = None
    _snapshots: Snapshots | None = None
    _disposals: Disposals | None = None
    _status: Callable[[], str] = lambda: "starting"

    async def run(self) -> int:
        """Serve; the exit code."""
        rules = rules_of_office(self.office)
        self.showing = Showing(self.office.setting, self.office.clock, self.systemd)
        self.showing.load(with_host_key=rules.rulebook.gateway.door.sftp is not None)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.showing.look_again)

        def give_up(why: Failure) -> None:
            self.fatal.append(why)
            loop.call_soon_threadsafe(self.stop.set)

        await consult_witnesses(self.office, rules)
        scribe = DistantScribe(reissue=self.office.latest, on_fatal=give_up)
        await scribe.connect(self.link.begin())
        self._snapshots = Snapshots(scribe.task)
        self._disposals = Disposals(scribe.task)
        with _disk() as disk:
            health = self._measured = self._health(rules)
            parts = parts_of(self.office, rules, health.writer(scribe) if health else scribe, disk)
            self._watch = watch_of(self.office, parts.rules)
            await asyncio.to_thread(self._watch.look)
            workshop = Benches(limits=parts.rules.limits, reach=self.reach)
            await workshop.start()
            try:
                await self._serve(parts, workshop, health)
            except* (StoreBroken, Tampering) as group:
                self.fatal.extend(_each(group))
            finally:
                await workshop.close()
                await scribe.close()
                await asyncio.to_thread(self.link.wait)
        for cause in dict.fromkeys(why.cause for why in self.fatal):  # several may have met the same end
            log.critical("stopped; the next start recovers cause=%r", cause)
        return ENVIRONMENT if self.fatal else 0

    async def _serve(self, parts: Parts, workshop: Benches, health: Health | None) -> None:
        vitals = health.vitals(parts) if health else None
        if workshop.breaches:
            log.error("documents are held: a confined process could still %s", " ".join(workshop.breaches))
        async with asyncio.TaskGroup() as tasks:
            gateway = gateway_of(parts, health.workshop(workshop) if health else workshop, tasks)
            if health:
                gateway.offices.inquiry.timed = health.deciding
            watch = watching_of(parts, gateway.runner.look, health.alarm if health else nobody_counts_alarms)
            caretaker = caretaker_of(self.office, parts, gateway.awaiting, watch, *((vitals,) if vitals else ()))
            running = tasks.create_task(gateway.runner.run())
            tasks.create_task(caretaker.run())
            chores = [tasks.create_task(_sweep(gateway)), tasks.create_task(self.showing.watch())]
            if self._watch is not None:
                chores.append(tasks.create_task(self._watch.run()))
            counter = parts.counter(gateway.runner.look)
            counter.snapshots, counter.disposals = self._snapshots, self._disposals
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
        if listed.sftp is not None and (key := self.showing.host_key) is not None:
            door = file_door(parts, gateway.offices.tree_for, guard, key, self._refused("sftp"))
            self.showing.file_door = await shut.enter_async_context(door)
            for place in listed.sftp.listen:
                await door.listen(*_host_and_port(place), sock=self.systemd.take(place))
            doors.append(door)
            places["sftp"] = [*listed.sftp.listen]
        show_out_of(doors, parts.alertness.containments)
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
            tls=self.showing.context,
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

        return Health(office=self.office, watch=lambda: self._watch, certificate_ends=lambda: self.showing.ends)

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

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    def _say(self, places: dict[str, list[str]], digest: str) -> None:
        key = self.showing.host_key
        shown = key.get_fingerprint() if key and "sftp" in places else ""
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
