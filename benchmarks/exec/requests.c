// SPDX-License-Identifier: Apache-2.0
/*
 * Times one request of iommufd (IOMMU_OPTION, which reads and writes one block): requests FILE COUNT
 * makes COUNT of them on FILE, after as many to warm up, and prints the median in nanoseconds.
 * requests FILE COUNT stat does the same with stat(2) of FILE.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>

#define IOMMU_OPTION 0x3b87

struct option {
	uint32_t size, id;
	uint16_t op, reserved;
	uint32_t object;
	uint64_t value;
};

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int compare(const void *one, const void *other)
{
	int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;

	return (a > b) - (a < b);
}

int main(int count, char **arguments)
{
	/* The reading of the option that says how memory is accounted for. */
	struct option option = {.size = sizeof(option), .op = 1};
	struct stat facts;
	int64_t *times;
	long rounds;
	int fd, looks;

	if (count < 3 || count > 4)
		return 2;
	looks = count == 4 && strcmp(arguments[3], "stat") == 0;
	rounds = atol(arguments[2]);
	times = calloc(rounds, sizeof(*times));
	fd = open(arguments[1], O_RDWR);
	if (!times || fd < 0)
		return 1;
	for (long i = -rounds; i < rounds; i++) {
		int64_t before = now();

		if (looks ? stat(arguments[1], &facts) : ioctl(fd, IOMMU_OPTION, &option)) {
			perror(looks ? "stat" : "IOMMU_OPTION");
			return 1;
		}
		if (i >= 0)
			times[i] = now() - before;
	}
	qsort(times, rounds, sizeof(*times), compare);
	printf("%lld\n", (long long)times[rounds / 2]);
	return 0;
}
