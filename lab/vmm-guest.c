// SPDX-License-Identifier: Apache-2.0
/*
 * Process 1 of the guest of lab/vmm: has the edu device by the guest's own vfio-pci, drives it by DMA, waits for its
 * interrupts, and checks every byte. Memory goes into the device and comes back to another page. Where the guest has
 * an IOMMU, each round maps the two pages at other IOVAs by iommufd; where it has none, VFIO is in no-IOMMU mode and
 * DMA is by physical addresses. A line on the console says how it goes. With rounds=N on the kernel's command line the
 * guest ends after N rounds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <linux/iommufd.h>
#include <linux/vfio.h>

enum { PAGE = 4096, COUNT = 2048, BUFFER = 0x40000, PATH_SIZE = 300 };
enum { RAISED = 0x24, LOWER = 0x64, SOURCE = 0x80, TARGET = 0x88, LENGTH = 0x90, COMMAND = 0x98 };
enum { RUN = 1, TO_MEMORY = 2, INTERRUPT = 4, DMA_DONE = 0x100 };
/* A transfer takes 100 ms; an emulated machine on a busy host may take far longer. */
enum { INTERRUPT_MILLIS = 30000 };
/* What edu reaches begins at 0 and has 28 bits. */
enum { FIRST_IOVA = 0x1000000, IOVA_STEP = 0x100000, IOVA_STEPS = 64 };

static volatile uint8_t *bar;
static int iommufd = -1, device = -1, interrupt = -1;
static uint32_t ioas;
static unsigned long interrupts, lost;

static void fail(const char *what)
{
	printf("vmm-guest: failed: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	for (;;)
		pause();
}

static int must(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

static void write_to(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY), path);

	must(write(fd, text, strlen(text)), path);
	close(fd);
}

static int reads(const char *name, const char *file, const char *expected)
{
	char path[PATH_SIZE], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/%s", name, file);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return !strncmp(text, expected, strlen(expected));
}

static void find_edu(char *bdf, size_t size)
{
	DIR *devices = opendir("/sys/bus/pci/devices");
	struct dirent *entry;

	while (devices && (entry = readdir(devices)))
		if (reads(entry->d_name, "vendor", "0x1234") && reads(entry->d_name, "device", "0x11e8")) {
			snprintf(bdf, size, "%.32s", entry->d_name);
			closedir(devices);
			return;
		}
	errno = ENODEV;
	fail("edu");
}

/* The node of the device in a directory of its own in sysfs, as vfio-dev; false when there is none. */
static int node(const char *bdf, const char *directory, const char *nodes, char *path)
{
	char name[PATH_SIZE];
	struct dirent *entry;
	DIR *found;

	snprintf(name, sizeof(name), "/sys/bus/pci/devices/%.32s/%s", bdf, directory);
	found = opendir(name);
	while (found && (entry = readdir(found)))
		if (entry->d_name[0] != '.') {
			snprintf(path, PATH_SIZE, "%s/%.200s", nodes, entry->d_name);
			closedir(found);
			return 1;
		}
	return 0;
}

/* By the group: in no-IOMMU mode there is no other way. */
static void open_without_iommu(const char *bdf)
{
	char path[PATH_SIZE], target[PATH_SIZE] = "";
	int group, container;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.32s/iommu_group", bdf);
	must(readlink(path, target, sizeof(target) - 1), path);
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%.200s", strrchr(target, '/') + 1);
	container = must(open("/dev/vfio/vfio", O_RDWR), "/dev/vfio/vfio");
	group = must(open(path, O_RDWR), path);
	must(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), "VFIO_GROUP_SET_CONTAINER");
	must(ioctl(container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU), "VFIO_SET_IOMMU");
	device = must(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf), "VFIO_GROUP_GET_DEVICE_FD");
}

static void open_with_iommu(const char *cdev)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	iommufd = must(open("/dev/iommu", O_RDWR), "/dev/iommu");
	device = must(open(cdev, O_RDWR), cdev);
	bind.iommufd = iommufd;
	must(ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind), "VFIO_DEVICE_BIND_IOMMUFD");
	must(ioctl(iommufd, IOMMU_IOAS_ALLOC, &alloc), "IOMMU_IOAS_ALLOC");
	ioas = alloc.out_ioas_id;
	attach.pt_id = ioas;
	must(ioctl(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach), "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static void use_device(void)
{
	struct vfio_region_info config = { .argsz = sizeof(config), .index = VFIO_PCI_CONFIG_REGION_INDEX };
	struct vfio_region_info first = { .argsz = sizeof(first), .index = VFIO_PCI_BAR0_REGION_INDEX };
	uint16_t command = 0x0006; /* memory and bus mastering */
	struct {
		struct vfio_irq_set head;
		int32_t eventfd;
	} set = { .head = { .argsz = sizeof(set), .index = VFIO_PCI_MSI_IRQ_INDEX, .count = 1,
			    .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER } };

	must(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config), "region of the configuration space");
	if (pwrite(device, &command, 2, config.offset + 4) != 2)
		fail("bus mastering");
	must(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &first), "region of BAR 0");
	bar = mmap(NULL, first.size, PROT_READ | PROT_WRITE, MAP_SHARED, device, first.offset);
	if (bar == MAP_FAILED)
		fail("mmap of BAR 0");
	interrupt = must(eventfd(0, 0), "eventfd");
	set.eventfd = interrupt;
	must(ioctl(device, VFIO_DEVICE_SET_IRQS, &set), "VFIO_DEVICE_SET_IRQS");
}

static uint64_t physical(const void *address)
{
	uint64_t entry = 0;
	int fd = must(open("/proc/self/pagemap", O_RDONLY), "pagemap");

	if (pread(fd, &entry, sizeof(entry), (uintptr_t)address / PAGE * sizeof(entry)) != sizeof(entry))
		fail("pagemap");
	close(fd);
	if (!(entry & (1ULL << 63)) || !(entry & ((1ULL << 55) - 1)))
		fail("a page that is not present");
	return (entry & ((1ULL << 55) - 1)) * PAGE;
}

static void map(void *page, uint64_t iova)
{
	struct iommu_ioas_map request = { .size = sizeof(request), .ioas_id = ioas, .user_va = (uintptr_t)page, .length = PAGE,
		.iova = iova, .flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE };

	must(ioctl(iommufd, IOMMU_IOAS_MAP, &request), "IOMMU_IOAS_MAP");
}

static void unmap(uint64_t iova)
{
	struct iommu_ioas_unmap request = { .size = sizeof(request), .ioas_id = ioas, .iova = iova, .length = PAGE };

	must(ioctl(iommufd, IOMMU_IOAS_UNMAP, &request), "IOMMU_IOAS_UNMAP");
}

static void set64(unsigned offset, uint64_t value)
{
	*(volatile uint64_t *)(bar + offset) = value;
}

static uint32_t get32(unsigned offset)
{
	return *(volatile uint32_t *)(bar + offset);
}

/* One transfer, whose end an interrupt tells. */
static void transfer(uint64_t from, uint64_t to, unsigned direction)
{
	struct pollfd waited = { .fd = interrupt, .events = POLLIN };
	uint64_t count = 0;

	set64(SOURCE, from);
	set64(TARGET, to);
	set64(LENGTH, COUNT);
	set64(COMMAND, RUN | direction | INTERRUPT);
	if (poll(&waited, 1, INTERRUPT_MILLIS) == 1 && read(interrupt, &count, sizeof(count)) == sizeof(count)) {
		interrupts += count;
		if (!(get32(RAISED) & DMA_DONE) || get32(COMMAND) & RUN)
			lost++;
	} else {
		lost++;
	}
	*(volatile uint32_t *)(bar + LOWER) = DMA_DONE;
}

static uint8_t pattern(unsigned round, unsigned at)
{
	return 1 + (round * 31 + at * 7) % 120;
}

static void end(void)
{
	printf("vmm-guest: over\n");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	fail("reboot");
}

int main(void)
{
	const char *wanted = getenv("rounds");
	unsigned long round, rounds = wanted ? strtoul(wanted, NULL, 10) : 0, good = 0, retried = 0, wrong = 0;
	char edu[33], path[PATH_SIZE];
	uint8_t *memory, *out, *in;

	setvbuf(stdout, NULL, _IOLBF, 0);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	find_edu(edu, sizeof(edu));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", edu);
	write_to(path, "vfio-pci");
	write_to("/sys/bus/pci/drivers_probe", edu);
	if (node(edu, "vfio-dev", "/dev/vfio/devices", path) && !strstr(path, "noiommu"))
		open_with_iommu(path);
	else
		open_without_iommu(edu);
	use_device();
	printf("vmm-guest: edu id %x, %s\n", get32(0), iommufd >= 0 ? "behind an IOMMU" : "without an IOMMU");
	memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		fail("two pages");
	out = memory;
	in = memory + PAGE;
	memset(memory, 1, 2 * PAGE);
	for (round = 0; !rounds || round < rounds; round++) {
		uint64_t iova = FIRST_IOVA + round % IOVA_STEPS * IOVA_STEP;
		unsigned bad = 0, foreign = 0, at;

		for (at = 0; at < COUNT; at++)
			out[at] = pattern(round, at);
		memset(in, 0xee, PAGE);
		if (iommufd >= 0) {
			map(out, iova);
			map(in, iova + PAGE);
		}
		transfer(iommufd >= 0 ? iova : physical(out), BUFFER, 0);
		transfer(BUFFER, iommufd >= 0 ? iova + PAGE : physical(in), TO_MEMORY);
		if (iommufd >= 0) {
			unmap(iova);
			unmap(iova + PAGE);
		}
		for (at = 0; at < COUNT; at++)
			if (in[at] != pattern(round, at)) {
				bad++;
				if (in[at] != 0xee && in[at] != 0 && in[at] != 0xff)
					foreign++;
			}
		for (; at < PAGE; at++)
			foreign += in[at] != 0xee;
		if (!bad && !foreign)
			good++;
		else if (!foreign)
			retried++;
		else
			wrong++;
		printf("vmm-guest: good %lu failed %lu wrong %lu interrupts %lu lost %lu\n", good, retried, wrong, interrupts, lost);
	}
	end();
}
