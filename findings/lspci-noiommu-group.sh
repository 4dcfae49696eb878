#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lspci 3.13.0 (pciutils of Debian 13) on a device that VFIO drives without an IOMMU.
# Expected: "IOMMU group" in the output, and IOMMUGroup in -vmm ("IOMMU group that this device is part of", lspci(8)),
# say that an IOMMU translates the device's DMA.
# Instead: VFIO's no-IOMMU mode gives each device a group of its own, named "vfio-noiommu" in sysfs. lspci prints the number
# exactly as that of a translated device, looks at the name nowhere, and has no other sign of it.
# Why it matters: such a device reaches all of memory. A check of isolation by "does lspci show a group" passes where there
# is none; read /sys/kernel/iommu_groups/N/name, or look for a node /dev/vfio/noiommu-N.
. "$(dirname "$0")/common"

debian trixie pciutils=1:3.13.0-2
. "$here/sysfs"
function_in_sysfs 0000:00:08.0 '\x34\x12\xe8\x11' 0x00ff00
function_in_sysfs 0000:00:09.0 '\x34\x12\xe8\x11' 0x00ff00
group_in_sysfs 0 vfio-noiommu 0000:00:08.0
group_in_sysfs 1 '' 0000:00:09.0
lspci() { run_debian usr/bin/lspci -A linux-sysfs -O "sysfs.path=$sysfs/bus/pci" -n "$@" 2>/dev/null; }

run_debian usr/bin/lspci --version 2>/dev/null | sed -n 1p
for address in 00:08.0 00:09.0; do
  group=$(basename "$(readlink "$sysfs/bus/pci/devices/0000:$address/iommu_group")")
  echo "$address, group named \"$(cat "$sysfs/kernel/iommu_groups/$group/name" 2>/dev/null || true)\":" \
    "$(lspci -vvv -s "$address" | grep -i iommu | sed 's/^[ \t]*//');" \
    "$(lspci -vmm -s "$address" | grep -i iommu | tr '\t' ' ')"
done
# All but address and group number, of everything that lspci prints.
described() { { lspci -vvv -s "$1"; lspci -vmm -s "$1"; } | sed -e "s/$1/ADDRESS/" -E -e 's/(IOMMU ?[Gg]roup:?[ \t]*)[0-9]+/\1N/'; }
lspci -vmm -s 00:08.0 | grep -q '^IOMMUGroup:.0$' && [ "$(described 00:08.0)" = "$(described 00:09.0)" ] && same=0 || same=1
still "$same" "apart from the number, the two are described alike"
