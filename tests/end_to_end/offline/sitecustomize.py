"""Put on PYTHONPATH of a run under test: refuses and records every connection and name look-up but loopback ones.

Where the kernel lets us, the process also moves into a network namespace of its own that has only a loopback device, so
that libraries which never ask Python are cut off too.
"""

import ctypes
import fcntl
import os
import socket
import struct
import sys
from pathlib import Path

_CLONE_NEWNET, _SIOCSIFFLAGS, _IFF_UP_RUNNING = 0x40000000, 0x8914, 0x41
_LOG = os.environ["GHOSTCHART_TEST_CONNECTIONS"]
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0", "::")


def _record(what: str) -> None:
    with Path(_LOG).open("a") as log:
        log.write(f"{os.getpid()} {what}\n")


def _leave_the_network() -> None:
    if os.environ.get("GHOSTCHART_TEST_NAMESPACE") or ctypes.CDLL(None).unshare(_CLONE_NEWNET) != 0:
        return
    os.environ["GHOSTCHART_TEST_NAMESPACE"] = "own"  # children inherit the namespace
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        fcntl.ioctl(device, _SIOCSIFFLAGS, struct.pack("16sh14s", b"lo", _IFF_UP_RUNNING, b""))


def _watch(event: str, arguments: tuple) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.unix"
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0] or "localhost"
    else:
        return
    text = host.decode() if isinstance(host, bytes) else str(host)
    if not text.startswith(_LOOPBACK) and text != socket.gethostname():
        _record(f"{event} {text}")
        raise OSError(101, "Network is unreachable (blocked by the test)")


_leave_the_network()
sys.addaudithook(_watch)
