// SPDX-License-Identifier: Apache-2.0
/* 1,000 children that use their parent's iommufd and one of their own, and end at once. Exits with 7. */
#include "requests.h"

int main(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	expect(fd >= 0);
	for (int i = 0; i < 1000; i++) {
		int status;
		pid_t child = fork();

		expect(child >= 0);
		if (child == 0) {
			uint32_t id;
			int own = open("/dev/iommu", O_RDWR);

			expect(own >= 0 && own != fd);
			expect(ioas_alloc(fd, &id) == 0);
			expect(destroy(fd, id) == 0);
			expect(ioas_alloc(own, &id) == 0);
			_exit(0);
		}
		expect(waitpid(child, &status, 0) == child && status == 0);
	}
	return 7;
}
