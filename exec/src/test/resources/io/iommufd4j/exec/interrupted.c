// SPDX-License-Identifier: Apache-2.0
/* Requests under a storm of signals: none is interrupted, none is made twice. Exits with 7. */
#include "requests.h"
#include <sys/time.h>

static volatile sig_atomic_t alarms;

static void count(int signal)
{
	(void)signal;
	alarms++;
}

int main(void)
{
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 500}, {0, 500}};
	uint32_t first, id = 0;
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	expect(sigaction(SIGALRM, &action, NULL) == 0);
	expect(ioas_alloc(fd, &first) == 0);
	expect(setitimer(ITIMER_REAL, &often, NULL) == 0);
	for (int i = 1; i <= 500 || alarms < 20; i++) {
		expect(ioas_alloc(fd, &id) == 0);
		expect(id == first + i);
	}
	return 7;
}
