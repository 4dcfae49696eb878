// SPDX-License-Identifier: Apache-2.0

// Lists the machine's functions, reads one's attributes from four goroutines, and makes an IOAS.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

const devices = "/sys/bus/pci/devices"

func main() {
	entries, err := os.ReadDir(devices)
	check(err)
	for _, entry := range entries {
		place, err := filepath.EvalSymlinks(filepath.Join(devices, entry.Name()))
		check(err)
		fmt.Println(place)
	}
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 50; j++ {
				text, err := os.ReadFile(filepath.Join(devices, entries[1].Name(), "vendor"))
				check(err)
				if strings.TrimSpace(string(text)) != "0x1234" {
					panic(string(text))
				}
			}
		}()
	}
	all.Wait()
	fd, err := os.OpenFile("/dev/iommu", os.O_RDWR, 0)
	check(err)
	request := [3]uint32{12, 0, 0}
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd.Fd(), 0x3b81, uintptr(unsafe.Pointer(&request)))
	fmt.Println("IOAS", request[2], int(errno))
	check(fd.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
