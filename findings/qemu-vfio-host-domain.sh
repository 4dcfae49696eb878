#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# QEMU 10.0.13 (Debian 13; 11.1.3 of trixie-backports does the same), the option "-device vfio-pci,host=ADDRESS".
# Expected: an address as lspci and sysfs write it; the help says "[domain:]<bus:slot.function>".
# Instead: a domain above ffff is not an address at all ("doesn't take value"), though Linux numbers the domains behind
# Intel VMD from 10000 up. The same function is accepted as sysfsdev=/sys/bus/pci/devices/ADDRESS. (No such device is on this
# machine: "no such host device" is the answer to an address that was understood.)
# Why it matters: a tool that hands addresses on to QEMU works until it meets such a host, and the message blames the value
# without a word on the domain. Use sysfsdev throughout, or iommufd with a descriptor.
. "$(dirname "$0")/common"

debian trixie qemu-system-x86=1:10.0.13+ds-0+deb13u1
qemu() {
  run_debian usr/bin/qemu-system-x86_64 -L "$scratch/debian/usr/share/qemu" -L "$scratch/debian/usr/share/seabios" \
    -nodefaults -display none -S "$@" 2>&1 || true
}
# Given a device that is not there, QEMU ends by itself.
answer() {
  qemu -M q35 -device "vfio-pci,$1" </dev/null | sed -n 1p | sed 's/.*-device vfio-pci,[^ ]*: //'
}
qemu --version | sed -n 1p
for property in host=ffff:01:00.0 host=10000:01:00.0 sysfsdev=/sys/bus/pci/devices/10000:01:00.0; do
  echo "$property"
  echo "    $(answer "$property")"
done
[[ $(answer host=ffff:01:00.0) == *"no such host device"* ]] || unavailable "QEMU did not get as far as the device"
[[ $(answer host=10000:01:00.0) == *"doesn't take value"* &&
  $(answer sysfsdev=/sys/bus/pci/devices/10000:01:00.0) == *"no such host device"* ]] && refused=0 || refused=1
still "$refused" "host= takes no domain above ffff, sysfsdev= does"
