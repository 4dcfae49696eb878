#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jlink of JDK 25, --compress, for a runtime that is shipped in a .deb (or .tar.xz).
# Expected: the runtime that jlink compressed best makes the smallest package.
# Instead: --compress=zip-9 makes the smaller tree and by far the greater package. jlink compresses class by class; what xz would
# find common to all of them is gone afterwards.
# Why it matters: the option is copied to make downloads smaller and makes them half as large again, and each start unpacks the
# classes it loads. Where disk space after installation is not what counts, zip-0 (also jlink's default, whatever "Default is
# zip-6" in its help says) is smaller and faster.
. "$(dirname "$0")/common"

need_jdk
command -v dpkg-deb >/dev/null || unavailable "no dpkg-deb"
"$JDK/bin/java" -version 2>&1 | sed -n 1p
cd "$scratch"
# runtime NAME OPTION...: a runtime for a command-line tool, in a tree for dpkg-deb.
runtime() {
  mkdir -p "$1/DEBIAN" "$1/opt"
  printf '%s\n' "Package: show" "Version: 1" "Architecture: $(dpkg --print-architecture)" "Maintainer: nobody <nobody@example.org>" \
    "Description: a runtime" >"$1/DEBIAN/control"
  "$JDK/bin/jlink" "${@:2}" --add-modules java.base --vm server --strip-debug --no-header-files --no-man-pages \
    --output "$1/opt/runtime" >jlink.log 2>&1 || unavailable "jlink failed: $(sed -n 1p jlink.log)"
  echo "$1: lib/modules $(stat -c %s "$1/opt/runtime/lib/modules") bytes"
}
runtime default
runtime zip-0 --compress=zip-0
runtime zip-9 --compress=zip-9
for name in zip-0 zip-9; do
  dpkg-deb -Zxz --root-owner-group --build "$name" "$name.deb" >/dev/null
  echo "$name: package $(stat -c %s "$name.deb") bytes"
done
plain=$(stat -c %s zip-0.deb)
compressed=$(stat -c %s zip-9.deb)
echo "the package with zip-9 has $((compressed * 100 / plain)) % of the bytes of that with zip-0"
smaller=$(($(stat -c %s zip-0/opt/runtime/lib/modules) - $(stat -c %s zip-9/opt/runtime/lib/modules)))
[ "$smaller" -gt 0 ] && [ "$compressed" -gt "$((plain * 5 / 4))" ] && greater=0 || greater=1
still "$greater" "the runtime that jlink compressed makes the greater package"
