#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# virt-host-validate 11.3.0 (libvirt of Debian 13), "Checking for device assignment IOMMU support".
# Expected: where Linux has put devices into IOMMU groups there is an IOMMU, whichever it is.
# Instead: the processor decides which ACPI table is looked for: DMAR with VMX, IVRS with SVM. Without that one the answer is "IOMMU
# either disabled in BIOS or not supported by this hardware platform", and the groups are not looked at. A virtual machine with
# virtio-iommu (table VIOT), or with QEMU's intel-iommu on an AMD processor, gets that answer while its IOMMU works.
# Why it matters: QEMU's emulated IOMMUs are how device assignment is tried without hardware for it, and any of them may be had on any
# host. The check sends one into a firmware setup that does not exist; count the entries of /sys/kernel/iommu_groups.
. "$(dirname "$0")/common"

debian trixie libvirt-daemon-common=11.3.0-3+deb13u3
in_namespace=(unshare --map-root-user --mount)
"${in_namespace[@]}" true 2>/dev/null || in_namespace=(unshare --mount)
"${in_namespace[@]}" true 2>/dev/null || unavailable "no mount namespace may be made here"
loader=$(find "$scratch/debian" -name 'ld-linux*.so.*' | sed -n 1p)
libraries=$(dirname "$(find "$scratch/debian" -name libc.so.6 | sed -n 1p)")

# A host: its processor's flag, its table, and whether it has groups, seen in place of this machine's.
cat >"$scratch/host" <<'SH'
printf 'processor\t: 0\nflags\t\t: fpu %s\n' "$1" >"$4/cpuinfo"
mount --bind "$4/cpuinfo" /proc/cpuinfo && mount -t tmpfs none /sys/firmware && mount -t tmpfs none /sys/kernel || exit 70
mkdir -p /sys/firmware/acpi/tables "/sys/kernel/iommu_groups"
echo table >"/sys/firmware/acpi/tables/$2"
[ "$3" = 0 ] || mkdir -p /sys/kernel/iommu_groups/0/devices /sys/kernel/iommu_groups/1/devices
shift 4
exec "$@"
SH
# answer FLAG TABLE GROUPS
answer() {
  { "${in_namespace[@]}" sh "$scratch/host" "$@" "$scratch" \
    "$loader" --library-path "$libraries" "$scratch/debian/usr/bin/virt-host-validate" qemu 2>&1 || true; } |
    sed -n 's/^ *QEMU: Checking \(for device assignment IOMMU support\|if IOMMU is enabled by kernel\) *: /    /p'
}
run_debian usr/bin/virt-host-validate --version | sed 's/.*: .*virt-host-validate/virt-host-validate/'
: >"$scratch/out"
for host in "vmx DMAR 2" "vmx DMAR 0" "vmx VIOT 2" "svm DMAR 2"; do
  read -r flag table groups <<<"$host"
  echo "processor with $flag, ACPI table $table, $groups IOMMU groups:"
  answer "$flag" "$table" "$groups" | tee -a "$scratch/out"
done
[ "$(grep -c PASS "$scratch/out")" -eq 3 ] || unavailable "the made-up hosts are not seen here"
[ "$(grep -c 'not supported by this hardware' "$scratch/out")" -eq 2 ] && missed=0 || missed=1
still "$missed" "with groups at hand, another IOMMU than the processor's maker's is called unsupported"
