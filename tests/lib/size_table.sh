# Tables of sizes that are written down: what has changed. Source it after tap.sh.

# Rows of FILE2 that differ from FILE1's by more than 32 bytes and 2 %, or are missing.
differences() {
    awk '
        function heading() { section = $0; sub(/,.*/, "", section) }
        /^# [a-z]+[, ]/ && NF > 2 && /code|RAM/ { heading(); next }
        /^#/ || NF < 2 { next }
        { key = section " " $1; values = ""; for (i = 2; i <= NF; i++) values = values " " $i }
        FNR == NR { was[key] = values; next }
        !(key in was) { print key ": is new:" values; next }
        {
            n = split(was[key], old, " "); split(values, new, " ")
            for (i = 1; i <= n; i++) {
                change = new[i] - old[i]
                if (change < 0) change = -change
                if (change > 32 && change > old[i] / 50) { print key ": was" was[key] ", is" values; break }
            }
            delete was[key]
        }
        END { for (key in was) print key ": is gone" }' "$1" "$2"
}
