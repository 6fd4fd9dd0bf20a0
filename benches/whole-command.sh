#!/usr/bin/env bash
# Times the whole command on a large generated graph, on it after an edit, and on real ones. Needs GNU time.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${HMTOOL_DATA:-../shared/data}
runs=${RUNS:-5}

cargo build --release --quiet -p hmtool -p hmtool-benches
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo run --release --quiet -p hmtool-benches --bin generate-graph >"$folder/large.json"

measure() {
  local name=$1
  shift
  for _ in $(seq "$runs"); do
    /usr/bin/time -f '%U %S %e %M' -a -o "$folder/times" "$@" >/dev/null
  done
  # The median of each column on its own.
  column() { cut -d' ' -f"$1" "$folder/times" | sort -n | sed -n "$((runs / 2 + 1))p"; }
  printf '%s: user %s s, system %s s, wall %s s, peak %d MB (medians of %d)\n' \
    "$name" "$(column 1)" "$(column 2)" "$(column 3)" "$(($(column 4) / 1024))" "$runs"
  rm "$folder/times"
}

hmtool=${CARGO_TARGET_DIR:-target}/release/hmtool
machine=(--mem 21G --cores 7 --max-jobs 2 --nix-cores 6)
measure "100,000 derivations" "$hmtool" plan --graph "$folder/large.json" "${machine[@]}"
gzip -1 -k "$folder/large.json"
measure "100,000 derivations, gzipped" "$hmtool" plan --graph "$folder/large.json.gz" "${machine[@]}"
rm "$folder/large.json.gz"
generate=${CARGO_TARGET_DIR:-target}/release/generate-graph
"$generate" 100000 6 20 1048576 >"$folder/edited.json"
measure "100,000 derivations before and after an edit" "$hmtool" impact --no-config \
  --before "$folder/large.json" --graph "$folder/edited.json"
rm "$folder/edited.json"
if [ -e "$data/graphs/nixpkgs-18.03-heavy.json.gz" ]; then
  measure "1,327 derivations" "$hmtool" plan --graph "$data/graphs/nixpkgs-18.03-heavy.json.gz" \
    --roots "$data/graphs/nixpkgs-18.03-heavy.roots" "${machine[@]}"
  measure "639 builds before and after an overlay" "$hmtool" impact --no-config \
    --before "$data/graphs/home-stock.json.gz" --before-roots "$data/graphs/home-stock.roots" \
    --graph "$data/graphs/home-skylake.json.gz" --roots "$data/graphs/home-skylake.roots"
else
  echo "real graphs: left out, needs $data (set HMTOOL_DATA)"
fi
