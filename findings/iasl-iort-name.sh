#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# iasl 20250404 (ACPICA; acpica-tools of Debian 13), the compiler for ACPI tables.
# Expected: the device name of a Named Component node in an IORT table is compiled as written. iasl's own template (-T IORT),
# which has one, is the input here.
# Instead: the binary holds the first three characters of the name and no NUL after them; "0 Errors, 0 Warnings" is printed,
# and the decoder (-d) of the same iasl runs on into what follows: "\_SB.PCI0.DEV0" comes back as "\_SIORT<".
# Why it matters: IORT is where firmware says which arm64 device stands behind which SMMU and with which IDs. Linux finds
# platform devices by this name, so a table made for a lab or a virtual machine leaves its device without an IOMMU.
. "$(dirname "$0")/common"

debian trixie acpica-tools=20250404-1
cd "$scratch"
run_debian usr/bin/iasl -v | sed -n '/version/p'

run_debian usr/bin/iasl -T IORT >/dev/null 2>&1 || unavailable "iasl made no template"
name=$(sed -n 's/.*Device Name : "\(.*\)"/\1/p' iort.asl | sed -n 1p)
[ "${#name}" -gt 3 ] || unavailable "the template has no device name"
echo "template: Device Name : \"$name\""
echo "compiler: $(run_debian usr/bin/iasl -p iort iort.asl 2>&1 | sed -n '/^Compilation/p')"
run_debian usr/bin/iasl -d iort.aml >/dev/null 2>&1 || true
echo "decoded:  Device Name : $(sed -n 's/.*Device Name : //p' iort.dsl | sed -n 1p)"

lost=0
grep -qaF -- "$name" iort.aml && lost=1
still "$lost" "the compiled table does not contain the name \"$name\""
