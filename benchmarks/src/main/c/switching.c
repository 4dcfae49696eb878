// SPDX-License-Identifier: Apache-2.0
/*
 * The C side of benchmarks/switching: gives QEMU's edu device another translation of many areas in the same three
 * ways as `iommufdctl bench`, under the same DMA. For each case AREAS:BYTES it prints a line for each way:
 *
 *   C AREAS BYTES WAY SWITCHES MEDIAN-NS P99-NS LONGEST-NS LOST ALL WRONG GAP-NS
 *
 * LOST, WRONG and ALL are transfers during switches back to back; GAP is the longest time between two that arrived,
 * around single switches. Or "C AREAS BYTES limit PLACED ERRNO" where the areas did not all go in.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROGRAM "switching"
#include "requests.h"

#define FIRST_IOVA 0x1000000ULL
#define DMA_BYTES 64
#define SOURCE 1024
#define MOST_SINGLE 10
#define QUIET_TRANSFERS 5
#define LONGEST_WAIT 30 /* seconds */
#define MOST_SAMPLES (4 << 20)

/* edu's registers. */
#define DMA_SOURCE 0x80
#define DMA_DESTINATION 0x88
#define DMA_COUNT 0x90
#define DMA_COMMAND 0x98
#define OWN_BUFFER 0x40000
#define RUN 1
#define TO_MEMORY 2

enum way { REMAP, REATTACH, REPLACE };
static const char *const names[] = { "unmap-map", "detach-attach", "replace" };

static uint64_t bar;

static uint32_t ioas[2], hwpt[2];
static uint8_t *block[2];
static void *mapping[2];
static uint64_t *iovas;
static long areas;
static uint64_t bytes;
static int attached, side;

static int64_t *samples;
static long count;

/* What the thread that drives DMA counts. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrival = PTHREAD_COND_INITIALIZER;
static long arrived, lost, wrong;
static int64_t last_arrival, longest_gap, quickest;
static volatile bool stop;
static volatile long moves;
static volatile int mapped;

static void pause_for(int64_t nanos)
{
	struct timespec time = { .tv_sec = nanos / 1000000000, .tv_nsec = nanos % 1000000000 };

	nanosleep(&time, NULL);
}

static void set(uint64_t reg, uint64_t value)
{
	if (pwrite(device, &value, sizeof(value), bar + reg) != sizeof(value))
		die("pwrite of a register");
}

static uint64_t get(uint64_t reg)
{
	uint64_t value;

	if (pread(device, &value, sizeof(value), bar + reg) != sizeof(value))
		die("pread of a register");
	return value;
}

static void transfer(uint64_t from, uint64_t to, uint64_t command)
{
	int64_t start;

	set(DMA_SOURCE, from);
	set(DMA_DESTINATION, to);
	set(DMA_COUNT, DMA_BYTES);
	start = now();
	set(DMA_COMMAND, command);
	if (quickest)
		pause_for(quickest - quickest / 20);
	while (get(DMA_COMMAND) & RUN)
		pause_for(1000000);
	if (!quickest || now() - start < quickest)
		quickest = now() - start;
}

static void *pump(void *unused)
{
	uint8_t pattern[DMA_BYTES], nothing[DMA_BYTES] = { 0 };

	for (int i = 0; i < DMA_BYTES; i++)
		pattern[i] = i + 1;
	transfer(iovas[0] + SOURCE, OWN_BUFFER, RUN);
	while (!stop) {
		long before = moves;
		int expected = mapped, reached = -1, full = 0, touched = 0;
		bool still, right;
		int64_t end;

		for (int i = 0; i < 2; i++)
			memset(block[i], 0, DMA_BYTES);
		transfer(OWN_BUFFER, iovas[0], RUN | TO_MEMORY);
		end = now();
		still = !(before & 1) && moves == before;
		for (int i = 0; i < 2; i++) {
			if (!memcmp(block[i], pattern, DMA_BYTES)) {
				full++;
				reached = i;
			} else if (memcmp(block[i], nothing, DMA_BYTES)) {
				touched++;
			}
		}
		right = full == 1 && !touched && (!still || reached == expected);
		pthread_mutex_lock(&lock);
		if (right) {
			arrived++;
			if (end - last_arrival > longest_gap)
				longest_gap = end - last_arrival;
			last_arrival = end;
			pthread_cond_broadcast(&arrival);
		} else if (!full && !touched) {
			lost++;
		} else {
			wrong++;
		}
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

static void begin(void)
{
	pthread_mutex_lock(&lock);
	arrived = lost = wrong = 0;
	longest_gap = 0;
	pthread_mutex_unlock(&lock);
}

static void await_arrival(int64_t after)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += LONGEST_WAIT;
	pthread_mutex_lock(&lock);
	while (last_arrival <= after) {
		if (pthread_cond_timedwait(&arrival, &lock, &limit)) {
			fprintf(stderr, "switching: no transfer arrived for %d seconds: %ld were lost, %ld wrong\n", LONGEST_WAIT,
				lost, wrong);
			exit(1);
		}
	}
	pthread_mutex_unlock(&lock);
}

static void destroy(uint32_t id)
{
	struct iommu_destroy request = { .size = sizeof(request), .id = id };

	if (ioctl(iommufd, IOMMU_DESTROY, &request))
		die("IOMMU_DESTROY");
}

static void detach(void)
{
	struct vfio_device_detach_iommufd_pt request = { .argsz = sizeof(request) };

	if (ioctl(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &request))
		die("VFIO_DEVICE_DETACH_IOMMUFD_PT");
}

static void switch_once(enum way way)
{
	switch (way) {
	case REPLACE:
		attached ^= 1;
		attach(hwpt[attached]);
		break;
	case REATTACH:
		attached ^= 1;
		detach();
		attach(hwpt[attached]);
		break;
	case REMAP:
		unmap(ioas[attached], 0, UINT64_MAX);
		for (long i = 0; i < areas; i++)
			map(ioas[attached], block[side ^ 1], bytes, iovas[i]);
		break;
	}
	side ^= 1;
}

static void timed(enum way way, bool counts)
{
	int64_t start, spent;

	__atomic_add_fetch(&moves, 1, __ATOMIC_SEQ_CST);
	start = now();
	switch_once(way);
	spent = now() - start;
	mapped = side;
	__atomic_add_fetch(&moves, 1, __ATOMIC_SEQ_CST);
	if (counts && count < MOST_SAMPLES)
		samples[count++] = spent;
}

static int by_value(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

static void measure(enum way way, int64_t time)
{
	int64_t end, gap;
	int made = 0;

	count = 0;
	begin();
	end = now() + time;
	do {
		pause_for(random() % 100000000);
		timed(way, true);
		await_arrival(now());
	} while (++made < MOST_SINGLE && now() < end);
	gap = longest_gap;
	if (way != REMAP)
		for (end = now() + time / 4; now() < end;)
			timed(way, false);
	begin();
	end = now() + time;
	do
		timed(way, true);
	while (now() < end);
	qsort(samples, count, sizeof(*samples), by_value);
	printf("C %ld %" PRIu64 " %s %ld %" PRId64 " %" PRId64 " %" PRId64 " %ld %ld %ld %" PRId64 "\n", areas, bytes,
	       names[way], count, samples[count / 2], samples[count * 99 / 100], samples[count - 1], lost,
	       arrived + lost + wrong, wrong, gap);
	fflush(stdout);
}

/* The IOVAs of the lowest areas, each a multiple of the size; how many there are. */
static long place(uint32_t of)
{
	static struct iommu_iova_range ranges[64];
	struct iommu_ioas_iova_ranges request = {
		.size = sizeof(request), .ioas_id = of, .num_iovas = 64, .allowed_iovas = (uintptr_t)ranges,
	};
	long placed = 0;

	if (ioctl(iommufd, IOMMU_IOAS_IOVA_RANGES, &request))
		die("IOMMU_IOAS_IOVA_RANGES");
	for (uint32_t i = 0; i < request.num_iovas; i++) {
		uint64_t iova = ranges[i].start > FIRST_IOVA ? ranges[i].start : FIRST_IOVA;

		iova = (iova + bytes - 1) / bytes * bytes;
		for (; placed < areas && iova <= ranges[i].last && ranges[i].last - iova >= bytes - 1; iova += bytes)
			iovas[placed++] = iova;
	}
	return placed;
}

static void run_case(int64_t time)
{
	pthread_t thread;
	long placed = 0;

	iovas = calloc(areas, sizeof(*iovas));
	for (int i = 0; i < 2; i++) {
		mapping[i] = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mapping[i] == MAP_FAILED)
			die("mmap");
		block[i] = (uint8_t *)(((uintptr_t)mapping[i] + bytes - 1) & ~(uintptr_t)(bytes - 1));
		memset(block[i], 0, bytes);
		ioas[i] = alloc_ioas();
		hwpt[i] = alloc_hwpt(ioas[i]);
	}
	attach(hwpt[0]);
	attached = side = mapped = 0;
	moves = 0;
	errno = 0;
	if (place(ioas[0]) == areas)
		for (; placed < 2 * areas; placed++)
			if (try_map(ioas[placed / areas], block[placed / areas], bytes, iovas[placed % areas]))
				break;
	if (placed < 2 * areas) {
		printf("C %ld %" PRIu64 " limit %ld %s\n", areas, bytes, placed, errno ? strerror(errno) : "no IOVAs");
		fflush(stdout);
	} else {
		for (int i = 0; i < DMA_BYTES; i++)
			block[0][SOURCE + i] = i + 1;
		stop = false;
		quickest = 0;
		last_arrival = now();
		if ((errno = pthread_create(&thread, NULL, pump, NULL)))
			die("pthread_create");
		for (int i = 0; i < QUIET_TRANSFERS; i++)
			await_arrival(now());
		measure(REPLACE, time);
		measure(REATTACH, time);
		measure(REMAP, time);
		stop = true;
		pthread_join(thread, NULL);
	}
	detach();
	for (int i = 0; i < 2; i++) {
		destroy(hwpt[i]);
		destroy(ioas[i]);
		munmap(mapping[i], 2 * bytes);
	}
	free(iovas);
}

static void set_up(const char *cdev)
{
	struct vfio_region_info region = { .argsz = sizeof(region), .index = VFIO_PCI_BAR0_REGION_INDEX };
	struct vfio_region_info config = { .argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t command;

	open_device(cdev);
	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) || ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config))
		die("VFIO_DEVICE_GET_REGION_INFO");
	bar = region.offset;
	/* Memory space and bus mastering on. */
	if (pread(device, &command, sizeof(command), config.offset + 4) != sizeof(command))
		die("config space");
	command |= 0x6;
	if (pwrite(device, &command, sizeof(command), config.offset + 4) != sizeof(command))
		die("config space");
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fputs("usage: switching CDEV MILLISECONDS AREAS:BYTES...\n", stderr);
		return 2;
	}
	samples = malloc(MOST_SAMPLES * sizeof(*samples));
	if (!samples)
		die("malloc");
	set_up(argv[1]);
	for (int i = 3; i < argc; i++) {
		if (sscanf(argv[i], "%ld:%" SCNu64, &areas, &bytes) != 2 || areas < 1 || bytes < 4096) {
			fprintf(stderr, "switching: no case '%s'\n", argv[i]);
			return 2;
		}
		run_case(atol(argv[2]) * 1000000LL);
	}
	return 0;
}
