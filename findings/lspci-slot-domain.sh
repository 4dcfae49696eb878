#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lspci 3.13.0 (pciutils of Debian 13), its machine-readable formats.
# Expected, by lspci(8): domain numbers are left out "on machines which have only domain 0", and -mm and -vmm, the stable
# formats for programs, name the device as the others do. Domains run "from 0 to ffff".
# Instead: the plain list goes by the machine, -mm and -vmm go by the device. With a second domain present (Intel VMD makes
# 10000 and up, beyond the manual's range), one document holds "00:08.0" beside "10000:01:00.0".
# Why it matters: a program that appends Slot to /sys/bus/pci/devices/ finds the NVMe behind VMD and misses every device of
# domain 0; one that puts "0000:" before it does the reverse. Always pass -D.
. "$(dirname "$0")/common"

debian trixie pciutils=1:3.13.0-2
. "$here/sysfs"
function_in_sysfs 0000:00:08.0 '\x34\x12\xe8\x11' 0x00ff00
function_in_sysfs 10000:01:00.0 '\x4d\x14\x08\xa8' 0x010802
lspci() { run_debian usr/bin/lspci -A linux-sysfs -O "sysfs.path=$sysfs/bus/pci" -n "$@" 2>/dev/null; }

run_debian usr/bin/lspci --version 2>/dev/null | sed -n 1p
plain=$(lspci | cut -d' ' -f1 | paste -sd' ')
machine=$(lspci -vmm | sed -n 's/^Slot:\t//p' | paste -sd' ')
echo "lspci:          $plain"
echo "lspci -mm:      $(lspci -mm | cut -d' ' -f1 | paste -sd' ')"
echo "lspci -vmm:     $machine"
echo "lspci -D -vmm:  $(lspci -D -vmm | sed -n 's/^Slot:\t//p' | paste -sd' ')"
[ "$plain" = "0000:00:08.0 10000:01:00.0" ] && [ "$machine" = "00:08.0 10000:01:00.0" ] && mixed=0 || mixed=1
still "$mixed" "the plain list gives both domains, the machine-readable one leaves domain 0 out"
