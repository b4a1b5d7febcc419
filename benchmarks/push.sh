# How fast an upload is over a slow round trip, beside an uploader that waits for an
# answer to every 1460 bytes. Prints rows for ./bench.
configure "$BUILD/bench" -Dtests=false -Dbenchmarks=true -Dbuildtype=release
ninja -C "$BUILD/bench" benchmarks/push >"$BUILD/bench/ninja.log" 2>&1 ||
    die "the benchmark was not built, see build/bench/ninja.log"
"$BUILD/bench/benchmarks/push"
