# What the standard environment is made of.
final: _prev:
let
  inherit (final) callPackage;
  table = import ./build-support/package-table.nix { inherit callPackage; };

  library = [ "out" "dev" ];
  libraryAndTools = [ "bin" "dev" "out" "man" ];
in
# Built by the bootstrap tools alone.
table final.stdenvBootstrap {
  linuxHeaders = {
    pname = "linux-headers";
    version = "6.16.7";
    url = "mirror://kernel/linux/kernel/v6.x/linux-6.16.7.tar.xz";
    work = 8;
  };

  gnum4 = {
    version = "1.4.20";
    url = "mirror://gnu/m4/m4-1.4.20.tar.bz2";
    work = 5;
  };

  bison = {
    version = "3.8.2";
    url = "mirror://gnu/bison/bison-3.8.2.tar.gz";
    nativeBuildInputs = [ final.gnum4 ];
    enableParallelBuilding = true;
    work = 8;
  };

  python3Minimal = {
    pname = "python3-minimal";
    version = "3.13.9";
    url = "https://www.python.org/ftp/python/3.13.9/Python-3.13.9.tar.xz";
    enableParallelBuilding = true;
    work = 25;
  };

  binutils-unwrapped = {
    pname = "binutils";
    version = "2.44";
    url = "mirror://gnu/binutils/binutils-with-gold-2.44.tar.bz2";
    outputs = [ "out" "info" "man" "dev" "lib" ];
    nativeBuildInputs = [ final.bison ];
    configureFlags = [ "--enable-shared" "--enable-deterministic-archives" "--disable-werror" ];
    enableParallelBuilding = true;
    work = 40;
  };

  glibc = {
    version = "2.40-66";
    url = "mirror://gnu/glibc/glibc-2.40.tar.xz";
    outputs = [ "out" "bin" "dev" "static" "getent" ];
    nativeBuildInputs = with final; [ binutils-unwrapped bison python3Minimal ];
    buildInputs = [ final.linuxHeaders ];
    configureFlags = [ "--enable-bind-now" "--enable-stack-protector=strong" "--enable-cet=permissive" ];
    enableParallelBuilding = true;
    work = 60;
  };
}
# Built against the new C library, to become the compiler and the tools beside it.
// table final.stdenvFoundations {
  # Flags as one string beside `env`: how many packages kept them for years.
  zlib = {
    version = "1.3.1";
    url = "https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz";
    outputs = [ "out" "dev" "static" ];
    NIX_CFLAGS_COMPILE = "-static-libgcc";
    enableParallelBuilding = true;
    work = 5;
  };

  gmp = {
    version = "6.3.0";
    url = "mirror://gnu/gmp/gmp-6.3.0.tar.bz2";
    outputs = [ "out" "dev" "info" ];
    nativeBuildInputs = [ final.gnum4 ];
    configureFlags = [ "--enable-cxx" "--enable-fat" ];
    enableParallelBuilding = true;
    work = 12;
  };

  mpfr = {
    version = "4.2.2";
    url = "mirror://gnu/mpfr/mpfr-4.2.2.tar.xz";
    outputs = library;
    propagatedBuildInputs = [ final.gmp ];
    enableParallelBuilding = true;
    work = 8;
  };

  libmpc = {
    version = "1.3.1";
    url = "mirror://gnu/mpc/mpc-1.3.1.tar.gz";
    buildInputs = with final; [ gmp mpfr ];
    enableParallelBuilding = true;
    work = 5;
  };

  isl = {
    version = "0.27";
    url = "https://libisl.sourceforge.io/isl-0.27.tar.xz";
    buildInputs = [ final.gmp ];
    enableParallelBuilding = true;
    work = 10;
  };

  gcc-unwrapped = {
    pname = "gcc";
    version = "14.3.0";
    url = "mirror://gnu/gcc/gcc-14.3.0/gcc-14.3.0.tar.xz";
    outputs = [ "out" "man" "info" "lib" "libgcc" ];
    nativeBuildInputs = [ final.gnum4 ];
    buildInputs = with final; [ gmp mpfr libmpc isl zlib glibc ];
    configureFlags = [ "--enable-languages=c,c++" "--disable-multilib" "--enable-lto" ];
    enableParallelBuilding = true;
    requiredSystemFeatures = [ "big-parallel" ];
    work = 120;
  };

  bintools = {
    pname = "binutils-wrapper";
    inherit (final.binutils-unwrapped) version;
    buildInputs = with final; [ binutils-unwrapped glibc ];
    preferLocalBuild = true;
    work = 1;
  };

  bash = {
    version = "5.3p3";
    url = "mirror://gnu/bash/bash-5.3.tar.gz";
    outputs = [ "out" "dev" "man" "doc" "info" ];
    depsBuildBuild = [ final.bison ];
    enableParallelBuilding = true;
    work = 12;
  };

  xz = {
    version = "5.8.1";
    url = "https://tukaani.org/xz/xz-5.8.1.tar.bz2";
    outputs = libraryAndTools ++ [ "doc" ];
    enableParallelBuilding = true;
    work = 6;
  };

  bzip2 = {
    version = "1.0.8";
    url = "https://sourceware.org/pub/bzip2/bzip2-1.0.8.tar.gz";
    outputs = libraryAndTools;
    enableParallelBuilding = true;
    work = 3;
  };

  attr = {
    version = "2.5.2";
    url = "mirror://savannah/attr/attr-2.5.2.tar.gz";
    outputs = libraryAndTools;
    work = 3;
  };

  acl = {
    version = "2.3.2";
    url = "mirror://savannah/acl/acl-2.3.2.tar.gz";
    outputs = libraryAndTools;
    buildInputs = [ final.attr ];
    work = 3;
  };

  coreutils = {
    version = "9.8";
    url = "mirror://gnu/coreutils/coreutils-9.8.tar.xz";
    outputs = [ "out" "info" ];
    nativeBuildInputs = [ final.xz.bin ];
    buildInputs = with final; [ acl attr gmp ];
    enableParallelBuilding = true;
    work = 15;
  };

  pcre2 = {
    version = "10.46";
    url = "https://github.com/PhilipHazel/pcre2/releases/download/pcre2-10.46/pcre2-10.46.tar.bz2";
    outputs = libraryAndTools;
    enableParallelBuilding = true;
    work = 8;
  };

  gnugrep = {
    version = "3.12";
    url = "mirror://gnu/grep/grep-3.12.tar.xz";
    buildInputs = [ final.pcre2 ];
    work = 5;
  };

  file = {
    version = "5.45";
    url = "https://astron.com/pub/file/file-5.45.tar.gz";
    buildInputs = [ final.zlib ];
    enableParallelBuilding = true;
    work = 4;
  };

  findutils = {
    version = "4.10.0";
    url = "mirror://gnu/findutils/findutils-4.10.0.tar.xz";
    enableParallelBuilding = true;
    work = 6;
  };

  diffutils = {
    version = "3.12";
    url = "mirror://gnu/diffutils/diffutils-3.12.tar.xz";
    work = 5;
  };

  gnused = {
    version = "4.9";
    url = "mirror://gnu/sed/sed-4.9.tar.xz";
    work = 4;
  };

  gawk = {
    version = "5.3.2";
    url = "mirror://gnu/gawk/gawk-5.3.2.tar.xz";
    work = 6;
  };

  gnutar = {
    version = "1.35";
    url = "mirror://gnu/tar/tar-1.35.tar.xz";
    buildInputs = [ final.acl ];
    work = 5;
  };

  gzip = {
    version = "1.14";
    url = "mirror://gnu/gzip/gzip-1.14.tar.xz";
    work = 3;
  };

  gnumake = {
    version = "4.4.1";
    url = "mirror://gnu/make/make-4.4.1.tar.gz";
    work = 4;
  };

  gnupatch = {
    version = "2.8";
    url = "mirror://gnu/patch/patch-2.8.tar.xz";
    work = 3;
  };

  patchelf = {
    version = "0.15.2";
    url = "https://github.com/NixOS/patchelf/releases/download/0.15.2/patchelf-0.15.2.tar.bz2";
    work = 4;
  };
}
// {
  # The arguments are those of nixpkgs' cc-wrapper: there is no `stdenv` among them, so
  # `gcc.override { stdenv = …; }` is refused.
  wrapCCWith =
    {
      cc,
      bintools ? final.bintools,
      extraBuildCommands ? "",
    }:
    callPackage (
      {
        stdenvNoCC,
        glibc,
        cc,
        bintools,
        extraBuildCommands,
      }:
      stdenvNoCC.mkDerivation {
        pname = "${cc.pname}-wrapper";
        inherit (cc) version;
        buildInputs = [ cc bintools glibc ];
        inherit extraBuildCommands;
        preferLocalBuild = true;
        work = 1;
        passthru = {
          inherit cc bintools;
          libc = glibc;
        };
      }
    ) { inherit cc bintools extraBuildCommands; };

  gcc = final.wrapCCWith { cc = final.gcc-unwrapped; };
}
