#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What driverctl and its like do with a function: to another driver, and back, with the mistakes that people make.
device=$1
at=/sys/bus/pci/devices/$device
echo "override $(cat "$at/driver_override")"
echo vfio-pci >"$at/driver_override"
echo "$device" >/sys/bus/pci/drivers_probe
echo "driver $(basename "$(readlink -f "$at/driver")") node $(ls "$at/vfio-dev")"
[ -c "/dev/vfio/devices/$(ls "$at/vfio-dev")" ] && echo "a node"
echo "$device" >/sys/bus/pci/drivers/vfio-pci/bind || echo "bind again: $?"
echo 0000:ff:1f.7 >/sys/bus/pci/drivers/vfio-pci/bind || echo "bind nothing: $?"
echo "$device" >"$at/driver/unbind"
[ -e "$at/driver" ] || echo "no driver"
echo >"$at/driver_override"
echo "override $(cat "$at/driver_override")"
echo x >"$at/vendor" || echo "read-only: $?"
echo x >"$at/nothing" || echo "nothing: $?"
cd "$at" && echo "in $PWD, $(/bin/pwd -P): $(cat vendor)"
cd /sys/bus/pci/devices && for function in *; do read -r class <"$function/class" && echo "$function $class"; done
mkdir here 2>&1 | sed 's/^mkdir: //'
cd ../../../.. && pwd
