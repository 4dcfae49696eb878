// SPDX-License-Identifier: Apache-2.0
/* Requests on a file that knows none, from threads and from a child; ends by a signal when asked to. */
#include "requests.h"

static int fd;

static void *ask(void *unused)
{
	uint32_t id;

	(void)unused;
	for (int i = 0; i < 25; i++)
		expect(ioas_alloc(fd, &id) == -1 && errno == ENOTTY);
	return NULL;
}

int main(int count, char **arguments)
{
	pthread_t threads[4];
	uint64_t iova;
	int status;

	fd = open("/dev/null", O_RDWR);
	expect(fd >= 0);
	expect(ioas_map(fd, 1, threads, PAGE, &iova) == -1 && errno == ENOTTY);
	for (int i = 0; i < 4; i++)
		expect(pthread_create(&threads[i], NULL, ask, NULL) == 0);
	for (int i = 0; i < 4; i++)
		expect(pthread_join(threads[i], NULL) == 0);
	if (fork() == 0) {
		destroy(fd, 1);
		execl("/bin/sh", "sh", "-c", "exit 3", NULL);
	}
	expect(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 3);
	if (count > 1)
		raise(atoi(arguments[1]));
	return 7;
}
