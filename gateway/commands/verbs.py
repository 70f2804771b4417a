"""A group of verbs, each loaded when it is called for.

A verb imports what it needs of the house; all of them import most of it, which takes longer than most verbs do. So a
group knows its verbs by place, and only a listing of all of them (`--help`, completion) loads them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

import click

HERE = "gateway.commands"


class Verbs(click.Group):
    """`places`: by each verb's name its `module:variable` under `gateway.commands`, in the order of a day's work."""

    def __init__(self, *args: Any, places: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As the places are listed, not by the alphabet."""
        return [*self._places]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """That verb; None if there is none of that name, and then click looks among all for what was meant."""
        for name in (cmd_name,) if cmd_name in self._places else self._places:
            if name not in self.commands:
                self.add_command(resolve_name(f"{HERE}.{self._places[name]}"), name)
        return self.commands.get(cmd_name)
