#!/usr/bin/env python3
"""Makes priors.tsv from a table of build times in the Linux From Scratch books.

    make-priors.py build-times-sbu.csv > priors.tsv

The input has the columns package, sbu, parallelism, tests, disk_mb, source, raw. What is chosen
when a package has several rows, and how names are changed, is described in README.md.
"""

import csv
import sys

# Names that differ between the books and nixpkgs: book -> pnames.
ALIASES = {
    "apache": ["apache-httpd"],
    "espgs": [],
    "celt051": ["celt"],
    "db": ["db", "berkeley-db"],
    "cdparanoia": ["cdparanoia-iii", "cdparanoia"],
    "freetype2": ["freetype"],
    "fuse2": ["fuse"],
    "gc": ["boehm-gc"],
    "glib2": ["glib"],
    "grep": ["gnugrep"],
    "gs": ["ghostscript", "ghostscript-with-x"],
    "gst10-libav": ["gst-libav"],
    "gst10-plugins-bad": ["gst-plugins-bad"],
    "gst10-plugins-base": ["gst-plugins-base"],
    "gst10-plugins-good": ["gst-plugins-good"],
    "gst10-plugins-ugly": ["gst-plugins-ugly"],
    "gst10-vaapi": ["gst-vaapi"],
    "gstreamer10": ["gstreamer"],
    "gtk2": ["gtk+"],
    "gtk3": ["gtk+3"],
    "gtkmm2": ["gtkmm"],
    "icu": ["icu4c"],
    "libjpeg": ["libjpeg-turbo"],
    "libpng": ["libpng", "libpng-apng"],
    "libsigc": ["libsigc++"],
    "libsigc3": ["libsigc++3"],
    "linux-headers-tmp": ["linux-headers"],
    "llvm-old": [],
    "m4": ["gnum4"],
    "make": ["gnumake"],
    "mitkrb": ["krb5", "libkrb5"],
    "mpc": ["libmpc"],
    "ojdk": ["openjdk"],
    "opus": ["libopus"],
    "patch": ["patch", "gnupatch"],
    "pkgconfig": ["pkg-config"],
    "procps-ng": ["procps"],
    "pulseaudio": ["pulseaudio", "libpulseaudio"],
    "python": [],
    "python2": ["python"],
    "python311": [],
    "qt": [],
    "qt5": ["qt-everywhere-src"],
    "qt6": ["qt-everywhere-src-6"],
    "rust": ["rustc"],
    "sane-be": ["sane-backends"],
    "sane-fe": ["sane-frontends"],
    "sed": ["gnused"],
    "startup-notification": ["libstartup-notification"],
    "tar": ["gnutar"],
    "libxml2": ["libxml2", "libxml2+py"],
    "webkitgtk2": [],
    "wireless": ["wireless-tools"],
    "xvid": ["xvidcore"],
}

# One row of the books for many packages: each gets an equal share.
GROUPS = {
    "x7libs": """libX11 libXext libFS libICE libSM libXScrnSaver libXt libXmu libXpm libXaw libXfixes
        libXcomposite libXrender libXcursor libXdamage libfontenc libXfont2 libXft libXi libXinerama
        libXrandr libXres libXtst libXv libXvMC libXxf86dga libXxf86vm libpciaccess libxkbfile
        libxshmfence libXpresent xtrans""".split(),
    "x7proto": """bigreqsproto compositeproto damageproto dmxproto dri2proto dri3proto fixesproto
        fontsproto glproto inputproto kbproto presentproto randrproto recordproto renderproto
        resourceproto scrnsaverproto videoproto xcmiscproto xextproto xf86bigfontproto xf86dgaproto
        xf86driproto xf86vidmodeproto xineramaproto xproto""".split(),
    "x7apps": """iceauth mkfontscale sessreg setxkbmap smproxy xauth xcmsdb xcursorgen xdpyinfo
        xdriinfo xev xgamma xhost xinput xkbcomp xkbevd xkbutils xkill xlsatoms xlsclients xmessage
        xmodmap xpr xprop xrandr xrdb xrefresh xset xsetroot xvinfo xwd xwininfo xwud""".split(),
    "kf6": """attica bluez-qt breeze-icons extra-cmake-modules frameworkintegration kapidox karchive
        kauth kbookmarks kcalendarcore kcmutils kcodecs kcolorscheme kcompletion kconfig
        kconfigwidgets kcontacts kcoreaddons kcrash kdav kdbusaddons kdeclarative kded kdesu
        kdnssd kdoctools kfilemetadata kglobalaccel kguiaddons kholidays ki18n kiconthemes kidletime
        kimageformats kio kirigami kitemmodels kitemviews kjobwidgets knewstuff knotifications
        knotifyconfig kpackage kparts kpeople kplotting kpty kquickcharts krunner kservice kstatusnotifieritem
        ksvg ktexteditor ktexttemplate ktextwidgets kunitconversion kuserfeedback kwallet
        kwidgetsaddons kwindowsystem kxmlgui modemmanager-qt networkmanager-qt prison purpose
        qqc2-desktop-style solid sonnet syndication syntax-highlighting threadweaver""".split(),
    "plasma": """kdecoration libkscreen libksysguard breeze breeze-gtk layer-shell-qt kscreenlocker
        oxygen oxygen-sounds kinfocenter kwayland aurorae kwin kwin-x11 plasma-activities
        plasma-workspace plasma-disks bluedevil kde-gtk-config kmenuedit kscreen kwallet-pam
        kwrited milou plasma-nm plasma-pa plasma-workspace-wallpapers polkit-kde-agent-1 powerdevil
        plasma-desktop kgamma ksshaskpass sddm-kcm discover kactivitymanagerd plasma-integration
        xdg-desktop-portal-kde drkonqi plasma-vault kde-cli-tools systemsettings
        plasma-thunderbolt plasma-systemmonitor qqc2-breeze-style ksystemstats spectacle
        plasma-firewall krdp print-manager wacomtablet""".split(),
}

# The books build clang within llvm; nixpkgs builds each by itself. The split is by the number of
# objects that ninja builds in each.
SPLITS = {"llvm": {"llvm": 0.5, "clang": 0.4, "compiler-rt": 0.06, "lld": 0.04}}


# How many times longer a package takes with its tests, over the 83 packages of the books of 0.2 SBU
# or more that tell both: 2.67 is the median, 1.67 the lower quartile. LFS runs the tests of every
# package; where BLFS counts them in, they are short.
WITH_TESTS = {"LFS": 2.67, "BLFS": 1.67, "BLFS-archive": 1.67}


def rank(row):
    """The best row of a package first."""
    package, book = row["package"], row["source"].split()[0]
    stage = package.endswith("-tmp")
    return (
        row["tests"] == "included" and not stage,
        book == "BLFS-archive",
        stage,
        -int(row["parallelism"]),
        row["source"],
    )


def tested(chosen, candidates):
    """The time with tests and its threads: of the chosen row, else of another one."""
    # A spinning disk is most of what e2fsprogs' tests took.
    candidates = [row for row in candidates if "spinning" not in row["raw"]]
    if chosen["source"].split()[0] != "BLFS-archive":
        # What is of today's version says nothing of the old one's tests, nor the other way.
        candidates = [row for row in candidates if row["source"].split()[0] != "BLFS-archive"]
    known = [row for row in candidates if row["tests"] and not row["package"].endswith("-tmp")]
    if not known:
        return None
    row = min(known, key=lambda row: (row is not chosen, row["tests"] == "included", rank(row)))
    more = 0 if row["tests"] == "included" else float(row["tests"].removeprefix("add "))
    return float(row["sbu"]) + more, row["parallelism"]


def main():
    rows = {}
    with open(sys.argv[1], newline="") as table:
        for row in csv.DictReader(table):
            name = row["package"]
            # The archive's pages of udev measure old versions of half a dozen packages at once.
            if name.endswith(("-pass1", "-pass2")) or "archive/udev" in row["source"]:
                continue
            key = name.removesuffix("-tmp").lower().replace("_", "-")
            if name.endswith("-tmp") and key == "linux-headers":
                key = name
            rows.setdefault(key, []).append(row)

    best = {}
    for key, candidates in rows.items():
        row = min(candidates, key=rank)
        best[key] = (float(row["sbu"]), row, tested(row, candidates))

    out = {}

    def put(pname, sbu, row, with_tests, share, note):
        source = row["source"].split()
        place = source[0] + " " + source[-1]
        tests = 1 if row["tests"] == "included" and not row["package"].endswith("-tmp") else 0
        sbu *= share
        if tests:
            sbu /= WITH_TESTS[source[0]]
        long = (f"{with_tests[0] * share:.3g}", with_tests[1]) if with_tests else ("", "")
        pname = pname.lower().replace("_", "-")
        # A row of its own is better than a share of a group's.
        if pname not in out or not note:
            out[pname] = (f"{sbu:.3g}", row["parallelism"], str(tests)) + long + (place + note,)

    for key, (sbu, row, with_tests) in sorted(best.items()):
        if key in GROUPS:
            members = GROUPS[key]
            for member in members:
                put(member, sbu, row, with_tests, 1 / len(members), f" / {len(members)}")
        elif key in SPLITS:
            for member, share in SPLITS[key].items():
                put(member, sbu, row, with_tests, share, f" * {share}")
        else:
            for pname in ALIASES.get(key, [key]):
                put(pname, sbu, row, with_tests, 1, "")

    print("# pname, sbu, threads, tests, sbu with tests, threads, source; made by make-priors.py, see README.md")
    for pname, fields in sorted(out.items()):
        print("\t".join((pname,) + fields))


main()
