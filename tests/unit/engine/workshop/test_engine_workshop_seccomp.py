"""The system call filter, read the way the kernel reads it."""

from __future__ import annotations

import struct

import pytest

from gateway.engine.workshop import seccomp

ALLOW, DENY, KILL = 0x7FFF0000, 0x00050001, 0x80000000
X86, ARM = ("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)
READ_WRITE, EXECUTABLE = 3, 7


def verdict(code: bytes, number: int, arch: int, third: int = 0) -> int:
    data = struct.pack("<IIQ6Q", number, arch, 0, 0, 0, third, 0, 0, 0)
    steps = list(struct.iter_unpack("<HBBI", code))
    at = accumulator = 0
    while True:
        operation, if_true, if_false, operand = steps[at]
        at += 1
        match operation:
            case 0x20:
                (accumulator,) = struct.unpack_from("<I", data, operand)
            case 0x15:
                at += if_true if accumulator == operand else if_false
            case 0x45:
                at += if_true if accumulator & operand else if_false
            case 0x06:
                return operand


def judged(machine: tuple[str, int], number: int, third: int = 0, *, may_fork: bool = False) -> int:
    code = seccomp.program(machine[0], may_fork=may_fork)
    assert code is not None
    return verdict(code, number, machine[1], third)


@pytest.mark.parametrize(("machine", "number"), [(X86, 0), (X86, 231), (X86, 334), (ARM, 63), (ARM, 94), (ARM, 293)])
def test_moving_bytes_and_ending_is_allowed(machine: tuple[str, int], number: int) -> None:
    """read, exit_group and rseq, under each machine's own numbers."""
    assert ALLOW == judged(machine, number)


@pytest.mark.parametrize(
    ("machine", "number"),
    [(X86, n) for n in (2, 41, 42, 56, 57, 59, 62, 101, 157, 257, 302, 310, 322, 425, 435, 438, 9999)]
    + [(ARM, n) for n in (56, 117, 129, 167, 198, 203, 220, 221, 261, 270, 281, 425, 435, 438, 9999)],
)
def test_everything_else_is_denied(machine: tuple[str, int], number: int) -> None:
    """open, socket, connect, fork, exec, kill, ptrace, prctl, foreign memory, io_uring, and calls nobody knows yet."""
    assert DENY == judged(machine, number)


@pytest.mark.parametrize(("machine", "number"), [(X86, 9), (X86, 10), (ARM, 222), (ARM, 226)])
def test_memory_never_becomes_executable(machine: tuple[str, int], number: int) -> None:
    """mmap and mprotect are allowed for data only."""
    assert (ALLOW, DENY) == (judged(machine, number, READ_WRITE), judged(machine, number, EXECUTABLE))


@pytest.mark.parametrize(("machine", "number"), [(X86, 56), (ARM, 220)])
def test_only_the_forge_forks(machine: tuple[str, int], number: int) -> None:
    """The forge may clone; its children and the pool may not."""
    assert (ALLOW, DENY) == (judged(machine, number, may_fork=True), judged(machine, number))


def test_calls_of_another_architecture_kill() -> None:
    """Other numbers would mean other calls."""
    code = seccomp.program("x86_64", may_fork=False)

    assert code is not None
    assert KILL == verdict(code, 0, 0x40000003)


def test_calls_of_the_x32_kind_are_denied() -> None:
    """The same architecture value with a bit set in the number is another table of calls."""
    assert DENY == judged(X86, 0x40000000)


def test_an_unknown_machine_has_no_filter() -> None:
    """A filter with wrong numbers would be worse than none that says so."""
    assert seccomp.program("riscv64", may_fork=False) is None
