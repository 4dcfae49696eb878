// SPDX-License-Identifier: Apache-2.0
/*
 * The C side of the comparison that benchmarks/beside-c makes: the same requests in the same loops as
 * CallCosts.java, on a device of its own. It reads lines "CASE CALLS THREADS" and answers each with the
 * nanoseconds that all the calls took. With 2 threads the second one sleeps: Linux then counts references
 * to the file in each call, as it does for every Java process.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PROGRAM "call-costs"
#include "requests.h"

#define PAGE 4096
#define FIXED_IOVA 0x100000ULL
#define MOVING_IOVA 0x200000ULL

static uint32_t ioas, hwpts[2];
static uint8_t *pages;
static unsigned int turn;

static void replace_once(void)
{
	attach(hwpts[++turn & 1]);
}

static void map_and_unmap_once(void)
{
	map(ioas, pages + PAGE, PAGE, MOVING_IOVA);
	unmap(ioas, MOVING_IOVA, PAGE);
}

static void option_once(void)
{
	struct iommu_option request = {
		.size = sizeof(request), .option_id = IOMMU_OPTION_RLIMIT_MODE, .op = IOMMU_OPTION_OP_GET,
	};

	if (ioctl(iommufd, IOMMU_OPTION, &request))
		die("IOMMU_OPTION");
}

static const struct {
	const char *name;
	void (*once)(void);
} cases[] = { { "replace", replace_once }, { "map-unmap", map_and_unmap_once }, { "option", option_once } };

static void set_up(const char *cdev)
{
	uint32_t other;

	open_device(cdev);
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (pages == MAP_FAILED)
		die("mmap");
	ioas = alloc_ioas();
	other = alloc_ioas();
	map(ioas, pages, PAGE, FIXED_IOVA);
	map(other, pages, PAGE, FIXED_IOVA);
	hwpts[0] = alloc_hwpt(ioas);
	hwpts[1] = alloc_hwpt(other);
	attach(hwpts[0]);
}

static void *sleep_until_posted(void *semaphore)
{
	while (sem_wait(semaphore))
		;
	return NULL;
}

static int64_t time_calls(void (*once)(void), long calls, int threads)
{
	pthread_t second;
	sem_t end;
	int64_t begin, spent;

	sem_init(&end, 0, 0);
	if (threads > 1 && (errno = pthread_create(&second, NULL, sleep_until_posted, &end)))
		die("pthread_create");
	begin = now();
	for (long i = 0; i < calls; i++)
		once();
	spent = now() - begin;
	if (threads > 1) {
		sem_post(&end);
		pthread_join(second, NULL);
	}
	sem_destroy(&end);
	return spent;
}

int main(int count, char **arguments)
{
	char name[32];
	long calls;
	int threads;

	if (count != 2) {
		fputs("usage: call-costs CDEV   of a device that vfio-pci has\n", stderr);
		return 2;
	}
	set_up(arguments[1]);
	while (scanf("%31s %ld %d", name, &calls, &threads) == 3) {
		void (*once)(void) = NULL;

		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			if (strcmp(cases[i].name, name) == 0)
				once = cases[i].once;
		if (!once) {
			fprintf(stderr, "call-costs: no case '%s'\n", name);
			return 2;
		}
		printf("%" PRId64 "\n", time_calls(once, calls, threads));
		fflush(stdout);
	}
	return 0;
}
