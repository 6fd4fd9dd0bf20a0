# Python and Node.js.
final: _prev:
let
  inherit (final) lib callPackage;
in
{
  python313 = callPackage (
    {
      stdenv,
      fetchurl,
      pkg-config,
      autoconf,
      bash,
      bzip2,
      expat,
      gdbm,
      libffi,
      mpdecimal,
      ncurses,
      openssl,
      readline,
      sqlite,
      xz,
      zlib,
      enableOptimizations ? false,
      enableLTO ? true,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "python3";
      version = "3.13.9";
      src = fetchurl {
        url = "https://www.python.org/ftp/python/${finalAttrs.version}/Python-${finalAttrs.version}.tar.xz";
      };
      outputs = [ "out" "debug" ];
      nativeBuildInputs = [ pkg-config autoconf ];
      buildInputs = [
        bash
        bzip2
        expat
        gdbm
        libffi
        mpdecimal
        ncurses
        openssl
        readline
        sqlite
        xz
        zlib
      ];
      configureFlags = [
        "--without-ensurepip"
        "--with-system-expat"
        "--enable-loadable-sqlite-extensions"
      ]
      ++ lib.optional enableOptimizations "--enable-optimizations"
      ++ lib.optional enableLTO "--with-lto";
      # Training with a profile runs the interpreter's own tests, so it counts double.
      work = if enableOptimizations then 110 else 55;
      enableParallelBuilding = true;
      passthru.pkgs = final.python313Packages;
    })
  ) { };
  python3 = final.python313;

  python313Packages = lib.makeScope final.newScope (
    scope:
    let
      module =
        pname: row:
        scope.callPackage (
          { stdenv, fetchurl, python3 }:
          stdenv.mkDerivation (
            {
              name = "python3.13-${pname}-${row.version}";
              inherit pname;
              src = fetchurl { url = "mirror://pypi/${pname}/${pname}-${row.version}.tar.gz"; };
              propagatedBuildInputs = [ python3 ] ++ row.dependencies or [ ];
            }
            // builtins.removeAttrs row [ "dependencies" ]
          )
        ) { };
    in
    {
      python3 = final.python313;
      setuptools = module "setuptools" {
        version = "80.9.0";
        work = 3;
      };
      markupsafe = module "markupsafe" {
        version = "3.0.3";
        nativeBuildInputs = [ scope.setuptools ];
        work = 2;
      };
      jinja2 = module "jinja2" {
        version = "3.1.6";
        nativeBuildInputs = [ scope.setuptools ];
        dependencies = [ scope.markupsafe ];
        work = 2;
      };
      pydantic = module "pydantic" {
        version = "2.12.4";
        nativeBuildInputs = [ scope.setuptools ];
        work = 5;
      };
      numpy = module "numpy" {
        version = "2.3.4";
        nativeBuildInputs = [ scope.setuptools final.meson final.ninja ];
        buildInputs = [ final.openblas ];
        requiredSystemFeatures = [ "big-parallel" ];
        work = 25;
      };
    }
  );

  meson = callPackage (
    {
      stdenv,
      fetchurl,
      python3,
      python313Packages,
      ninja,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "meson";
      version = "1.9.1";
      src = fetchurl { url = "https://github.com/mesonbuild/meson/archive/${finalAttrs.version}.tar.gz"; };
      nativeBuildInputs = [ python313Packages.setuptools ];
      propagatedBuildInputs = [ python3 ninja ];
      work = 4;
    })
  ) { };

  nodejs_22 = callPackage (
    {
      stdenv,
      fetchurl,
      python3,
      pkg-config,
      ninja,
      icu,
      libuv,
      openssl,
      zlib,
    }:
    stdenv.mkDerivation (finalAttrs: {
      pname = "nodejs";
      version = "22.21.1";
      src = fetchurl { url = "https://nodejs.org/dist/v${finalAttrs.version}/node-v${finalAttrs.version}.tar.xz"; };
      outputs = [ "out" "libv8" ];
      nativeBuildInputs = [ python3 pkg-config ninja ];
      buildInputs = [ icu libuv openssl zlib ];
      configureFlags = [ "--ninja" "--with-intl=system-icu" "--shared-libuv" "--shared-openssl" "--shared-zlib" ];
      requiredSystemFeatures = [ "big-parallel" ];
      enableParallelBuilding = true;
      work = 120;
    })
  ) { };
  nodejs = final.nodejs_22;

  buildNpmPackage = callPackage (
    {
      stdenv,
      fetchurl,
      fetchVendor,
      nodejs,
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
        npmDeps = fetchVendor {
          name = "${pname}-${version}-npm-deps";
          inherit url;
        };
        nativeBuildInputs = [ nodejs ] ++ nativeBuildInputs;
        buildInputs = [ nodejs ] ++ args.buildInputs or [ ];
      }
    )
  ) { };
}
