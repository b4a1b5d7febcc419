# Commands in the middle of sentences, `updraft NAME … --option`, are ones the program has.
. "$(dirname "$0")/../lib/tap.sh"

# unknown DOCUMENT…: commands and options that are not in the program's help; fails if there are some.
unknown() {
    python3 - "$UPDRAFT" "$@" <<'PYTHON'
import functools, pathlib, re, subprocess, sys

SPAN = re.compile(r"`(?:build/)?updraft ((?!VERSION)[a-z][a-z-]*)\b([^`]*)`")
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")

@functools.cache
def help_of(command):
    done = subprocess.run([sys.argv[1], command, "--help"], capture_output=True, text=True)
    return set(OPTION.findall(done.stdout)) if done.returncode == 0 else None

count = wrong = 0
for name in sys.argv[2:]:
    for command, rest in SPAN.findall(re.sub(r"```.*?```", "", pathlib.Path(name).read_text(), flags=re.S)):
        count += 1
        known = help_of(command)
        lacking = [command] if known is None else sorted(set(OPTION.findall(rest)) - known)
        for what in lacking:
            wrong += 1
            print(f"{name}: updraft {command}{rest}: there is no {what}")
print(count, "commands")
sys.exit(wrong > 0 or count == 0)
PYTHON
}

commands_in_sentences_are_the_program_s() {
    unknown "$TAP_ROOT"/README.md "$TAP_ROOT"/CONTRIBUTING.md "$TAP_ROOT"/docs/*.md
}

what_the_program_has_not_is_seen() {
    printf 'Say `updraft pull --all`.\n' >pull.md
    printf 'Say `updraft push --every lamp.local`.\n' >every.md
    if unknown pull.md; then return 1; fi
    if unknown every.md; then return 1; fi
}

check commands_in_sentences_are_the_program_s
check what_the_program_has_not_is_seen
tap_end
