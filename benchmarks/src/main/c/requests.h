// SPDX-License-Identifier: Apache-2.0
/*
 * The requests that the C sides of the benchmarks make of an iommufd and one device. To be included after PROGRAM is defined, the name
 * that a failure is told under.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

static int iommufd, device;
static uint32_t device_id;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, PROGRAM ": %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void open_iommufd(void)
{
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		die("/dev/iommu");
}

/* Opens an iommufd and a device of vfio-pci's, and binds them. */
static inline void open_device(const char *cdev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };

	open_iommufd();
	device = open(cdev, O_RDWR | O_CLOEXEC);
	if (device < 0)
		die(cdev);
	bind.iommufd = iommufd;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		die("VFIO_DEVICE_BIND_IOMMUFD");
	device_id = bind.out_devid;
}

static uint32_t alloc_ioas(void)
{
	struct iommu_ioas_alloc request = { .size = sizeof(request) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &request))
		die("IOMMU_IOAS_ALLOC");
	return request.out_ioas_id;
}

static uint32_t alloc_hwpt(uint32_t parent)
{
	struct iommu_hwpt_alloc request = { .size = sizeof(request), .dev_id = device_id, .pt_id = parent };

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &request))
		die("IOMMU_HWPT_ALLOC");
	return request.out_hwpt_id;
}

static inline void attach(uint32_t page_table)
{
	struct vfio_device_attach_iommufd_pt request = { .argsz = sizeof(request), .pt_id = page_table };

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &request))
		die("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

/* -1, and errno, where the kernel refuses. */
static inline int try_map(uint32_t into, uint8_t *memory, uint64_t length, uint64_t iova)
{
	struct iommu_ioas_map request = {
		.size = sizeof(request),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = into,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova,
	};

	return ioctl(iommufd, IOMMU_IOAS_MAP, &request);
}

static inline void map(uint32_t into, uint8_t *memory, uint64_t length, uint64_t iova)
{
	if (try_map(into, memory, length, iova))
		die("IOMMU_IOAS_MAP");
}

static inline void unmap(uint32_t from, uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap request = { .size = sizeof(request), .ioas_id = from, .iova = iova, .length = length };

	if (ioctl(iommufd, IOMMU_IOAS_UNMAP, &request))
		die("IOMMU_IOAS_UNMAP");
}

/* The shortest request there is. */
static inline void get_option(void)
{
	struct iommu_option request = {
		.size = sizeof(request), .option_id = IOMMU_OPTION_RLIMIT_MODE, .op = IOMMU_OPTION_OP_GET,
	};

	if (ioctl(iommufd, IOMMU_OPTION, &request))
		die("IOMMU_OPTION");
}
