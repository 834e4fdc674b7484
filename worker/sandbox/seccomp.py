"""No sockets for a process that only reads and writes files: a seccomp filter (Linux on x86-64 and arm64).

Landlock refuses TCP alone, and that not on every kernel; without socket(2) there is no UDP, no netlink and no
way to a server's unix socket either. Numbers are those of <linux/seccomp.h>, <linux/audit.h> and
<linux/bpf_common.h>.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

#: By machine: its number in the filter, and that of socket(2).
MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
#: io_uring opens sockets too; its number is the same everywhere.
IO_URING_SETUP = 425
#: x86-64 knows each call a second time, by its x32 number from here on.
X32 = 0x4000_0000

PR_GET_SECCOMP, PR_SET_SECCOMP, MODE_FILTER = 21, 22, 2

#: Instructions of the filter: load a word of the call, jump by it, return a verdict.
LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
#: Where the words are in `struct seccomp_data`.
CALL_NUMBER, ARCHITECTURE = 0, 4
ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0000 | errno.EACCES


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("operand", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def is_available() -> bool:
    """Whether the kernel filters, and we know its machine's numbers."""
    if sys.platform != "linux" or os.uname().machine not in MACHINES:
        return False
    return int(ctypes.CDLL(None).prctl(PR_GET_SECCOMP, 0, 0, 0, 0)) >= 0


def refuse_sockets() -> None:
    """From now on, neither this process nor any that it starts gets a socket: EACCES.

    It needs `PR_SET_NO_NEW_PRIVS`.

    Raises:
        OSError: the kernel takes no filter.
    """
    steps = _filter(*MACHINES[os.uname().machine])
    program = _Program(len(steps), (_Instruction * len(steps))(*(_Instruction(*step) for step in steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        error_number = ctypes.get_errno()
        raise OSError(error_number, f"seccomp: {os.strerror(error_number)}")


def _filter(audit_arch: int, socket: int) -> list[tuple[int, int, int, int]]:
    """Code, how many instructions to skip if true and if false, and the operand of each step."""
    return [
        (LOAD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 0, 5, audit_arch),
        (LOAD, 0, 0, CALL_NUMBER),
        (JUMP_IF_AT_LEAST, 3, 0, X32),
        (JUMP_IF_EQUAL, 2, 0, socket),
        (JUMP_IF_EQUAL, 1, 0, IO_URING_SETUP),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
