#!/usr/bin/env bash
# Requests per second of processor time, ours and libCacheSim's, on one generated trace, and
# whether both miss alike. Needs libCacheSim installed as its own documentation says, with its
# headers and library where `cc` finds them or where CPPFLAGS and LDFLAGS say, and glib-2.0 and
# zstd with pkg-config, which it needs itself.
set -euo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cargo build --quiet --release -p hmtool-benches
read -ra flags <<<"${CPPFLAGS:-} $(pkg-config --cflags glib-2.0)"
read -ra libraries <<<"${LDFLAGS:-} -llibCacheSim $(pkg-config --libs glib-2.0 libzstd) -lm -lstdc++ -lpthread"
cc -O3 "${flags[@]}" benches/libcachesim.c -o "$dir/libcachesim" "${libraries[@]}"

target/release/generate-trace >"$dir/trace.csv"
policies=(fifo lru clock lfu slru 2q arc gdsf s3-fifo sieve w-tinylfu belady)
# A hundredth of the 297 GB that are asked for, and a tenth.
for capacity in 2972175734 29721757345; do
  printf '\n%s bytes\n%-10s %10s %10s %12s %6s\n' "$capacity" policy misses hmtool libCacheSim ratio
  for policy in "${policies[@]}"; do
    ours=$(target/release/serve-trace "$dir/trace.csv" "$capacity" "$policy")
    theirs=$("$dir/libcachesim" "$dir/trace.csv" 20 "$capacity" "$policy" 2>"$dir/stderr" | grep "^$policy,")
    same=$([ "${ours%,*}" = "${theirs%,*}" ] || echo "libCacheSim misses $(cut -d, -f4 <<<"$theirs")")
    awk -F, -v theirs="${theirs##*,}" -v same="$same" \
      '{ printf "%-10s %10d %10.1f %12.1f %6.1f %s\n", $1, $4, $6, theirs, $6 / theirs, same }' <<<"$ours"
  done
done
