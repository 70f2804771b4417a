"""The README's generated parts: `python -m tests.readme` writes them, a test compares them.

`verbs` comes from the command itself; `bench` is what `make bench` printed last, given on standard input with `bench`;
`unplug` is what was seen when parts were broken last, kept in `docs/unplug.json`. To break them again, and keep that:
`sealgate demo --break all --json | python -m tests.readme unplug`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from gateway.commands.demo.unplug.play import Played
from gateway.commands.main import sealgate

README = Path(__file__).resolve().parents[1] / "README.md"
UNPLUGGED = README.parent / "docs" / "unplug.json"


def verbs() -> str:
    """A line a verb: its parts, and the first sentence of its help."""
    lines = ["```"]
    for verb in under(sealgate):
        names = ", ".join(str(one.name) for one in under(verb)) if isinstance(verb, click.Group) else ""
        lines.append(f"sealgate {verb.name:<8} {_first(verb):<72}".rstrip())
        if names:
            lines.append(f"{'':<18}{names}")
    return "\n".join([*lines, "```"])


def unplug(played: Played) -> str:
    """A row a part that was broken, and mended: what is promised, each confirmed by that run."""
    lines = ["| Broken in a running office | Until it is mended | Then |", "|---|---|---|"]
    lines += [f"| {row.breaks} | {row.happens} | {row.mended} |" for row in played.rows if row.is_played and row.ok]
    return "\n".join(lines)


def unplugged() -> Played:
    """The run that is kept."""
    return msgspec.json.decode(UNPLUGGED.read_bytes(), type=Played)


def keep(untrusted: bytes) -> None:
    """A run in which every part was broken, and nothing was otherwise than promised. Raises `SystemExit`."""
    played = msgspec.json.decode(untrusted, type=Played)
    if not played.ok or not all(row.is_played for row in played.rows):
        sys.exit("not every part was broken and mended as promised; nothing is kept of this run")
    UNPLUGGED.write_bytes(msgspec.json.format(untrusted, indent=2) + b"\n")


def under(group: click.Group) -> list[click.Command]:
    """The verbs of a group, loaded, in its order."""
    with click.Context(group) as ctx:
        return [verb for name in group.list_commands(ctx) if (verb := group.get_command(ctx, name))]


def with_part(text: str, name: str, content: str) -> str:
    """The README with one generated part replaced."""
    begin, end = f"<!-- {name}:begin", f"<!-- {name}:end -->"
    head, _, rest = text.partition(begin)
    comment, _, rest = rest.partition("\n")
    _, _, tail = rest.partition(end)
    return f"{head}{begin}{comment}\n{content}\n{end}{tail}"


def _first(verb: click.Command) -> str:
    return (verb.help or "").strip().split("\n")[0]


def _parts(argv: list[str]) -> Iterator[tuple[str, str]]:
    yield "verbs", verbs()
    if "unplug" in argv:
        keep(sys.stdin.buffer.read().strip())
    yield "unplug", unplug(unplugged())
    if "bench" in argv:
        yield "bench", sys.stdin.read().strip()


def main(argv: list[str]) -> None:
    """Write the parts."""
    text = README.read_text("utf-8")
    for name, content in _parts(argv):
        text = with_part(text, name, content)
    README.write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
