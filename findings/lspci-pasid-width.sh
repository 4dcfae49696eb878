#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# lspci 3.13.0 (pciutils of Debian 13), -vv on a device with PASID, ATS and PRI.
# Expected: "Max PASID Width: 14" is a width of 14 bits: it has no 0x, link widths and
# payload sizes beside it are decimal, and lspci(8) calls numbers hexadecimal for the machine-readable formats alone.
# Instead: it is hexadecimal and means 20 bits, the usual width. "Invalidate Queue Depth", "Smallest Translation Unit" and
# both "Page Request" numbers are hexadecimal too: 10 is 16 and 00000200 is 512. A depth of 00 is no missing queue: the PCIe
# specification encodes 32, the greatest depth, so.
# Why it matters: these are the numbers one reads off before sharing an address space with a device (SVA). 14 looks like 16,384
# of them and is 1,048,576; a width of 10 fits either way; a depth of 00 looks like a device that cannot do it.
. "$(dirname "$0")/common"

debian trixie pciutils=1:3.13.0-2
command -v perl >/dev/null || unavailable "no perl, which writes the dump"
# A dump as "lspci -xxxx" makes it, of a PCI Express endpoint with these extended capabilities.
cat >"$scratch/dump.pl" <<'PERL'
my @space = (0) x 4096;
sub put { my ($offset, $size, $value) = @_; $space[$offset + $_] = ($value >> (8 * $_)) & 255 for 0 .. $size - 1 }
put(0x00, 4, 0x11e81234);
put(0x06, 2, 0x0010);      # status: a list of capabilities
put(0x0b, 1, 0xff);
put(0x34, 1, 0x40);
put(0x40, 4, 0x00020010);  # PCI Express, version 2, endpoint
put(0x100, 4, 0x1101000f); # ATS, version 1, then 110
put(0x104, 4, 0x80000020); # depth 0 (32), page-aligned; enabled
put(0x110, 4, 0x12010013); # PRI, version 1, then 120
put(0x118, 4, 512);        # capacity
put(0x11c, 4, 32);         # allocation
put(0x120, 4, 0x0001001b); # PASID, version 1, the last
put(0x124, 4, 0x00011400); # 20 bits wide; enabled
print "00:08.0 Class 00ff: 1234:11e8\n";
printf "%02x: %s\n", 16 * $_, join " ", map { sprintf "%02x", $_ } @space[16 * $_ .. 16 * $_ + 15] for 0 .. 255;
PERL
perl "$scratch/dump.pl" >"$scratch/dump"
run_debian usr/bin/lspci --version 2>/dev/null | sed -n 1p
run_debian usr/bin/lspci -n -vv -F "$scratch/dump" 2>/dev/null | tr '\t' ' ' | grep -E 'ATSC|Page Request C|PASIDC' | tee "$scratch/out"
echo "in the dump: queue depth 32 (encoded as 0), page requests 512 and 32, PASID width 20"
grep -q 'Max PASID Width: 14$' "$scratch/out" && grep -q 'Capacity: 00000200, Page Request Allocation: 00000020$' "$scratch/out" &&
  grep -q 'Invalidate Queue Depth: 00$' "$scratch/out" && hexadecimal=0 || hexadecimal=1
still "$hexadecimal" "a PASID width of 20 bits is shown as 14, a queue depth of 32 as 00"
