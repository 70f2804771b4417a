"""An order carried out right here, because no gateway runs: nearly all of one is put together for it.

So this is imported by nobody who need not: loading it takes longer than most verbs do.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from gateway.commands.assembly import parts_of
from gateway.commands.office import alone, opened, rules_of_office, writing
from gateway.commands.outsiders import consult_witnesses
from gateway.commands.setting import Setting
from gateway.doors.orders import Answer, AnyOrder


def carried_out(setting: Setting, order: AnyOrder) -> Answer:
    """Open the office for writing and carry the order out. What it calls for happens at the gateway's next start."""
    with alone(setting), opened(setting, is_writing=True) as office, ThreadPoolExecutor(2) as disk:
        rules = rules_of_office(office)
        asyncio.run(consult_witnesses(office, rules))
        with writing(office, rules) as scribe:
            counter = parts_of(office, rules, scribe, disk).counter(look=lambda: None)
            return asyncio.run(counter.take(order, uid=os.getuid()))
