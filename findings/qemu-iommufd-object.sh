#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# QEMU 10.0.13 (Debian 13), the option "-object iommufd".
# Expected: on a host without /dev/iommu the object cannot be made, as "-accel kvm" fails without /dev/kvm.
# Instead: QEMU starts, lists the object, and says nothing; /dev/iommu is opened when the first device that names the object
# is realized. Here /dev/iommu is hidden by a /dev that has none.
# Why it matters: starting QEMU with the object is the obvious way to find out whether iommufd can be used, and it always says
# yes. On a host whose kernel has no iommufd (all of Debian's) a machine runs until a device is plugged into it, hours later.
. "$(dirname "$0")/common"

debian trixie qemu-system-x86=1:10.0.13+ds-0+deb13u1
in_namespace=(unshare --map-root-user --mount)
"${in_namespace[@]}" true 2>/dev/null || in_namespace=(unshare --mount)
"${in_namespace[@]}" true 2>/dev/null || unavailable "no mount namespace may be made here"
mkdir "$scratch/dev"
# shellcheck disable=SC2016 # for the shell in there
hidden='mount --bind "$1" /dev && shift && ls /dev/iommu /dev/kvm 2>&1 | sed "s/^ls: //" >&2; exec "$@"'
loader=$(find "$scratch/debian" -name 'ld-linux*.so.*' | sed -n 1p)
# qemu OPTION...: with an empty /dev; QMP commands come from the standard input.
qemu() {
  "${in_namespace[@]}" sh -c "$hidden" - "$scratch/dev" \
    "$loader" --library-path "$(dirname "$(find "$scratch/debian" -name libc.so.6 | sed -n 1p)")" \
    "$scratch/debian/usr/bin/qemu-system-x86_64" -L "$scratch/debian/usr/share/qemu" -L "$scratch/debian/usr/share/seabios" \
    -nodefaults -display none -S -M q35 -qmp stdio "$@" || echo "ended with $?"
}
run_debian usr/bin/qemu-system-x86_64 --version | sed -n 1p
echo "-accel kvm"
qemu -accel kvm </dev/null >"$scratch/kvm" 2>&1
sed 's/^/    /' "$scratch/kvm"
echo "-object iommufd,id=iommufd0"
printf '%s\n' '{"execute": "qmp_capabilities"}' '{"execute": "qom-get", "arguments": {"path": "/objects/iommufd0", "property": "type"}}' \
  '{"execute": "query-status"}' '{"execute": "quit"}' |
  qemu -object iommufd,id=iommufd0 >"$scratch/iommufd" 2>&1
sed 's/^/    /' "$scratch/iommufd"
grep -q 'ended with 1' "$scratch/kvm" || unavailable "the /dev is not hidden"
grep -q '"return": "iommufd"' "$scratch/iommufd" && ! grep -q 'ended with' "$scratch/iommufd" && made=0 || made=1
still "$made" "the object is made without /dev/iommu"
