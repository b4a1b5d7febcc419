# Benchmark rows to a table for people, or to JSON with -v json=1.
# Row: name, value, unit, baseline or "-", budget: "-", "<= N", ">= N", or with
# an x ("<= 1.3x") against the ratio to the baseline.
BEGIN { FS = "\t"; if (json) printf "["; else printf "%-50s %12s %-6s %12s %7s  %s\n", "what", "value", "unit", "baseline", "ratio", "budget" }
{
    ratio = $4 == "-" || $4 == 0 ? "-" : sprintf("%.2f", $2 / $4)
    ok = "-"
    if ($5 != "-") {
        split($5, budget, " ")
        against = (budget[2] ~ /x$/ ? ratio : $2) + 0
        limit = budget[2] + 0
        ok = (budget[1] == "<=" ? against <= limit : against >= limit) ? "ok" : "OVER"
        if (ok == "OVER") over = 1
    }
    if (json)
        printf "%s\n  {\"name\": \"%s\", \"value\": %s, \"unit\": \"%s\", \"baseline\": %s, \"ratio\": %s, \"budget\": %s, \"ok\": %s}",
            (NR > 1 ? "," : ""), $1, $2, $3, $4 == "-" ? "null" : $4, ratio == "-" ? "null" : ratio,
            $5 == "-" ? "null" : "\"" $5 "\"", ok == "-" ? "null" : ok == "ok" ? "true" : "false"
    else
        printf "%-50s %12s %-6s %12s %7s  %s %s\n", $1, $2, $3, $4, ratio, $5 == "-" ? "" : $5, ok == "-" ? "" : ok
}
END { if (json) printf "\n]\n"; exit over }
