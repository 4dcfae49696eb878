// SPDX-License-Identifier: Apache-2.0
/* Memory that cannot be read or written answers EFAULT, and what is read-only here stays so. Exits with 7. */
#include "requests.h"

int main(void)
{
	uint32_t id;
	struct alloc *request;
	char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/iommu", O_RDWR);

	expect(ioas_alloc(fd, &id) == 0);
	/* The block lies half behind the end. */
	expect(munmap(memory + PAGE, PAGE) == 0);
	request = (struct alloc *)(memory + PAGE - 8);
	request->size = sizeof(*request);
	expect(ioctl(fd, IOMMU_IOAS_ALLOC, request) == -1 && errno == EFAULT);
	/* It can be read and not written: the answer does not get out. */
	request = (struct alloc *)memory;
	*request = (struct alloc){.size = sizeof(*request)};
	expect(mprotect(memory, PAGE, PROT_READ) == 0);
	expect(ioctl(fd, IOMMU_IOAS_ALLOC, request) == -1 && errno == EFAULT);
	expect(request->id == 0);
	expect(mprotect(memory, PAGE, PROT_NONE) == 0);
	expect(ioctl(fd, IOMMU_IOAS_ALLOC, request) == -1 && errno == EFAULT);
	return 7;
}
