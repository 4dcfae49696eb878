// SPDX-License-Identifier: Apache-2.0
/*
 * The C side of the comparison that benchmarks/beside-c makes: the same requests in the same loops as
 * CallCosts.java, on a device of its own. It reads lines "CASE CALLS THREADS" and answers each with the
 * nanoseconds that all the calls took. With 2 threads the second one sleeps: Linux then counts references
 * to the file in each call, as it does for every Java process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

#define PAGE 4096
#define FIXED_IOVA 0x100000ULL
#define MOVING_IOVA 0x200000ULL

static int iommufd, device;
static uint32_t ioas, hwpts[2];
static uint8_t *pages;
static unsigned int turn;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "call-costs: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t alloc_ioas(void)
{
	struct iommu_ioas_alloc request = { .size = sizeof(request) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &request))
		die("IOMMU_IOAS_ALLOC");
	return request.out_ioas_id;
}

static uint32_t alloc_hwpt(uint32_t device_id, uint32_t parent)
{
	struct iommu_hwpt_alloc request = { .size = sizeof(request), .dev_id = device_id, .pt_id = parent };

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &request))
		die("IOMMU_HWPT_ALLOC");
	return request.out_hwpt_id;
}

static void map(uint32_t into, uint8_t *page, uint64_t iova)
{
	struct iommu_ioas_map request = {
		.size = sizeof(request),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = into,
		.user_va = (uintptr_t)page,
		.length = PAGE,
		.iova = iova,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP, &request))
		die("IOMMU_IOAS_MAP");
}

static void unmap(uint32_t from, uint64_t iova)
{
	struct iommu_ioas_unmap request = { .size = sizeof(request), .ioas_id = from, .iova = iova, .length = PAGE };

	if (ioctl(iommufd, IOMMU_IOAS_UNMAP, &request))
		die("IOMMU_IOAS_UNMAP");
}

static void attach(uint32_t page_table)
{
	struct vfio_device_attach_iommufd_pt request = { .argsz = sizeof(request), .pt_id = page_table };

	if (ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &request))
		die("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static void replace_once(void)
{
	attach(hwpts[++turn & 1]);
}

static void map_and_unmap_once(void)
{
	map(ioas, pages + PAGE, MOVING_IOVA);
	unmap(ioas, MOVING_IOVA);
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

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void set_up(const char *cdev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	uint32_t other;

	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		die("/dev/iommu");
	device = open(cdev, O_RDWR | O_CLOEXEC);
	if (device < 0)
		die(cdev);
	bind.iommufd = iommufd;
	if (ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		die("VFIO_DEVICE_BIND_IOMMUFD");
	pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (pages == MAP_FAILED)
		die("mmap");
	ioas = alloc_ioas();
	other = alloc_ioas();
	map(ioas, pages, FIXED_IOVA);
	map(other, pages, FIXED_IOVA);
	hwpts[0] = alloc_hwpt(bind.out_devid, ioas);
	hwpts[1] = alloc_hwpt(bind.out_devid, other);
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
