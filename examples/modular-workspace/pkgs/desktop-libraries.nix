# Below the browsers and Electron.
final: _prev:
let
  table = import ./build-support/package-table.nix { inherit (final) callPackage; };
  library = [ "out" "dev" ];
  mesonTools = with final; [ meson ninja pkg-config ];
in
table final.stdenv {
  glib = {
    version = "2.86.1";
    url = "mirror://gnome/sources/glib/2.86/glib-2.86.1.tar.xz";
    outputs = [ "bin" "out" "dev" "devdoc" ];
    nativeBuildInputs = mesonTools ++ (with final; [ perl python3 gettext libxslt ]);
    buildInputs = [ final.pcre2 ];
    propagatedBuildInputs = with final; [ zlib libffi ];
    work = 15;
  };

  libpng = {
    pname = "libpng-apng";
    version = "1.6.50";
    url = "mirror://sourceforge/libpng/libpng-1.6.50.tar.xz";
    outputs = [ "out" "dev" "man" ];
    propagatedBuildInputs = [ final.zlib ];
    work = 4;
  };

  freetype = {
    version = "2.13.3";
    url = "mirror://savannah/freetype/freetype-2.13.3.tar.xz";
    outputs = library;
    nativeBuildInputs = with final; [ pkg-config gnumake ];
    propagatedBuildInputs = with final; [ zlib bzip2 libpng ];
    enableParallelBuilding = true;
    work = 6;
  };

  fontconfig = {
    version = "2.17.1";
    url = "https://gitlab.freedesktop.org/fontconfig/fontconfig/-/archive/2.17.1/fontconfig-2.17.1.tar.bz2";
    outputs = [ "bin" "dev" "lib" "out" ];
    nativeBuildInputs = with final; [ autoconf automake gettext libtool pkg-config python3 ];
    buildInputs = [ final.expat ];
    propagatedBuildInputs = [ final.freetype ];
    work = 5;
  };

  libX11 = {
    version = "1.8.12";
    url = "mirror://xorg/individual/lib/libX11-1.8.12.tar.xz";
    outputs = [ "out" "dev" "man" ];
    nativeBuildInputs = [ final.pkg-config ];
    enableParallelBuilding = true;
    work = 6;
  };

  wayland = {
    version = "1.24.0";
    url = "https://gitlab.freedesktop.org/wayland/wayland/-/releases/1.24.0/downloads/wayland-1.24.0.tar.xz";
    outputs = [ "out" "bin" "dev" ];
    nativeBuildInputs = mesonTools;
    buildInputs = with final; [ libffi libxml2 expat ];
    work = 4;
  };

  mesa = {
    version = "25.2.6";
    url = "https://gitlab.freedesktop.org/mesa/mesa/-/archive/mesa-25.2.6/mesa-25.2.6.tar.gz";
    outputs = [ "out" "opencl" ];
    nativeBuildInputs = mesonTools ++ (with final; [ bison python3 rustc ]);
    buildInputs = with final; [ llvmPackages.llvm expat libX11 wayland zstd ];
    work = 45;
  };

  alsa-lib = {
    version = "1.2.14";
    url = "mirror://alsa/lib/alsa-lib-1.2.14.tar.bz2";
    outputs = library;
    enableParallelBuilding = true;
    work = 4;
  };

  dbus = {
    version = "1.16.2";
    url = "https://dbus.freedesktop.org/releases/dbus/dbus-1.16.2.tar.xz";
    outputs = [ "out" "dev" "lib" "doc" "man" ];
    nativeBuildInputs = mesonTools;
    buildInputs = [ final.expat ];
    work = 4;
  };

  cairo = {
    version = "1.18.4";
    url = "https://cairographics.org/releases/cairo-1.18.4.tar.xz";
    outputs = [ "out" "dev" "devdoc" ];
    nativeBuildInputs = mesonTools;
    propagatedBuildInputs = with final; [ fontconfig freetype libpng libX11 glib ];
    work = 8;
  };

  gtk3 = {
    pname = "gtk+3";
    version = "3.24.51";
    url = "mirror://gnome/sources/gtk/3.24/gtk-3.24.51.tar.xz";
    outputs = [ "out" "dev" ];
    nativeBuildInputs = mesonTools ++ (with final; [ gettext python3 libxml2 ]);
    propagatedBuildInputs = with final; [ cairo glib libX11 wayland ];
    work = 20;
  };

  nspr = {
    version = "4.37";
    url = "mirror://mozilla/nspr/releases/v4.37/src/nspr-4.37.tar.gz";
    outputs = library;
    enableParallelBuilding = true;
    work = 3;
  };

  nss = {
    version = "3.118";
    url = "mirror://mozilla/security/nss/releases/NSS_3_118_RTM/src/nss-3.118.tar.gz";
    outputs = [ "out" "dev" "tools" ];
    nativeBuildInputs = with final; [ perl ninja python3 ];
    buildInputs = with final; [ zlib sqlite ];
    propagatedBuildInputs = [ final.nspr ];
    enableParallelBuilding = true;
    work = 10;
  };

  ffmpeg = {
    version = "8.0";
    url = "https://git.ffmpeg.org/gitweb/ffmpeg.git/snapshot/n8.0.tar.gz";
    outputs = [ "bin" "lib" "dev" "doc" "man" "data" "out" ];
    nativeBuildInputs = with final; [ perl pkg-config ];
    buildInputs = with final; [ alsa-lib bzip2 fontconfig freetype libxml2 openssl xz zlib ];
    enableParallelBuilding = true;
    work = 35;
  };
}
