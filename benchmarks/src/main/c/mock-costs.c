// SPDX-License-Identifier: Apache-2.0
/*
 * The C side of the comparison that benchmarks/beside-kernel makes: the same requests in the same loops as MockCall.java
 * and SimulatedCosts.java.
 */
#include <sys/mman.h>

#define PROGRAM "mock-costs"
#include "requests.h"
#include "turns.h"

#define PAGE 4096
/* What devices of the mock driver reach begins there. */
#define FIRST_IOVA (1ULL << 24)

/* The mock driver's command (CONFIG_IOMMUFD_TEST), which the UAPI headers do not have: IOMMU_TEST_CMD, its size. */
#define MOCK_COMMAND _IO(IOMMUFD_TYPE, 0xa0)
#define MOCK_DOMAIN 2
#define MOCK_DOMAIN_REPLACE 10

struct mock_request {
	uint32_t size, op, id, reserved;
	/* Of MOCK_DOMAIN: the mock's number of the device, its page table, the id that it is bound under. */
	uint32_t rest[14];
};

static uint32_t mock, hwpts[2], mapped, filled;
static uint64_t next_iova = FIRST_IOVA;
static uint8_t *page;
static unsigned int turn;

static void request_mock(struct mock_request *request)
{
	request->size = sizeof(*request);
	if (ioctl(iommufd, MOCK_COMMAND, request))
		die("IOMMU_TEST_CMD");
}

/* A device on a page table of its own. */
static void add_mock(uint32_t page_table)
{
	struct mock_request request = { .op = MOCK_DOMAIN, .id = page_table };

	request_mock(&request);
	mock = request.rest[0];
	device_id = request.rest[2];
}

static void replace_once(void)
{
	struct mock_request request = { .op = MOCK_DOMAIN_REPLACE, .id = mock, .rest = { hwpts[++turn & 1] } };

	request_mock(&request);
}

static void map_and_unmap_once(void)
{
	map(mapped, page, PAGE, FIRST_IOVA);
	unmap(mapped, FIRST_IOVA, PAGE);
}

/* One page more, beside a gap of one. */
static void fill_once(void)
{
	map(filled, page, PAGE, next_iova);
	next_iova += 2 * PAGE;
}

static void map_anywhere_once(void)
{
	struct iommu_ioas_map request = {
		.size = sizeof(request),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE,
		.ioas_id = filled,
		.user_va = (uintptr_t)page,
		.length = PAGE,
	};

	if (ioctl(iommufd, IOMMU_IOAS_MAP, &request))
		die("IOMMU_IOAS_MAP");
}

static void unmap_all_once(void)
{
	unmap(filled, 0, UINT64_MAX);
	next_iova = FIRST_IOVA;
}

static const struct timed cases[] = {
	{ "replace", replace_once },
	{ "map-unmap", map_and_unmap_once },
	{ "option", get_option },
	{ "fill", fill_once },
	{ "map-anywhere", map_anywhere_once },
	{ "unmap-all", unmap_all_once },
};

static void set_up(void)
{
	uint32_t first, second;

	open_iommufd();
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	filled = alloc_ioas();
	mapped = alloc_ioas();
	add_mock(mapped);
	alloc_hwpt(mapped);
	alloc_hwpt(mapped);
	first = alloc_ioas();
	second = alloc_ioas();
	map(first, page, PAGE, FIRST_IOVA);
	map(second, page, PAGE, FIRST_IOVA);
	add_mock(first);
	hwpts[0] = alloc_hwpt(first);
	hwpts[1] = alloc_hwpt(second);
}

int main(void)
{
	set_up();
	return take_turns(cases, sizeof(cases) / sizeof(cases[0]));
}
