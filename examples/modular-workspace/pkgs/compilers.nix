# LLVM, Go and Rust, and what builds programs with them.
final: _prev:
let
  inherit (final) lib callPackage;
in
{
  # A scope: an override reaches the other members only through `overrideScope`.
  llvmPackages_19 = lib.makeScope final.newScope (
    scope:
    let
      part =
        pname: row:
        scope.callPackage (
          {
            stdenv,
            fetchurl,
            cmake,
            ninja,
            python3,
          }:
          stdenv.mkDerivation (
            {
              inherit pname;
              version = "19.1.7";
              src = fetchurl {
                url = "https://github.com/llvm/llvm-project/archive/llvmorg-19.1.7.tar.gz";
              };
              nativeBuildInputs = [ cmake ninja python3 ];
              requiredSystemFeatures = [ "big-parallel" ];
              enableParallelBuilding = true;
            }
            // row
          )
        ) { };
    in
    {
      llvm = part "llvm" {
        outputs = [ "out" "lib" "dev" "python" ];
        buildInputs = with final; [ libffi libxml2 ];
        propagatedBuildInputs = with final; [ ncurses zlib ];
        cmakeFlags = [
          "-DCMAKE_BUILD_TYPE=Release"
          "-DLLVM_INSTALL_UTILS=ON"
          "-DLLVM_ENABLE_RTTI=ON"
          "-DLLVM_LINK_LLVM_DYLIB=ON"
        ];
        work = 150;
      };
      clang-unwrapped = part "clang" {
        outputs = [ "out" "lib" "dev" "python" ];
        buildInputs = [ final.libxml2 scope.llvm ];
        work = 130;
      };
      lld = part "lld" {
        outputs = [ "out" "lib" "dev" ];
        buildInputs = [ scope.llvm final.libxml2 ];
        work = 20;
      };
      compiler-rt = part "compiler-rt" {
        outputs = [ "out" "dev" ];
        buildInputs = [ scope.llvm ];
        work = 15;
      };
      libcxx = part "libcxx" {
        outputs = [ "out" "dev" ];
        buildInputs = [ scope.compiler-rt ];
        work = 20;
      };
      clang = final.wrapCCWith { cc = scope.clang-unwrapped; };
      stdenv' = final.stdenvAdapters.overrideCC final.stdenv scope.clang;
    }
  );
  llvmPackages = final.llvmPackages_19;
  inherit (final.llvmPackages) llvm clang lld;
  inherit (final.llvmPackages) libcxx;

  # --- Go ---

  go-bootstrap = callPackage (
    { stdenvNoCC, fetchurl }:
    stdenvNoCC.mkDerivation {
      pname = "go";
      version = "1.22.12-linux-amd64-bootstrap";
      src = fetchurl { url = "https://go.dev/dl/go1.22.12.linux-amd64.tar.gz"; };
      work = 2;
    }
  ) { };

  go_1_25 = callPackage (
    {
      stdenv,
      fetchurl,
      go-bootstrap,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "go";
      version = "1.25.4";
      src = fetchurl { url = "https://go.dev/dl/go${finalAttrs.version}.src.tar.gz"; };
      depsBuildBuild = [ go-bootstrap ];
      env = {
        GOAMD64 = "v1";
        CGO_ENABLED = "1";
      };
      # The Go tool looks at NIX_BUILD_CORES by itself.
      enableParallelBuilding = true;
      work = 40;
    })
  ) { };
  go = final.go_1_25;

  buildGoModule = callPackage (
    {
      stdenv,
      go,
      fetchurl,
      fetchVendor,
    }:
    {
      pname,
      version,
      url,
      nativeBuildInputs ? [ ],
      ...
    }@args:
    stdenv.mkDerivation (
      builtins.removeAttrs args [ "url" ]
      // {
        src = fetchurl { inherit url; };
        goModules = fetchVendor {
          name = "${pname}-${version}-go-modules";
          inherit url;
        };
        nativeBuildInputs = [ go ] ++ nativeBuildInputs;
        env = {
          inherit (go) GOAMD64;
          GOFLAGS = "-mod=vendor -trimpath";
        }
        // args.env or { };
        # nixpkgs sets it for every Go module.
        enableParallelBuilding = true;
      }
    )
  ) { };

  # --- Rust ---

  rustc-bootstrap = callPackage (
    { stdenvNoCC, fetchurl }:
    stdenvNoCC.mkDerivation {
      pname = "rustc-bootstrap";
      version = "1.90.0";
      src = fetchurl { url = "https://static.rust-lang.org/dist/rust-1.90.0-x86_64-unknown-linux-gnu.tar.gz"; };
      work = 3;
    }
  ) { };

  rustc-unwrapped = callPackage (
    {
      stdenv,
      fetchurl,
      llvmPackages,
      cmake,
      ninja,
      pkg-config,
      python3,
      openssl,
      zlib,
      rustc-bootstrap,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "rustc";
      version = "1.91.1";
      src = fetchurl { url = "https://static.rust-lang.org/dist/rustc-${finalAttrs.version}-src.tar.gz"; };
      outputs = [ "out" "man" "doc" ];
      nativeBuildInputs = [ cmake ninja pkg-config python3 rustc-bootstrap ];
      buildInputs = [ openssl llvmPackages.llvm zlib ];
      configureFlags = [
        "--release-channel=stable"
        "--set=build.rustc=${rustc-bootstrap}"
        "--enable-llvm-link-shared"
      ];
      requiredSystemFeatures = [ "big-parallel" ];
      enableParallelBuilding = true;
      work = 160;
    })
  ) { };

  cargo-unwrapped = callPackage (
    {
      stdenv,
      fetchurl,
      rustc,
      pkg-config,
      cmake,
      python3,
      curl,
      openssl,
      zlib,
      libssh2,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "cargo";
      inherit (rustc) version;
      src = fetchurl { url = "https://static.rust-lang.org/dist/rustc-${finalAttrs.version}-src.tar.gz"; };
      nativeBuildInputs = [ rustc pkg-config cmake python3 ];
      buildInputs = [ curl openssl zlib libssh2 ];
      enableParallelBuilding = true;
      work = 35;
    })
  ) { };

  # What platform packages are built with is a set of its own: overriding `rustc` above
  # does not reach it.
  rustPackages = lib.makeScope final.newScope (scope: {
    rustc = final.rustc-unwrapped;
    cargo = scope.callPackage ({ rustc }: final.cargo-unwrapped.override { inherit rustc; }) { };
    rustPlatform = final.makeRustPlatform { inherit (scope) rustc cargo; };
  });
  inherit (final.rustPackages) rustc cargo rustPlatform;

  makeRustPlatform =
    { rustc, cargo }:
    {
      rust = { inherit rustc cargo; };
      buildRustPackage = callPackage (
        {
          stdenv,
          fetchurl,
          fetchVendor,
        }:
        {
          pname,
          version,
          url,
          nativeBuildInputs ? [ ],
          ...
        }@args:
        stdenv.mkDerivation (
          builtins.removeAttrs args [ "url" ]
          // {
            src = fetchurl { inherit url; };
            cargoDeps = fetchVendor {
              name = "${pname}-${version}-vendor";
              inherit url;
            };
            nativeBuildInputs = [ rustc cargo ] ++ nativeBuildInputs;
          }
        )
      ) { };
    };
}
