# SPDX-License-Identifier: Apache-2.0
"""Directories by path and by descriptor, the working directory, and what is open."""
import os
import subprocess

DEVICES = "/sys/bus/pci/devices"
print(sorted(os.listdir(DEVICES)) == sorted(entry.name for entry in os.scandir(DEVICES)))
directory = os.open(DEVICES, os.O_RDONLY | os.O_DIRECTORY)
print(os.listdir(directory) == os.listdir(directory) != [])
first = sorted(os.listdir(directory))[0]
print(os.stat(first + "/vendor", dir_fd=directory).st_size)
os.fchdir(directory)
print(os.getcwd(), os.path.samefile(".", directory))
os.chdir(first)
print(os.getcwd(), subprocess.run(["cat", "vendor"], capture_output=True, text=True).stdout.strip())
config = os.open("config", os.O_RDONLY)
print(os.pread(config, 2, 0) == os.pread(config, 2, 0) == os.read(config, 2))
iommufd = os.open("/dev/iommu", os.O_RDWR)
print(os.readlink("/proc/self/fd/%d" % iommufd), os.major(os.fstat(iommufd).st_rdev))
try:
    open("vendor", "w")
except OSError as refused:
    print(refused)
