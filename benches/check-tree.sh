#!/usr/bin/env bash
# Times the check of a tree of .nix files on one processor, against other tools where they are
# installed. Needs GNU time and taskset.
#
#   benches/check-tree.sh TREE [COPIES]   TREE that many times, 1 by default
set -euo pipefail
tree=$(realpath "${1:?usage: benches/check-tree.sh TREE [COPIES]}")
copies=${2:-1}
runs=${RUNS:-5}
cd "$(dirname "$0")/.."

cargo build --release --quiet -p hmtool
hmtool=$(realpath "${CARGO_TARGET_DIR:-target}/release/hmtool")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for copy in $(seq "$copies"); do
  cp -r "$tree" "$folder/$copy"
done
cd "$folder"
files=$(find . -name '*.nix' -type f | wc -l)
size=$(find . -name '*.nix' -type f -exec cat {} + | wc -c)
printf '%s files, %d.%d MB\n' "$files" $((size / 1000000)) $((size / 100000 % 10))

measure() {
  local name=$1
  shift
  for _ in $(seq "$runs"); do
    # Findings are no failure here.
    taskset -c 0 /usr/bin/time -f '%U %S %M' -a -o times "$@" >/dev/null 2>&1 || true
  done
  # What GNU time adds of the exit status is left out.
  column() { grep -v exited times | cut -d' ' -f"$1" | sort -n | sed -n "$((runs / 2 + 1))p"; }
  printf '%s: user %s s, system %s s, peak %d MB (medians of %d)\n' \
    "$name" "$(column 1)" "$(column 2)" "$(($(column 3) / 1024))" "$runs"
  rm times
}

measure "hmtool overlay check" "$hmtool" overlay check --no-config .
if command -v deadnix >/dev/null; then measure deadnix deadnix .; fi
if command -v statix >/dev/null; then measure "statix check" statix check .; fi
