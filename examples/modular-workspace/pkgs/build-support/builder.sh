# Builds one package of the miniature set. Run by `sh -e`, and by nothing else: only what
# a bare POSIX shell has built in is used, so that it runs inside a sandbox that offers
# no more than /bin/sh. That is also why every output is one file, not a directory.
#
# NIX_BUILD_CORES is deliberately not looked at: the number of cores must not show in an
# output.

set -f # store paths and flags are words, never patterns

# The path a consumer links with: a `dev` output names it, anything else is its own.
linked_path() {
  while IFS= read -r line; do
    case $line in
      '# links: '*)
        linked=${line#'# links: '}
        return
        ;;
    esac
  done <"$1"
  linked=$1
}

# install -Dm755 FROM TO: what an installPhase calls. The output is a file, so TO is it.
install() {
  for argument; do
    case $argument in -*) ;; *) from=${from:-$argument} ;; esac
  done
  while IFS= read -r line || [ -n "$line" ]; do
    printf '# installed: %s\n' "$line" >>"$body"
  done <"$from"
}

phase() {
  [ -z "$2" ] || {
    printf '%s\n' "phase $1"
    eval "$2"
  }
}

# A bounded amount of work that depends on what the package is: `work` thousand rounds.
compile() {
  round=0
  sum=5381
  last=$((${work:-5} * 1000))
  while [ "$round" -lt "$last" ]; do
    sum=$(((sum * 33 + round) % 2147483647))
    round=$((round + 1))
  done
}

echo "building $name"
body=$NIX_BUILD_TOP/body
: >"$body"

compile
phase preConfigure "${preConfigure-}"
phase buildPhase "${buildPhase-}"
phase installPhase "${installPhase-}"

libraries=
for input in ${buildInputs-} ${propagatedBuildInputs-}; do
  linked_path "$input"
  case " $libraries " in
    *" $linked "*) ;;
    *) libraries="$libraries $linked" ;;
  esac
done

# What the compilers of this package were told. Only what is set is written.
flags() {
  for variable in \
    NIX_CFLAGS_COMPILE NIX_CXXSTDLIB_COMPILE NIX_CXXFLAGS_COMPILE NIX_LDFLAGS \
    CFLAGS CXXFLAGS LDFLAGS RUSTFLAGS CGO_CFLAGS GOAMD64 GOFLAGS \
    configureFlags cmakeFlags mesonFlags pgoLevel enableLTO enableJemalloc \
    cudaSupport cudaCapabilities; do
    eval "value=\${$variable-}"
    [ -z "$value" ] || printf '# %s: %s\n' "$variable" "$value"
  done
}

main=
for output in ${outputs:-out}; do
  eval "path=\$$output"
  main=${main:-$path}
done
case " ${outputs:-out} " in
  *' lib '*) library=$lib ;;
  *' out '*) library=$out ;;
  *) library=$main ;;
esac

for output in ${outputs:-out}; do
  eval "path=\$$output"
  {
    echo '#!/bin/sh'
    printf '# %s, output %s; work %s\n' "$name" "$output" "$sum"
    case $output in
      dev)
        printf '# links: %s\n' "$library"
        for input in ${propagatedBuildInputs-}; do printf '# propagates: %s\n' "$input"; done
        ;;
      man | info | doc | devdoc | debug | locale | terminfo) ;;
      *)
        flags
        for linked in $libraries; do printf '# links with: %s\n' "$linked"; done
        [ "$path" = "$library" ] || printf '# links with: %s\n' "$library"
        while IFS= read -r line; do printf '%s\n' "$line"; done <"$body"
        printf 'echo "%s %s"\n' "${pname-$name}" "${version-}"
        ;;
    esac
  } >"$path"
done
