#!/usr/bin/env bash
# Three 3x3 convolutions with padding, on images of growing sides: processor seconds (of all threads
# together) and peak memory of netprove, for a report and for a proof that another network is equal.
# Usage: benches/compare/sides.sh [CHANNELS...], after `cargo build --release`; NETPROVE is another binary.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
netprove=${NETPROVE:-$root/target/release/netprove}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- 8 64
echo "| channels | side | entries of M | report: seconds | MB | \`==\`: seconds | MB |"
echo "|---|---|---|---|---|---|---|"
for c in "$@"; do
    for n in 16 32 64 128 224; do
        stack="conv(random(${c}x${c}x3x3, seed=1), random(${c}, seed=4), pad=1); conv(random(${c}x${c}x3x3, seed=2), pad=1); conv(random(${c}x${c}x3x3, seed=3), pad=1)"
        echo "network stack(x: ${c}x${n}x${n}) { $stack }" > "$work/report.net"
        # The same function, written otherwise: padding as a layer of its own, and a factor that comes back.
        other="pad(1); conv(2 * random(${c}x${c}x3x3, seed=1), 2 * random(${c}, seed=4)); pad(1); conv(random(${c}x${c}x3x3, seed=2)); scale(1/2); conv(random(${c}x${c}x3x3, seed=3), pad=1)"
        printf 'network stack(x: %s) { %s }\n' "${c}x${n}x${n}" "$stack" > "$work/a.net"
        printf 'network other(x: %s) { %s }\n' "${c}x${n}x${n}" "$other" > "$work/b.net"
        run() { /usr/bin/time -f '%U %S %M' "$@" 2> "$work/time" > "$work/out" || true; awk '{ printf "%.2f | %.0f", $1 + $2, $3 / 1024 }' "$work/time"; }
        report=$(run "$netprove" "$work/report.net")
        entries=$(tr -s '\n ' ' ' < "$work/out" | grep -o '[0-9,]* nonzero entries, and one constant' | cut -d' ' -f1)
        equal=$(run "$netprove" equiv "$work/a.net" "$work/b.net")
        grep -q "are equal\|proved" "$work/out" || { echo "not equal at side $n" >&2; exit 1; }
        echo "| $c | $n | $entries | $report | $equal |"
    done
done
