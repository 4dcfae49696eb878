// SPDX-License-Identifier: Apache-2.0
/* 64 threads, each with an iommufd of its own again and again. Exits with 7. */
#include "requests.h"

static void *work(void *unused)
{
	for (int round = 0; round < 4; round++) {
		int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

		expect(fd >= 0);
		for (int i = 0; i < 5; i++) {
			uint32_t id;

			expect(ioas_alloc(fd, &id) == 0);
			expect(destroy(fd, id) == 0);
		}
		expect(close(fd) == 0);
	}
	return unused;
}

int main(void)
{
	pthread_t threads[64];

	for (int i = 0; i < 64; i++)
		expect(pthread_create(&threads[i], NULL, work, NULL) == 0);
	for (int i = 0; i < 64; i++)
		expect(pthread_join(threads[i], NULL) == 0);
	return 7;
}
