// SPDX-License-Identifier: Apache-2.0
/* Children that are killed in the midst of requests. Exits with 7. */
#include "requests.h"

int main(void)
{
	for (int i = 0; i < 20; i++) {
		int status, ready[2];
		char byte;
		pid_t child;

		expect(pipe(ready) == 0);
		child = fork();
		expect(child >= 0);
		if (child == 0) {
			uint32_t id;
			uint64_t iova;
			void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			int fd = open("/dev/iommu", O_RDWR);

			expect(ioas_alloc(fd, &id) == 0 && write(ready[1], "", 1) == 1);
			for (;;)
				expect(ioas_map(fd, id, memory, PAGE, &iova) == 0);
		}
		expect(read(ready[0], &byte, 1) == 1);
		usleep(2000);
		expect(kill(child, SIGKILL) == 0);
		expect(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
		close(ready[0]);
		close(ready[1]);
	}
	return 7;
}
