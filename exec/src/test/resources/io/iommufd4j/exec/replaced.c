// SPDX-License-Identifier: Apache-2.0
/*
 * Descriptors that mean one file, then another, then none: what a number meant before must not be
 * answered. Exits with 7.
 */
#include "requests.h"

#include <sched.h>

/* Contexts are told apart by the number of IOAS in them: each has one more than the one before. */
static int context(unsigned int count)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	uint32_t id;

	expect(fd >= 0);
	for (unsigned int i = 0; i < count; i++)
		expect(ioas_alloc(fd, &id) == 0);
	return fd;
}

/* The same under a number from 600 on, above all others. */
static int high(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 600);

	expect(moved >= 600 && close(fd) == 0);
	return moved;
}

static uint32_t next_id(int fd)
{
	uint32_t id;

	expect(ioas_alloc(fd, &id) == 0);
	return id;
}

static void *alternate(void *stop)
{
	int own = context(10);

	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		int fd = context(3);
		uint32_t id = next_id(fd);

		/* Another number than in any other context of this program. */
		expect(id == 4);
		expect(close(fd) == 0);
	}
	close(own);
	return 0;
}

/* Has the table of descriptors together with the one that starts it, and is a process of its own. */
static int closes(void *fd)
{
	close(*(int *)fd);
	return 0;
}

int main(void)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	static int stop;
	pthread_t thread[4];
	int one = context(20), kept = dup(one), other = high(context(40)), status;
	pid_t child;

	one = high(one);
	expect(next_id(one) == 21 && next_id(other) == 41);
	/* By dup2 and dup3. */
	expect(dup2(other, one) == one && next_id(one) == 42 && next_id(other) == 43);
	expect(dup3(kept, one, O_CLOEXEC) == one && next_id(one) == 22);
	/* By close, and the number's next use. */
	expect(close(one) == 0);
	expect(ioctl(one, IOMMU_IOAS_ALLOC, 0) == -1 && errno == EBADF);
	expect(next_id(kept) == 23);
	expect(high(context(50)) == one && next_id(one) == 51);
	/* By close_range. */
	expect(syscall(SYS_close_range, 600, ~0U, 0) == 0);
	expect(ioctl(one, IOMMU_IOAS_ALLOC, 0) == -1 && errno == EBADF);
	expect(ioctl(other, IOMMU_IOAS_ALLOC, 0) == -1 && errno == EBADF);
	expect(next_id(kept) == 24);
	/* A child's descriptors are its own. */
	one = high(context(60));
	expect(next_id(one) == 61);
	child = fork();
	expect(child >= 0);
	if (child == 0) {
		expect(next_id(one) == 62 && close(one) == 0);
		expect(ioctl(one, IOMMU_IOAS_ALLOC, 0) == -1 && errno == EBADF);
		_exit(0);
	}
	expect(waitpid(child, &status, 0) == child && status == 0);
	expect(next_id(one) == 63);
	/* Unless they have one table. */
	child = clone(closes, stack + sizeof(stack), CLONE_FILES | SIGCHLD, &one);
	expect(child >= 0 && waitpid(child, &status, 0) == child && status == 0);
	expect(ioctl(one, IOMMU_IOAS_ALLOC, 0) == -1 && errno == EBADF);
	/* By threads, of which each uses numbers that others have just closed. */
	for (int i = 0; i < 4; i++)
		expect(pthread_create(&thread[i], 0, alternate, &stop) == 0);
	for (int i = 0; i < 200; i++) {
		int fd = context(1);

		expect(next_id(fd) == 2 && close(fd) == 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		expect(pthread_join(thread[i], 0) == 0);
	expect(next_id(kept) == 25 && close(kept) == 0);
	return 7;
}
