#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lspci 3.13.0 (pciutils of Debian 13) on its own dump of a host with SR-IOV.
# Expected, by lspci(8): "lspci -F FILE" shows the hardware from a dump that "lspci -x" made, as that host had shown it.
# Instead: every virtual function has become "Illegal Vendor ID Device [ffff:ffff]". Its configuration space reads ffff for
# both IDs, as SR-IOV requires; on the host lspci takes them from sysfs, in the dump it believes the bytes, although the
# line above the bytes has the right name.
# Why it matters: virtual functions are what is handed to guests. In a bug report's dump they look like dead hardware, and
# nothing can be selected by -d; ask for "lspci -nn" or "lspci -vmm" beside the dump.
. "$(dirname "$0")/common"

debian trixie pciutils=1:3.13.0-2
. "$here/sysfs"
function_in_sysfs 0000:01:00.0 '\x86\x80\xc9\x10' 0x020000
function_in_sysfs 0000:01:10.0 '\xff\xff\xff\xff' 0x020000
# What Linux derives for a virtual function from the physical one's SR-IOV capability.
echo 0x8086 >"$sysfs/bus/pci/devices/0000:01:10.0/vendor"
echo 0x10ca >"$sysfs/bus/pci/devices/0000:01:10.0/device"
lspci() { run_debian usr/bin/lspci -i "$scratch/debian/usr/share/misc/pci.ids" "$@" 2>/dev/null; }
on_host=(-A linux-sysfs -O "sysfs.path=$sysfs/bus/pci")

run_debian usr/bin/lspci --version 2>/dev/null | sed -n 1p
lspci "${on_host[@]}" -x >"$scratch/dump"
there=$(lspci "${on_host[@]}" -nn | grep '^01:10\.0')
dumped=$(lspci -F "$scratch/dump" -nn | grep '^01:10\.0')
echo "on the host:           $there"
echo "title in the dump:     $(grep '^01:10\.0' "$scratch/dump")"
echo "lspci -F of the dump:  $dumped"
[[ $there == *'[8086:10ca]' && $dumped == *'[ffff:ffff]' ]] && lost=0 || lost=1
still "$lost" "a virtual function has no identity in a dump"
