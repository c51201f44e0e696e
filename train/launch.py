"""Several processes through DeepSpeed's launcher: one machine, or those of a hostfile over ssh."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ghostchart.schemas.errors import EnvironmentProblem, UsageError
from ghostchart.train.hardware import detect_hardware


def read_hostfile(path: Path) -> dict[str, int]:
    """Hosts and their slots, one ``HOST slots=N`` a line, blank lines and ``#`` comments aside.

    Raises:
        UsageError: unreadable, empty, a line of another form, or a host named twice.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        raise UsageError("cannot read the hostfile", where=str(path), fix="Give a text file: HOST slots=8") from None
    hosts: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        slots = words[1].removeprefix("slots=") if len(words) == 2 and words[1].startswith("slots=") else ""
        if not slots.isdigit() or int(slots) < 1 or words[0] in hosts:
            raise UsageError(
                "a line of the hostfile is not one new host and its slots",
                where=f"{path}, line {number}",
                fix="Write: HOST slots=8",
            )
        hosts[words[0]] = int(slots)
    if not hosts:
        raise UsageError("the hostfile names no host", where=str(path), fix="Write: HOST slots=8")
    return hosts


def launch_command(arguments: Sequence[str], processes: int | None, hostfile: Path | None, port: int) -> list[str]:
    """The command that starts ``ghostchart`` with ``arguments`` in every process.

    Args:
        arguments: of each process, without the options of launching.
        processes: per machine; None: one per GPU, or as many as the hostfile says.
        hostfile: machines; None: this one.
        port: where the processes meet.
    """
    command = [sys.executable, "-m", "deepspeed.launcher.runner", "--log_level", "critical", "--master_port", str(port)]
    # DeepSpeed looks in a place of its own when it is told none.
    command += ["--hostfile", str(hostfile) if hostfile else os.devnull]
    if processes is not None:
        command += ["--num_gpus", str(processes)]
    return [*command, "--no_local_rank", "--module", "ghostchart", *arguments]


def launch(arguments: Sequence[str], processes: int | None, hostfile: Path | None) -> int:
    """Start the processes and wait for them.

    Returns:
        Exit code: 0, or that of the first process that failed (the others are ended).

    Raises:
        UsageError: the hostfile is wrong, or more processes are wanted than this machine has GPUs.
        EnvironmentProblem: DeepSpeed or the programs it needs are missing.
    """
    if hostfile is not None and len(read_hostfile(hostfile)) > 1 and shutil.which("pdsh") is None:
        raise EnvironmentProblem("several machines need pdsh and ssh between them", fix="Install pdsh on this machine")
    hardware = detect_hardware()
    if hostfile is None and processes is None and hardware.device == "cpu":
        raise UsageError("there is no GPU here to count", fix="Say how many processes: --processes 2")
    if hostfile is None and processes is not None and hardware.device == "cuda":
        import torch

        if processes > torch.cuda.device_count():
            raise UsageError(
                f"{processes} processes are wanted and there are {torch.cuda.device_count()} GPUs",
                fix="Lower --processes, or name machines with --hostfile",
            )
    port = 29500 if hostfile else _free_port()
    environment = {**os.environ}
    if hardware.device == "cpu":
        environment["DS_ACCELERATOR"] = "cpu"
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // (processes or 1))))
    try:
        done = subprocess.run(launch_command(arguments, processes, hostfile, port), env=environment, check=False)
    except OSError as error:
        raise EnvironmentProblem(f"cannot start the launcher: {error.strerror}") from None
    return done.returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
