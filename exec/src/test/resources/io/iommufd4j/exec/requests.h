// SPDX-License-Identifier: Apache-2.0
/* The few requests that the test programs make, for machines whose headers know no iommufd. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define IOMMU_DESTROY 0x3b80
#define IOMMU_IOAS_ALLOC 0x3b81
#define IOMMU_IOAS_MAP 0x3b85

struct alloc {
	uint32_t size, flags, id;
};

struct map {
	uint32_t size, flags, id, reserved;
	uint64_t address, length, iova;
};

struct object {
	uint32_t size, id;
};

#define expect(what)                                                                           \
	do {                                                                                   \
		if (!(what)) {                                                                 \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #what, \
				errno);                                                        \
			exit(1);                                                               \
		}                                                                              \
	} while (0)

static inline int ioas_alloc(int fd, uint32_t *id)
{
	struct alloc request = {.size = sizeof(request)};
	int result = ioctl(fd, IOMMU_IOAS_ALLOC, &request);

	*id = request.id;
	return result;
}

/* Readable and writable, at an IOVA of the kernel's choice. */
static inline int ioas_map(int fd, uint32_t id, void *memory, uint64_t length, uint64_t *iova)
{
	struct map request = {
		.size = sizeof(request), .flags = 6, .id = id, .address = (uintptr_t)memory, .length = length};
	int result = ioctl(fd, IOMMU_IOAS_MAP, &request);

	*iova = request.iova;
	return result;
}

static inline int destroy(int fd, uint32_t id)
{
	struct object request = {.size = sizeof(request), .id = id};

	return ioctl(fd, IOMMU_DESTROY, &request);
}
