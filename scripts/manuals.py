#!/usr/bin/env python3
"""Writes man pages and the bash completion from what `updraft … --help` says.

    manuals.py UPDRAFT SHARE    SHARE/man/man1/*.1, SHARE/bash-completion/completions/updraft

Without SHARE it is run by `meson install`, which says where things go.
"""

import os
import pathlib
import re
import subprocess
import sys

STAND_INS = ("espota", "signing")  # commands that are also programs of that name
OPTION = re.compile(r"^  (?:(-\w), |    )(--[\w-]+)(?: (\S+))?  +(\S.*)$")
COMMAND = re.compile(r"^  ([a-z-]+)  +(\S.*)$")


def ask(program, *arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


def roff(text):
    """Text as roff takes it: no line is a request, dashes are what a shell wants."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def as_it_stands(lines):
    return ".nf\n" + roff("\n".join(lines)) + "\n.fi\n"


def parts(help_text):
    """Usage lines, description lines and option rows of one command's help."""
    usage, rest = help_text.removeprefix("usage: ").split("\n\n", 1)
    lines = rest.rstrip("\n").split("\n")
    rows = [match for match in map(OPTION.match, lines) if match]
    about = [line for line in lines if not OPTION.match(line)]
    while about and not about[-1]:
        about.pop()
    return [line.removeprefix("       ") for line in usage.split("\n")], about, rows


def option_entry(row):
    letter, name, argument, text = row.groups()
    flags = f"\\fB{roff(letter)}\\fR, " if letter else ""
    value = f" \\fI{roff(argument)}\\fR" if argument else ""
    return f".TP\n{flags}\\fB{roff(name)}\\fR{value}\n{roff(text)}\n"


def heading(name, version, about):
    return f'.TH {roff(name.upper())} 1 "" "{version}" "Updraft"\n.SH NAME\n{roff(name)} \\- {roff(about)}\n'


def command_page(command, about, help_text, version):
    usage, description, rows = parts(help_text)
    return (heading(f"updraft-{command}", version, about)
            + ".SH SYNOPSIS\n" + as_it_stands(usage)
            + ".SH DESCRIPTION\n" + as_it_stands(description)
            + ".SH OPTIONS\n" + "".join(map(option_entry, rows))
            + ".SH EXIT STATUS\n0 done, 1 failed, 2 called wrongly.\n"
            + ".SH SEE ALSO\n.BR updraft (1)\n")


def overview_page(commands, version):
    entries = "".join(f".TP\n.BR updraft\\-{roff(name)} (1)\n{roff(about)}\n" for name, about in commands)
    return (heading("updraft", version, "over-the-air firmware updates for ESP8266 and ESP32")
            + ".SH SYNOPSIS\n.B updraft\n.I COMMAND\n[OPTION...] [OPERAND...]\n"
            + ".SH COMMANDS\n" + entries
            + ".SH EXIT STATUS\n0 done, 1 failed, 2 called wrongly.\n")


def completion(helps):
    """Commands after `updraft`, options after a dash, else files (complete -o default)."""
    cases = "".join(
        f"    {name}) words='{' '.join([row[2] for row in parts(text)[2]])}' ;;\n"
        for name, text in helps.items())
    return ("_updraft_options() # COMMAND WORD\n{\n    local words=\n    case $1 in\n" + cases + "    esac\n"
            "    case $2 in -*) COMPREPLY=($(compgen -W \"$words\" -- \"$2\")) ;; esac\n}\n"
            "_updraft()\n{\n    COMPREPLY=()\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
            f"        COMPREPLY=($(compgen -W 'help version {' '.join(helps)}' -- \"$2\"))\n"
            "    else\n        _updraft_options \"${COMP_WORDS[1]}\" \"$2\"\n    fi\n}\n"
            "_updraft_stand_in()\n{\n    COMPREPLY=()\n    _updraft_options \"${1##*/}\" \"$2\"\n}\n"
            "complete -o default -F _updraft updraft\n"
            f"complete -o default -F _updraft_stand_in {' '.join(STAND_INS)}\n")


def write_all(program, share):
    version = ask(program, "version").strip()
    overview = ask(program, "--help").split("\n")
    commands = [m.groups() for m in map(COMMAND.match, overview) if m and m[1] not in ("help", "version")]
    helps = {name: ask(program, name, "--help") for name, _ in commands}
    manuals = share / "man" / "man1"
    completions = share / "bash-completion" / "completions"
    manuals.mkdir(parents=True, exist_ok=True)
    completions.mkdir(parents=True, exist_ok=True)
    (manuals / "updraft.1").write_text(overview_page(commands, version))
    for name, about in commands:
        (manuals / f"updraft-{name}.1").write_text(command_page(name, about, helps[name], version))
    for name in STAND_INS:
        (manuals / f"{name}.1").write_text(f".so man1/updraft-{name}.1\n")
        # A shell looks for a program's completion by the program's name.
        (completions / name).unlink(missing_ok=True)
        (completions / name).symlink_to("updraft")
    (completions / "updraft").write_text(completion(helps))


def main():
    if len(sys.argv) == 3:
        write_all(sys.argv[1], pathlib.Path(sys.argv[2]))
    else:
        write_all(os.path.join(os.environ["MESON_BUILD_ROOT"], "updraft"),
                  pathlib.Path(os.environ["MESON_INSTALL_DESTDIR_PREFIX"], "share"))


main()
