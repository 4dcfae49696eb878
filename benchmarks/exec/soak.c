// SPDX-License-Identifier: Apache-2.0
/*
 * Many requests from many threads, and beside them processes that live for a few requests each: soak REQUESTS THREADS PROCESSES
 * Each request's answer is checked. Prints how many were made once they were, and exits with 1 at the first wrong answer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define IOMMU_DESTROY 0x3b80
#define IOMMU_IOAS_ALLOC 0x3b81
#define IOMMU_IOAS_MAP 0x3b85
#define IOMMU_IOAS_UNMAP 0x3b86
#define IOMMU_OPTION 0x3b87

#define PAGE 4096UL
#define OPTIONS 20

/* Made between an open of /dev/iommu and its close, all of them. */
#define REQUESTS (OPTIONS + 4)

struct alloc {
	uint32_t size, flags, id;
};

struct map {
	uint32_t size, flags, id, reserved;
	uint64_t address, length, iova;
};

struct unmap {
	uint32_t size, id;
	uint64_t iova, length;
};

struct option {
	uint32_t size, id;
	uint16_t op, reserved;
	uint32_t object;
	uint64_t value;
};

struct object {
	uint32_t size, id;
};

extern char **environ;

static long rounds;

static void wrong(const char *what)
{
	perror(what);
	_exit(1);
}

static void round_of_requests(void *page)
{
	struct alloc alloc = {.size = sizeof(alloc)};
	struct map map = {.size = sizeof(map), .flags = 6, .address = (uintptr_t)page, .length = PAGE};
	struct unmap unmap = {.size = sizeof(unmap), .length = PAGE};
	struct option option = {.size = sizeof(option), .op = 1};
	struct object object = {.size = sizeof(object)};
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		wrong("open");
	if (ioctl(fd, IOMMU_IOAS_ALLOC, &alloc) || alloc.id != 1)
		wrong("IOMMU_IOAS_ALLOC");
	map.id = unmap.id = object.id = alloc.id;
	if (ioctl(fd, IOMMU_IOAS_MAP, &map))
		wrong("IOMMU_IOAS_MAP");
	for (int i = 0; i < OPTIONS; i++)
		if (ioctl(fd, IOMMU_OPTION, &option))
			wrong("IOMMU_OPTION");
	unmap.iova = map.iova;
	if (ioctl(fd, IOMMU_IOAS_UNMAP, &unmap) || unmap.length != PAGE)
		wrong("IOMMU_IOAS_UNMAP");
	if (ioctl(fd, IOMMU_DESTROY, &object))
		wrong("IOMMU_DESTROY");
	if (close(fd))
		wrong("close");
}

static void *page_of_memory(void)
{
	void *page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		wrong("mmap");
	return page;
}

static void *work(void *unused)
{
	void *page = page_of_memory();

	(void)unused;
	for (long i = 0; i < rounds; i++)
		round_of_requests(page);
	return 0;
}

int main(int count, char **arguments)
{
	long threads, processes, requests;
	pthread_t *all;

	if (count == 2 && !strcmp(arguments[1], "once")) {
		round_of_requests(page_of_memory());
		return 0;
	}
	if (count != 4)
		return 2;
	requests = atol(arguments[1]);
	threads = atol(arguments[2]);
	processes = atol(arguments[3]);
	rounds = requests / threads / REQUESTS;
	all = calloc(threads, sizeof(*all));
	for (long i = 0; i < threads; i++)
		if (pthread_create(&all[i], 0, work, 0))
			wrong("pthread_create");
	for (long i = 0; i < processes; i++) {
		char *once[] = {arguments[0], "once", 0};
		pid_t child;
		int status;

		if (posix_spawn(&child, arguments[0], 0, 0, once, environ))
			wrong("posix_spawn");
		if (waitpid(child, &status, 0) != child || status)
			wrong("a process");
	}
	for (long i = 0; i < threads; i++)
		pthread_join(all[i], 0);
	printf("%ld requests of %ld threads, %ld of %ld processes\n", rounds * REQUESTS * threads, threads,
	       processes * REQUESTS, processes);
	return 0;
}
