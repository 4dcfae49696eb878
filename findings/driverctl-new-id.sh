#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# driverctl 0.115-2 (Debian 13), the tool that sets driver_override for one device and remembers it.
# Expected, by driverctl(8): "set-override DEVICE vfio-pci" concerns DEVICE; "unset-override DEVICE" takes it back.
# Instead: for vfio-pci alone it first writes the device's vendor and device ID to vfio-pci's new_id. That makes vfio-pci
# bind every driverless device of the model at once, and those that are plugged in later. unset-override leaves it in the
# kernel: remove_id is not written. Manual and --help do not mention it; errors of that write go to /dev/null.
# Why it matters: driver_override was made to replace new_id. After "unset-override" and a probe, vfio-pci still matches, and
# takes the device again where it was registered before the device's own driver, with an empty driver_override to look at.
. "$(dirname "$0")/common"

debian trixie driverctl=0.115-2
. "$here/sysfs"
function_in_sysfs 0000:00:08.0 '\x34\x12\xe8\x11' 0x00ff00
device=$sysfs/bus/pci/devices/0000:00:08.0
echo "(null)" >"$device/driver_override"
# driverctl wants a link where sysfs has one, and asks for no module that is there already.
mkdir -p "$sysfs/devices/pci0000:00" "$sysfs/module/vfio-pci" "$sysfs/module/vfio_pci/drivers/pci:vfio-pci"
mv "$device" "$sysfs/devices/pci0000:00/"
ln -s ../../../devices/pci0000:00/0000:00:08.0 "$device"
ids=$sysfs/module/vfio_pci/drivers/pci:vfio-pci
: >"$ids/new_id"
: >"$ids/remove_id"

# Its own view of the made-up tree as /sys; --noprobe and --nosave, since no kernel stands behind it.
in_namespace=(unshare --map-root-user --mount)
"${in_namespace[@]}" true 2>/dev/null || in_namespace=(unshare --mount)
"${in_namespace[@]}" true 2>/dev/null || unavailable "no mount namespace may be made here"
driverctl() {
  # shellcheck disable=SC2016 # for the shell in there
  "${in_namespace[@]}" bash -c 'mount --bind "$1" /sys && shift && exec bash "$@"' - \
    "$sysfs" "$scratch/debian/usr/sbin/driverctl" --noprobe --nosave "$@"
}
show() {
  echo "$1: driver_override \"$(cat "$device/driver_override")\", new_id \"$(cat "$ids/new_id")\", remove_id \"$(cat "$ids/remove_id")\""
}
echo "driverctl 0.115-2; what was written to sysfs"
driverctl set-override 0000:00:08.0 vfio-pci
show "after set-override 0000:00:08.0 vfio-pci"
set_new_id=$(cat "$ids/new_id")
driverctl unset-override 0000:00:08.0
show "after unset-override 0000:00:08.0"
echo "the manual on new_id: $(gzip -dc "$scratch/debian/usr/share/man/man8/driverctl.8.gz" | grep -c new_id || true) lines"
[ "$set_new_id" = "0x1234 0x11e8" ] && [ ! -s "$ids/remove_id" ] && left=0 || left=1
still "$left" "the ID is given to vfio-pci and never taken back"
