// SPDX-License-Identifier: Apache-2.0
/* An IOAS, some memory of this program's in it, and its end. Exits with 7 when all went as on Linux. */
#include "requests.h"

int main(void)
{
	uint32_t id;
	uint64_t iova;
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	void *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(fd >= 0);
	expect(ioas_alloc(fd, &id) == 0);
	expect(ioas_map(fd, id, memory, 16 * PAGE, &iova) == 0);
	expect(ioas_map(fd, id, (void *)PAGE, PAGE, &iova) == 0);
	expect(destroy(fd, id) == 0);
	expect(destroy(fd, id) == -1 && errno == ENOENT);
	expect(ioctl(fd, IOMMU_DESTROY, 8) == -1 && errno == EFAULT);
	expect(ioctl(fd, 0x3bff) == -1 && errno == ENOTTY);
	expect(read(fd, memory, 8) == -1 && errno == EINVAL);
	expect(close(fd) == 0);
	expect(destroy(fd, id) == -1 && errno == EBADF);
	return 7;
}
