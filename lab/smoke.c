// SPDX-License-Identifier: Apache-2.0
/*
 * The lab's own check of its kernel and devices: it moves a group from one HWPT to
 * another under the edu functions named on the command line (all of one group, the first is the
 * one replaced through) and checks which buffer their DMA reads.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

enum {
	PAGE = 4096,
	/* Of the edu engine: bytes in one transfer, and the address of its buffer. */
	TRANSFER = 2048,
	EDU_BUFFER = 0x40000,
	EDU_DMA_SOURCE = 0x80,
	EDU_DMA_DESTINATION = 0x88,
	EDU_DMA_COUNT = 0x90,
	EDU_DMA_COMMAND = 0x98,
	EDU_DMA_RUN = 1,
	EDU_DMA_TO_MEMORY = 2,
	PCI_COMMAND = 4,
	PCI_COMMAND_MEMORY_AND_MASTER = 6,
	MOST_FUNCTIONS = 8
};

/* Both within the 28 bits edu drives. */
#define SOURCE_IOVA 0x100000ULL
#define LANDING_IOVA 0x200000ULL

struct function {
	const char *bdf;
	int fd;
	uint32_t id;
	volatile uint8_t *bar;
};

static int iommufd;
static int failures;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	fputs("smoke: ", stderr);
	vfprintf(stderr, format, arguments);
	fprintf(stderr, ": %s\n", strerror(error));
	exit(1);
}

static void check(int holds, const char *statement, const char *about)
{
	printf("%s - %s%s%s\n", holds ? "ok" : "not ok", about, *about ? ": " : "", statement);
	failures += !holds;
}

static void *page_of(int byte)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		die("mmap of a page");
	return memset(page, byte, PAGE);
}

static uint32_t alloc_ioas(void)
{
	struct iommu_ioas_alloc request = { .size = sizeof(request) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &request))
		die("IOMMU_IOAS_ALLOC");
	return request.out_ioas_id;
}

static void map(uint32_t ioas, void *page, uint64_t iova)
{
	struct iommu_ioas_map request = {
		.size = sizeof(request),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)page,
		.length = PAGE,
		.iova = iova,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP, &request))
		die("IOMMU_IOAS_MAP");
}

static uint32_t alloc_hwpt(uint32_t device, uint32_t ioas)
{
	struct iommu_hwpt_alloc request = { .size = sizeof(request), .dev_id = device, .pt_id = ioas };

	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &request))
		die("IOMMU_HWPT_ALLOC");
	return request.out_hwpt_id;
}

/* Returns 0 or the errno. */
static int destroy(uint32_t id)
{
	struct iommu_destroy request = { .size = sizeof(request), .id = id };

	return ioctl(iommufd, IOMMU_DESTROY, &request) ? errno : 0;
}

static void attach(const struct function *function, uint32_t hwpt)
{
	struct vfio_device_attach_iommufd_pt request = { .argsz = sizeof(request), .pt_id = hwpt };

	if (ioctl(function->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &request))
		die("VFIO_DEVICE_ATTACH_IOMMUFD_PT of %s", function->bdf);
	check(request.pt_id == hwpt, "attach writes the HWPT's id back", function->bdf);
}

static int open_cdev(const char *bdf)
{
	char path[512];
	struct dirent *entry;
	DIR *directory;
	int fd = -1;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", bdf);
	directory = opendir(path);
	if (!directory)
		die("%s (is it bound to vfio-pci?)", path);
	while ((entry = readdir(directory)))
		if (strncmp(entry->d_name, "vfio", 4) == 0) {
			snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
			fd = open(path, O_RDWR | O_CLOEXEC);
		}
	closedir(directory);
	if (fd < 0)
		die("%s", path);
	return fd;
}

static struct function bind(const char *bdf)
{
	struct function function = { .bdf = bdf, .fd = open_cdev(bdf) };
	struct vfio_device_bind_iommufd request = { .argsz = sizeof(request), .iommufd = iommufd };
	struct vfio_region_info bar = { .argsz = sizeof(bar), .index = VFIO_PCI_BAR0_REGION_INDEX };
	struct vfio_region_info config = { .argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX };
	uint16_t command = PCI_COMMAND_MEMORY_AND_MASTER;

	if (ioctl(function.fd, VFIO_DEVICE_BIND_IOMMUFD, &request))
		die("VFIO_DEVICE_BIND_IOMMUFD of %s", bdf);
	function.id = request.out_devid;
	if (ioctl(function.fd, VFIO_DEVICE_GET_REGION_INFO, &bar) ||
	    ioctl(function.fd, VFIO_DEVICE_GET_REGION_INFO, &config))
		die("VFIO_DEVICE_GET_REGION_INFO of %s", bdf);
	if (pwrite(function.fd, &command, sizeof(command), config.offset + PCI_COMMAND) != sizeof(command))
		die("the command register of %s", bdf);
	function.bar = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED, function.fd, bar.offset);
	if (function.bar == MAP_FAILED)
		die("mmap of BAR 0 of %s", bdf);
	check((*(volatile uint32_t *)function.bar & 0xffff) == 0x00ed, "BAR 0 says edu", bdf);
	return function;
}

static void transfer(const struct function *function, uint64_t source, uint64_t destination, uint64_t direction)
{
	volatile uint64_t *command = (volatile uint64_t *)(function->bar + EDU_DMA_COMMAND);
	struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	int tries;

	*(volatile uint64_t *)(function->bar + EDU_DMA_SOURCE) = source;
	*(volatile uint64_t *)(function->bar + EDU_DMA_DESTINATION) = destination;
	*(volatile uint64_t *)(function->bar + EDU_DMA_COUNT) = TRANSFER;
	*command = EDU_DMA_RUN | direction;
	/* The device takes 100 ms of guest time; a loaded host may stretch that a good deal. */
	for (tries = 0; *command & EDU_DMA_RUN; tries++) {
		if (tries == 6000) {
			errno = ETIMEDOUT;
			die("DMA of %s", function->bdf);
		}
		nanosleep(&pause, NULL);
	}
}

/* The device reads the source page into its buffer and writes that to the landing page. */
static void check_dma(const struct function *function, uint8_t *landing, int byte, const char *statement)
{
	int brought = 1;

	memset(landing, 0, PAGE);
	transfer(function, SOURCE_IOVA, EDU_BUFFER, 0);
	transfer(function, EDU_BUFFER, LANDING_IOVA, EDU_DMA_TO_MEMORY);
	for (int i = 0; i < TRANSFER; i++)
		brought &= landing[i] == byte;
	check(brought && landing[TRANSFER] == 0, statement, function->bdf);
}

int main(int count, char **names)
{
	struct function functions[MOST_FUNCTIONS];
	struct vfio_device_detach_iommufd_pt detach = { .argsz = sizeof(detach) };
	uint8_t *landing = page_of(0);
	uint32_t ioas_a, ioas_b, hwpt_a, hwpt_b;

	if (--count < 1 || count > MOST_FUNCTIONS) {
		fputs("usage: smoke BDF...   edu functions of one group, bound to vfio-pci\n", stderr);
		return 2;
	}
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (iommufd < 0)
		die("/dev/iommu");
	for (int i = 0; i < count; i++)
		functions[i] = bind(names[i + 1]);

	ioas_a = alloc_ioas();
	ioas_b = alloc_ioas();
	map(ioas_a, page_of('A'), SOURCE_IOVA);
	map(ioas_b, page_of('B'), SOURCE_IOVA);
	map(ioas_a, landing, LANDING_IOVA);
	map(ioas_b, landing, LANDING_IOVA);
	hwpt_a = alloc_hwpt(functions[0].id, ioas_a);
	hwpt_b = alloc_hwpt(functions[0].id, ioas_b);

	for (int i = 0; i < count; i++)
		attach(&functions[i], hwpt_a);
	for (int i = 0; i < count; i++)
		check_dma(&functions[i], landing, 'A', "DMA brings A's bytes");
	check(destroy(hwpt_a) == EBUSY, "the attached HWPT is EBUSY", "");

	attach(&functions[0], hwpt_b);
	for (int i = 0; i < count; i++)
		check_dma(&functions[i], landing, 'B', "after the replace DMA brings B's bytes from the same IOVA");
	check(destroy(hwpt_b) == EBUSY, "the HWPT replaced to is EBUSY", "");
	check(destroy(hwpt_a) == 0, "the HWPT replaced from is free to go", "");

	for (int i = 0; i < count; i++)
		check(ioctl(functions[i].fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach) == 0, "detach", functions[i].bdf);
	check(destroy(hwpt_b) == 0 && destroy(ioas_a) == 0 && destroy(ioas_b) == 0, "all objects are gone", "");
	return failures != 0;
}
