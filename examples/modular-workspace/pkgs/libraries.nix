# The libraries that programs link with.
final: _prev:
let
  table = import ./build-support/package-table.nix { inherit (final) callPackage; };
  library = [ "out" "dev" ];
  libraryAndTools = [ "bin" "dev" "out" "man" ];
in
table final.stdenv {
  perl = {
    version = "5.42.0";
    url = "mirror://cpan/src/5.0/perl-5.42.0.tar.gz";
    outputs = [ "out" "man" "devdoc" ];
    enableParallelBuilding = true;
    work = 30;
  };

  pkg-config = {
    version = "0.29.2";
    url = "https://pkg-config.freedesktop.org/releases/pkg-config-0.29.2.tar.gz";
    outputs = [ "out" "man" "doc" ];
    enableParallelBuilding = true;
    work = 4;
  };

  gettext = {
    version = "0.25.1";
    url = "mirror://gnu/gettext/gettext-0.25.1.tar.gz";
    outputs = [ "out" "man" "doc" "info" ];
    enableParallelBuilding = true;
    work = 20;
  };

  autoconf = {
    version = "2.72";
    url = "mirror://gnu/autoconf/autoconf-2.72.tar.xz";
    nativeBuildInputs = with final; [ gnum4 perl ];
    work = 3;
  };

  automake = {
    version = "1.18.1";
    url = "mirror://gnu/automake/automake-1.18.1.tar.xz";
    nativeBuildInputs = with final; [ autoconf perl ];
    work = 3;
  };

  libtool = {
    version = "2.5.4";
    url = "mirror://gnu/libtool/libtool-2.5.4.tar.gz";
    outputs = [ "out" "lib" ];
    nativeBuildInputs = with final; [ perl gnum4 ];
    work = 3;
  };

  zstd = {
    version = "1.5.7";
    url = "https://github.com/facebook/zstd/archive/v1.5.7.tar.gz";
    outputs = libraryAndTools;
    nativeBuildInputs = [ final.cmake ];
    buildInputs = [ final.bash ];
    cmakeFlags = [ "-DZSTD_BUILD_SHARED:BOOL=ON" "-DZSTD_LEGACY_SUPPORT:BOOL=OFF" ];
    enableParallelBuilding = true;
    work = 10;
  };

  openssl = {
    version = "3.6.0";
    url = "https://github.com/openssl/openssl/releases/download/openssl-3.6.0/openssl-3.6.0.tar.gz";
    outputs = [ "bin" "dev" "out" "man" "doc" "debug" ];
    nativeBuildInputs = [ final.perl ];
    configureFlags = [ "shared" "--libdir=lib" "enable-ktls" ];
    enableParallelBuilding = true;
    work = 40;
  };

  libgpg-error = {
    version = "1.55";
    url = "mirror://gnupg/libgpg-error/libgpg-error-1.55.tar.bz2";
    outputs = [ "out" "dev" "info" ];
    nativeBuildInputs = [ final.gettext ];
    enableParallelBuilding = true;
    work = 5;
  };

  libgcrypt = {
    version = "1.11.2";
    url = "mirror://gnupg/libgcrypt/libgcrypt-1.11.2.tar.bz2";
    outputs = [ "bin" "lib" "dev" "info" "out" ];
    buildInputs = [ final.libgpg-error ];
    enableParallelBuilding = true;
    env.NIX_CFLAGS_COMPILE = "-O2";
    work = 10;
  };

  libsodium = {
    version = "1.0.20";
    url = "https://download.libsodium.org/libsodium/releases/libsodium-1.0.20.tar.gz";
    outputs = library;
    enableParallelBuilding = true;
    work = 8;
  };

  ncurses = {
    version = "6.5";
    url = "https://invisible-island.net/archives/ncurses/ncurses-6.5.tar.gz";
    outputs = [ "out" "dev" "man" ];
    nativeBuildInputs = [ final.pkg-config ];
    configureFlags = [ "--with-shared" "--without-debug" "--enable-widec" "--with-cxx-shared" ];
    env.NIX_CFLAGS_COMPILE = "-std=c99";
    enableParallelBuilding = true;
    work = 15;
  };

  readline = {
    version = "8.3p1";
    url = "mirror://gnu/readline/readline-8.3.tar.gz";
    outputs = [ "out" "dev" "man" "doc" "info" ];
    propagatedBuildInputs = [ final.ncurses ];
    work = 5;
  };

  sqlite = {
    version = "3.50.4";
    url = "https://sqlite.org/2025/sqlite-src-3500400.zip";
    outputs = libraryAndTools;
    nativeBuildInputs = [ final.tcl ];
    buildInputs = with final; [ readline ncurses zlib ];
    env.NIX_CFLAGS_COMPILE = "-DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_FTS5 -DSQLITE_SECURE_DELETE";
    work = 15;
  };

  tcl = {
    version = "8.6.16";
    url = "mirror://sourceforge/tcl/tcl8.6.16-src.tar.gz";
    buildInputs = [ final.zlib ];
    enableParallelBuilding = true;
    work = 10;
  };

  libffi = {
    version = "3.5.2";
    url = "https://github.com/libffi/libffi/releases/download/v3.5.2/libffi-3.5.2.tar.gz";
    outputs = [ "out" "dev" "man" "info" ];
    enableParallelBuilding = true;
    work = 4;
  };

  expat = {
    version = "2.7.3";
    url = "https://github.com/libexpat/libexpat/releases/download/R_2_7_3/expat-2.7.3.tar.xz";
    outputs = [ "out" "dev" ];
    enableParallelBuilding = true;
    work = 4;
  };

  gdbm = {
    version = "1.26";
    url = "mirror://gnu/gdbm/gdbm-1.26.tar.gz";
    outputs = [ "out" "dev" "info" "lib" "man" ];
    buildInputs = [ final.readline ];
    enableParallelBuilding = true;
    work = 4;
  };

  mpdecimal = {
    version = "4.0.1";
    url = "https://www.bytereef.org/software/mpdecimal/releases/mpdecimal-4.0.1.tar.gz";
    outputs = [ "out" "cxx" "doc" "dev" ];
    work = 4;
  };

  libuv = {
    version = "1.51.0";
    url = "https://github.com/libuv/libuv/archive/v1.51.0.tar.gz";
    outputs = library;
    nativeBuildInputs = with final; [ automake autoconf libtool pkg-config ];
    enableParallelBuilding = true;
    work = 6;
  };

  icu = {
    pname = "icu4c";
    version = "76.1";
    url = "https://github.com/unicode-org/icu/releases/download/release-76-1/icu4c-76_1-src.tgz";
    outputs = library;
    nativeBuildInputs = [ final.python3 ];
    enableParallelBuilding = true;
    work = 30;
  };

  libxml2 = {
    version = "2.15.1";
    url = "mirror://gnome/sources/libxml2/2.15/libxml2-2.15.1.tar.xz";
    outputs = [ "bin" "dev" "out" "devdoc" ];
    nativeBuildInputs = with final; [ pkg-config autoconf automake libtool perl ];
    propagatedBuildInputs = [ final.zlib ];
    enableParallelBuilding = true;
    work = 12;
  };

  libxslt = {
    version = "1.1.43";
    url = "mirror://gnome/sources/libxslt/1.1/libxslt-1.1.43.tar.xz";
    outputs = [ "bin" "dev" "out" "doc" "devdoc" ];
    nativeBuildInputs = with final; [ pkg-config autoconf automake libtool ];
    buildInputs = with final; [ libxml2 libgcrypt ];
    enableParallelBuilding = true;
    work = 5;
  };

  libssh2 = {
    version = "1.11.1";
    url = "https://www.libssh2.org/download/libssh2-1.11.1.tar.gz";
    outputs = [ "out" "dev" "devdoc" ];
    buildInputs = with final; [ openssl zlib ];
    work = 4;
  };

  nghttp2 = {
    version = "1.67.1";
    url = "https://github.com/nghttp2/nghttp2/releases/download/v1.67.1/nghttp2-1.67.1.tar.bz2";
    outputs = [ "out" "dev" "lib" "doc" "man" ];
    nativeBuildInputs = [ final.pkg-config ];
    enableParallelBuilding = true;
    work = 6;
  };

  curl = {
    version = "8.17.0";
    url = "https://curl.haxx.se/download/curl-8.17.0.tar.xz";
    outputs = [ "bin" "dev" "out" "man" "devdoc" ];
    nativeBuildInputs = with final; [ pkg-config perl ];
    propagatedBuildInputs = with final; [ nghttp2 zlib openssl libssh2 zstd ];
    configureFlags = [ "--with-openssl" "--with-libssh2" "--with-nghttp2" ];
    enableParallelBuilding = true;
    work = 15;
  };

  # Bundles its own curl and zlib, as nixpkgs' cmake for the standard environment does.
  cmake = {
    version = "4.1.2";
    url = "https://cmake.org/files/v4.1/cmake-4.1.2.tar.gz";
    outputs = [ "out" "man" "info" ];
    nativeBuildInputs = [ final.pkg-config ];
    buildInputs = [ final.openssl ];
    configureFlags = [ "--docdir=share/doc/cmake-4.1.2" "--no-system-libs" ];
    enableParallelBuilding = true;
    work = 45;
  };

  ninja = {
    version = "1.13.1";
    url = "https://github.com/ninja-build/ninja/archive/v1.13.1.tar.gz";
    nativeBuildInputs = [ final.python3 ];
    work = 5;
  };

  mold = {
    version = "2.40.4";
    url = "https://github.com/rui314/mold/archive/v2.40.4.tar.gz";
    nativeBuildInputs = with final; [ cmake ninja ];
    buildInputs = with final; [ zlib zstd ];
    enableParallelBuilding = true;
    work = 15;
  };

  jemalloc = {
    version = "5.3.0";
    url = "https://github.com/jemalloc/jemalloc/releases/download/5.3.0/jemalloc-5.3.0.tar.bz2";
    enableParallelBuilding = true;
    work = 6;
  };

  libevent = {
    version = "2.1.12";
    url = "https://github.com/libevent/libevent/releases/download/release-2.1.12-stable/libevent-2.1.12-stable.tar.gz";
    outputs = [ "bin" "dev" "out" ];
    buildInputs = [ final.openssl ];
    enableParallelBuilding = true;
    work = 5;
  };

  oniguruma = {
    version = "6.9.10";
    url = "https://github.com/kkos/oniguruma/archive/v6.9.10.tar.gz";
    outputs = [ "dev" "lib" "out" ];
    nativeBuildInputs = with final; [ autoconf automake libtool ];
    work = 5;
  };
}
