#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# strace 6.13 (Debian 13) on VFIO and iommufd requests.
# Expected: "VFIO_DEVICE_ATTACH_IOMMUFD_PT" where a program sends that request; iommufd's own are named plainly.
# Instead: VFIO gives one number to several requests and tells them apart by the kind of file. strace knows the number alone,
# with -yy too, so 10 of 22 come out as "A or B", and on x86-64 B may be a request of PowerPC (SPAPR, EEH) that this kernel
# does not have. The argument is a bare pointer for all of them, iommufd's too.
# Why it matters: the alternatives mean opposite things (DETACH or REMOVE, a device's hot reset or a container's map), and
# "grep VFIO_IOMMU_MAP_DMA" counts hot resets of a process that has no container.
. "$(dirname "$0")/common"

debian trixie strace=6.13+ds-1
command -v perl >/dev/null || unavailable "no perl, which sends the requests"
run_debian usr/bin/strace --version | sed -n 1p
# Every number that vfio.h and iommufd.h use, to a file that knows none of them: the answer is ENOTTY.
# shellcheck disable=SC2016 # Perl's variables
run_debian usr/bin/strace -yy -e trace=ioctl perl -e \
  'open(F, "<", "/dev/null"); ioctl(F, $_, 0) for 0x3b64 .. 0x3b79, 0x3b80 .. 0x3b92' >"$scratch/out" 2>&1 || true
grep -q VFIO "$scratch/out" || unavailable "strace may not trace here"
grep -E 'VFIO_(GROUP_GET_STATUS|DEVICE_BIND|DEVICE_ATTACH|DEVICE_DETACH|IOMMU_MAP_DMA)|IOMMU_HWPT_ALLOC' "$scratch/out" |
  sed -E 's/^ioctl\(3[^,]*, ([^,]*),.*/\1/'
vfio=$(grep -cE ', VFIO_' "$scratch/out" || true)
several=$(grep -c ' or VFIO_' "$scratch/out" || true)
iommufd=$(grep -cE ', IOMMU_[A-Z_]+, ' "$scratch/out" || true)
echo "requests of VFIO: $vfio, $several of them named with an alternative; of iommufd: $iommufd, each with one name"
grep -q 'VFIO_DEVICE_ATTACH_IOMMUFD_PT or VFIO_IOMMU_SPAPR_TCE_CREATE' "$scratch/out" && [ "$several" -eq 10 ] && unclear=0 || unclear=1
still "$unclear" "VFIO requests have two or three names"
