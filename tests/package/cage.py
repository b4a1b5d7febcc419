"""Runs a program under a systemd unit's limits, as far as they can be had without systemd:

    cage.py UNIT STATE COMMAND…

a user without rights, everything read-only but STATE and an empty /var/tmp, no devices, and the
unit's system call filter with what RestrictAddressFamilies=, RestrictNamespaces= and
MemoryDenyWriteExecute= add.
"""
import errno
import os
import re
import subprocess
import sys
import tempfile

import seccomp

USER = "61184"  # the first of those systemd makes up for DynamicUser=
CAGE = ["bwrap", "--die-with-parent", "--unshare-user", "--uid", USER, "--gid", USER, "--unshare-pid", "--unshare-ipc",
        "--unshare-uts", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
PROT_WRITE, PROT_EXEC = 2, 4
NAMESPACES = 0x7E020080  # the CLONE_NEW… flags
NARROWED = {"socket", "mmap", "mprotect", "pkey_mprotect", "clone", "clone3", "unshare", "setns"}


def values_of(unit, key):
    """Those of each line of that key."""
    return re.findall(rf"^{key}=(.*)$", unit, re.M)


def calls_of(name):
    """A group of systemd's, with the groups in it; or one call."""
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    lines = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(calls_of(line) for line in lines if line and not line.startswith("#")))


def allowed_calls(unit):
    allowed = calls_of("@default")
    for line in values_of(unit, "SystemCallFilter"):
        named = set().union(*map(calls_of, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def allow(rules, call, *arguments):
    if seccomp.resolve_syscall(seccomp.Arch(), call) >= 0:  # this machine has it
        rules.add_rule(seccomp.ALLOW, call, *arguments)


def filter_of(unit):
    """What is not allowed fails as the unit's SystemCallErrorNumber= says."""
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    for call in allowed_calls(unit) - NARROWED:
        allow(rules, call)
    for family in values_of(unit, "RestrictAddressFamilies")[0].split():
        allow(rules, "socket", seccomp.Arg(0, seccomp.EQ, FAMILIES[family]))
    both = PROT_WRITE | PROT_EXEC
    for protection in (0, PROT_WRITE, PROT_EXEC):
        allow(rules, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, protection))
    allow(rules, "mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, 0))
    for call in ("clone", "unshare"):
        allow(rules, call, seccomp.Arg(0, seccomp.MASKED_EQ, NAMESPACES, 0))
    # Its flags are out of a filter's reach: the C library takes clone() when it is not there.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    return rules


def main():
    unit_path, state, *command = sys.argv[1:]
    with open(unit_path, encoding="utf-8") as file:
        unit = file.read()
    with tempfile.TemporaryFile() as program:
        filter_of(unit).export_bpf(program)
        program.seek(0)
        os.set_inheritable(program.fileno(), True)
        os.execvp(CAGE[0], [*CAGE, "--tmpfs", "/var/tmp", "--bind", state, state,
                            "--seccomp", str(program.fileno()), *command])


main()
