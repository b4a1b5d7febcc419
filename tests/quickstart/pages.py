"""Runs the commands of pages of Markdown as their reader would, and reports them as TAP.

    pages.py FOLDER PAGE…

Blocks marked sh are run in a folder of the page's own, one after the other, as in one terminal: what a block exports,
and where it goes with cd, holds for the next. A line that fails fails its block. Blocks marked
console have a command behind each `$ `, and behind that what it prints, in which … stands for
anything. Comments before a block, which nobody sees on the rendered page, say more:

    <!-- test: first            commands that come before it, such as what starts a device
    COMMANDS -->
    <!-- test: after            and behind it: what must be true by then
    COMMANDS -->
    <!-- test: NAME stays, says TEXT -->  it has a terminal of its own, and has said TEXT before the
                                next block
    <!-- test: with A = B -->   B is put in the place of A, which the reader replaces, too
    <!-- test: printed -->   the block is what the one before printed
    <!-- test: printed by NAME -->  or what NAME, which stays, has printed by now, or soon will
    <!-- test: elsewhere FILE TEXT -->  another test runs it; FILE has TEXT in it
    <!-- test: not here, REASON -->     nothing can
"""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

FENCE = re.compile(r"((?:^<!--(?:(?!-->).)*-->\n)*)^```(\w*)\n(.*?)^```$", re.M | re.S)
MARK = re.compile(r"<!-- test: (.*?)\s*-->", re.S)
COMMAND = re.compile(r"^(\$ )?(build/)?(updraft|espota|signing|curl|openssl|meson|ninja|\./\w+|scripts/\S+) ", re.M)
LIMIT_S = int(os.environ.get("BLOCK_LIMIT_S", "240"))
TRIES, PAUSE_S = 300, 0.2
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class Wrong(Exception):
    """A mark that says nothing, or nothing true."""


class Block:
    def __init__(self, page, match):
        text = page.read_text()
        self.page = page.name
        self.language, self.code = match.group(2), match.group(3)
        self.line = text.count("\n", 0, match.start(2)) + 1
        self.first, self.after, self.stays, self.stand_ins = "", "", None, []
        self.elsewhere = self.reason = self.printed = None
        for mark in MARK.findall(match.group(1)):
            self.heed(mark)

    def heed(self, mark):
        word, _, rest = mark.partition("\n" if "\n" in mark else " ")
        if word in ("first", "after"):
            setattr(self, word, getattr(self, word) + rest + "\n")
        elif word == "printed":
            self.printed = rest.removeprefix("by ")
        elif rest.startswith("stays, says "):
            self.stays = word, rest.removeprefix("stays, says ")
        elif word == "with" and " = " in rest:
            self.stand_ins.append(tuple(rest.split(" = ", 1)))
        elif word == "elsewhere":
            self.elsewhere = rest
        elif mark.startswith("not here, "):
            self.reason = mark.removeprefix("not here, ")
        else:
            raise Wrong(f"{self.page}:{self.line}: no such mark: {mark}")

    def name(self):
        line = next(l for l in self.code.splitlines() if l.strip() and not l.startswith("#"))
        command = re.sub(r"  +# .*", "", line.removeprefix("$ "))
        return f"{self.page}:{self.line} {'prints: ' if self.printed is not None else ''}{command[:90]}"

    def commands(self):
        code = self.code
        for found, put in self.stand_ins:
            if found not in code:
                raise Wrong(f"{self.page}:{self.line}: nothing to put {put} in place of: {found}")
            code = code.replace(found, put)
        return code


def blocks_of(page):
    blocks = [Block(page, match) for match in FENCE.finditer(page.read_text())]
    for block in blocks:
        if block.language in ("", "text") and COMMAND.search(block.code):
            raise Wrong(f"{page.name}:{block.line}: commands in a block that is not marked sh or console")
    return [block for block in blocks if block.language in ("sh", "console") or block.printed is not None]


def is_run_elsewhere(block):
    file, _, text = block.elsewhere.partition(" ")
    path = ROOT / file
    if not text or not path.exists() or text not in path.read_text():
        raise Wrong(f"{block.page}:{block.line}: {file} does not run it: {text}")
    return file


def shell(folder, script):
    """Runs it where, and with the variables with which, the script before it ended."""
    (folder / ".world/script").write_text(script)
    with subprocess.Popen(["bash", str(HERE / "shell/block.sh"), str(folder)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as bash:
        try:
            printed, _ = bash.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(bash.pid, signal.SIGKILL)
            raise Wrong(f"{bash.communicate()[0]}does not end; is it one that stays?") from None
    return bash.returncode, printed


def must(folder, script):
    status, printed = shell(folder, script)
    if status != 0:
        raise Wrong(f"{printed}ended with status {status}")
    return printed


def as_pattern(lines):
    pattern = "".join(r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in lines)
    return re.compile(pattern)


def compare(folder, block):
    pattern = as_pattern(block.code.splitlines())
    name = block.printed or "last"
    for _ in range(1 if name == "last" else TRIES):
        printed = (folder / f".world/{name}.out").read_text()
        if pattern.fullmatch(printed):
            return
        time.sleep(PAUSE_S)
    raise Wrong(f"{name} printed\n{printed}and not\n{block.code}")


def run_console(folder, code):
    for part in re.split(r"^\$ ", code, flags=re.M)[1:]:
        command, *shown = part.splitlines()
        printed = must(folder, command)
        if shown and not as_pattern(shown).fullmatch(printed):
            raise Wrong(f"{command}\nprints\n{printed}and not\n" + "\n".join(shown))


def run(folder, block):
    if block.printed is not None:
        compare(folder, block)
        return
    must(folder, block.first)
    if block.stays is not None:
        name, text = block.stays
        (folder / f".world/{name}.sh").write_text(block.commands())
        must(folder, f'start {name} "{text}" bash -e {folder}/.world/{name}.sh')
    elif block.language == "console":
        run_console(folder, block.commands())
    else:
        (folder / ".world/last.out").write_text(must(folder, block.commands()))
    must(folder, block.after)


def report(number, folder, block):
    """Prints a line of TAP; returns whether all is well."""
    try:
        if block.reason is not None:
            print(f"ok {number} - {block.name()} # SKIP {block.reason}")
        elif block.elsewhere is not None:
            print(f"ok {number} - {block.name()} (run by {is_run_elsewhere(block)})")
        else:
            run(folder, block)
            print(f"ok {number} - {block.name()}")
        return True
    except Wrong as wrong:
        print("\n".join(f"# {line}" for line in str(wrong).splitlines()))
        print(f"not ok {number} - {block.name()}")
        return False
    finally:
        sys.stdout.flush()


def end_all(folder):
    """Ends what the page's blocks left running."""
    for pid in folder.glob(".world/*.pid"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(pid.read_text()), signal.SIGKILL)


def run_page(count, folder, page):
    """Numbers its tests from count on; returns how many there were, and how many failed."""
    (folder / ".world").mkdir(parents=True)
    try:
        blocks = blocks_of(page)
        good = [report(count + n, folder, block) for n, block in enumerate(blocks, 1)]
        return len(blocks), good.count(False)
    except Wrong as wrong:
        print(f"# {wrong}\nnot ok {count + 1} - {page.name} can be read")
        return 1, 1
    finally:
        end_all(folder)


def main():
    folder, count, failed = pathlib.Path(sys.argv[1]).resolve(), 0, 0
    for page in map(pathlib.Path, sys.argv[2:]):
        blocks, wrong = run_page(count, folder / page.stem, page)
        count, failed = count + blocks, failed + wrong
    print(f"1..{count}")
    return 1 if failed else 0


sys.exit(main())
