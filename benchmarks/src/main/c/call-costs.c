// SPDX-License-Identifier: Apache-2.0
/*
 * The C side of the comparison that benchmarks/beside-c makes: the same requests in the same loops as
 * CallCosts.java, on a device of its own.
 */
#include <sys/mman.h>

#define PROGRAM "call-costs"
#include "requests.h"
#include "turns.h"

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

/* What a file that knows no requests answers at once. */
static void be_refused(void)
{
	struct iommu_option request = { .size = sizeof(request) };

	if (ioctl(device, IOMMU_OPTION, &request) == 0 || errno != ENOTTY)
		die("not refused");
}

static const struct timed cases[] = {
	{ "replace", replace_once },
	{ "map-unmap", map_and_unmap_once },
	{ "option", get_option },
};

static const struct timed without_device[] = {
	{ "refused", be_refused },
};

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

int main(int count, char **arguments)
{
	if (count > 2) {
		fputs("usage: call-costs [CDEV]   of a device that vfio-pci has\n", stderr);
		return 2;
	}
	if (count == 1) {
		device = open("/dev/null", O_RDWR | O_CLOEXEC);
		return take_turns(without_device, 1);
	}
	set_up(arguments[1]);
	return take_turns(cases, sizeof(cases) / sizeof(cases[0]));
}
