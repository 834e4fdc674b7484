"""Which files a process may open: Landlock, where the kernel has it (Linux 5.13 and later).

Numbers and structures are <linux/landlock.h>'s; the kernel's documentation, userspace-api/landlock.rst, tells
what they do. Whoever is confined can neither undo it nor start a process that isn't.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable

#: Their numbers are the same on every architecture.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = (1 << bit for bit in range(4))
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
READING = EXECUTE | READ_FILE | READ_DIR
#: What can be allowed of a file that is no folder.
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV

#: How many rights of files each version knows; later ones know those of the last.
KNOWN_RIGHTS = (0, 13, 14, 15, 15, 16)

#: From these versions on: TCP (bind and connect), and abstract sockets and signals that leave the cage.
NETWORK_VERSION, SCOPES_VERSION = 4, 6
BOTH = 0b11


class _Ruleset(ctypes.Structure):
    """What is forbidden unless a rule allows it. An old kernel takes the longer one, if the rest is zeros."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """A rule: what is allowed of a file, or of all that is in a folder."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("path_fd", ctypes.c_int32))


def version() -> int:
    """The version of Landlock's interface; 0 where there is none, or where a container forbids it."""
    if sys.platform != "linux":
        return 0
    return max(0, _syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION))


def confine(reads: Iterable[str], writes: Iterable[str]) -> None:
    """From now on, this process and all that it starts can open nothing but these, and all that is in them.

    `reads` may be read and executed, `writes` read and written. What doesn't exist is passed over. It needs
    `PR_SET_NO_NEW_PRIVS`.

    Raises:
        OSError: the kernel has Landlock and refuses it.
    """
    known = version()
    every_right = (1 << KNOWN_RIGHTS[min(known, len(KNOWN_RIGHTS) - 1)]) - 1
    network, scopes = BOTH * (known >= NETWORK_VERSION), BOTH * (known >= SCOPES_VERSION)
    ruleset = _Ruleset(every_right, network, scopes)
    ruleset_fd = _checked(CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    for path in reads:
        _allow(ruleset_fd, path, READING)
    for path in writes:
        _allow(ruleset_fd, path, every_right & ~EXECUTE)
    _checked(RESTRICT_SELF, ruleset_fd, 0)
    os.close(ruleset_fd)


def _allow(ruleset_fd: int, path: str, rights: int) -> None:
    try:
        path_fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # What can't be found now, nobody opens later.
    if not stat.S_ISDIR(os.fstat(path_fd).st_mode):
        rights &= OF_A_FILE
    rule = _PathBeneath(rights, path_fd)
    _checked(ADD_RULE, ruleset_fd, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    os.close(path_fd)


def _checked(*arguments: object) -> int:
    result = _syscall(*arguments)
    if result < 0:
        error_number = ctypes.get_errno()
        raise OSError(error_number, f"Landlock: {os.strerror(error_number)}")
    return result


def _syscall(*arguments: object) -> int:
    """Numbers go as `long`, as the kernel reads them."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return int(libc.syscall(*(ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)))
