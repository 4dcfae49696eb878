/* What iommufd4j binds. The UAPI headers come from Debian's linux-libc-dev, pinned in uapi.sh. */
#define _GNU_SOURCE
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <linux/pci_regs.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
/* The kernel's own test command: no UAPI header, so only where fetch-selftest-header put it. */
#if __has_include("iommufd_test.h")
#include "iommufd_test.h"
#endif
