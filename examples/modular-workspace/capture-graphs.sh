#!/bin/sh
# Writes graphs/ anew from the Nix files of this directory, with the Nix that is installed:
#
#   NAME.json.gz        nix derivation show --recursive (show-derivation before Nix 2.14)
#   NAME.roots          the derivation that is asked for: the Home Manager generation
#   NAME.attributes     names of the package set for derivations of the graph
#   NAME.upstream.json.gz     the same without the overlays, and NAME.upstream.roots
#   cache.path-info.json.gz   what a cache with the untouched set holds
#
# Usage: ./capture-graphs.sh [DIRECTORY]       (graphs beside this script when left out)
#
# The cache is made by really building the untouched set in the store that Nix uses anyway
# and copying it to a file:// cache in a temporary directory: about ten seconds, no network.
# On a Nix whose sandbox has no /bin/sh (Debian's), say NIX_CONFIG='sandbox = false'. For a
# store of its own set NIX_REMOTE to an empty directory; its paths are /nix/store all the same.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
graphs=${1:-$here/graphs}
mkdir -p "$graphs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

nix() {
  command nix --extra-experimental-features nix-command "$@"
}

# -n: neither name nor time in the header, so that the same graph gives the same bytes.
compress() {
  gzip -9n >"$1"
}

show() {
  nix derivation show --recursive "$1" 2>/dev/null ||
    nix show-derivation --recursive "$1"
}

# Runs a talkative command; its words are shown only when it fails.
quietly() {
  "$@" >/dev/null 2>"$work/log" || {
    tail -n 20 "$work/log" >&2
    exit 1
  }
}


for machine in shoshin gyakusatsu; do
  nix-instantiate "$here/default.nix" --argstr machine "$machine" \
    --add-root "$work/$machine.drv" >/dev/null
  drv=$(readlink "$work/$machine.drv")

  show "$drv" >"$work/graph"
  compress "$graphs/$machine.json.gz" <"$work/graph"
  echo "$drv" >"$graphs/$machine.roots"

  nix-store --query --requisites "$drv" | grep '\.drv$' >"$work/closure"
  nix eval --raw --impure --expr "import $here/attributes.nix { machine = \"$machine\"; }" \
    >"$work/attributes"
  awk 'NR == FNR { wanted[$1]; next } $2 in wanted' "$work/closure" "$work/attributes" \
    >"$graphs/$machine.attributes"

  # The same without the overlays: what they change is the difference.
  drv=$(nix-instantiate "$here/default.nix" --argstr machine "$machine" --arg stock true \
    --add-root "$work/$machine.upstream.drv")
  drv=$(readlink "$drv")
  show "$drv" >"$work/graph"
  compress "$graphs/$machine.upstream.json.gz" <"$work/graph"
  echo "$drv" >"$graphs/$machine.upstream.roots"
done

quietly nix-build "$here/default.nix" --arg stock true --out-link "$work/stock" \
  --option substitute false
# Everything that was built, wrappers and the generation too. Most of these forbid substitutes:
# a cache may well have them, and Nix builds them all the same.
drv=$(nix-instantiate "$here/default.nix" --arg stock true --add-root "$work/stock.drv")
nix-store --query --requisites "$(readlink "$drv")" | grep '\.drv$' |
  xargs nix-store --query --outputs | sort -u >"$work/outputs"
quietly xargs nix --extra-experimental-features nix-command copy --no-check-sigs \
  --to "file://$work/cache" <"$work/outputs"
nix path-info --json --all --store "file://$work/cache" >"$work/path-info"
compress "$graphs/cache.path-info.json.gz" <"$work/path-info"
