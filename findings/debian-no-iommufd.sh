#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's amd64 kernels: linux 7.3.4-1~bpo13+1 (trixie-backports) and 6.12.117-1 (Debian 13), by the configurations that
# Debian publishes beside them.
# Expected: a distribution that builds VFIO, VT-d with PASID and page faults (SVA), and VFIO's dma-buf export, and whose
# QEMU offers "-object iommufd", has /dev/iommu.
# Instead: CONFIG_IOMMUFD is off in every flavor (standard, cloud, real-time) of both, so there is no /dev/iommu, no
# /dev/vfio/devices and no nested translation: the VFIO container is all.
# Why it matters: the absence looks like firmware with its IOMMU switched off, but no boot option helps; it takes another
# kernel. Whoever tests for iommufd by kernel version (6.2 or newer) is wrong on Debian.
. "$(dirname "$0")/common"

debian "trixie trixie-backports" linux-config-7.3=7.3.4-1~bpo13+1
debian trixie linux-config-6.12=6.12.117-1

all=0
for packed in "$scratch"/debian/usr/src/linux-config-*/config.*.xz; do
  config=$(xz -dc "$packed") || unavailable "xz is missing"
  release=$(basename "$(dirname "$packed")")
  echo "${release#linux-config-} $(basename "$packed" .xz):" \
    "$(grep -E '^(# )?CONFIG_(VFIO|VFIO_CONTAINER|VFIO_PCI_DMABUF|INTEL_IOMMU_SVM|IOMMUFD)[ =]' <<<"$config" | tr '\n' ';')"
  grep -q '^CONFIG_VFIO_PCI=m' <<<"$config" && grep -qx '# CONFIG_IOMMUFD is not set' <<<"$config" || all=1
done
still "$all" "every flavor has VFIO and none has CONFIG_IOMMUFD"
