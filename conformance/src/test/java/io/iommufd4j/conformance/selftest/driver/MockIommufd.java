// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An open {@code /dev/iommu} and what {@code IOMMU_TEST_CMD} does there, operation by operation.
 * Every method answers as the kernel does: a value ≥ 0 or −errno.
 */
public final class MockIommufd {

  /** {@code IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT} of a kernel that nobody limited, in bytes. */
  public static final int DEFAULT_MEMORY_LIMIT = 65536;

  private final KernelUnderTest test;
  private final OpenIommufd iommufd;
  private final MemorySegment block;

  private MockIommufd(KernelUnderTest test, OpenIommufd iommufd, Arena arena) {
    this.test = test;
    this.iommufd = iommufd;
    this.block = arena.allocate(iommu_test_cmd.layout());
  }

  /** Opens {@code /dev/iommu}. */
  public static MockIommufd open(KernelUnderTest test) {
    return on(test, test.iommufd());
  }

  /** On a file that is open. */
  public static MockIommufd on(KernelUnderTest test, OpenIommufd iommufd) {
    return on(test, iommufd, test.arena());
  }

  /**
   * On a file that is open.
   *
   * @param arena where the memory of requests comes from
   */
  public static MockIommufd on(KernelUnderTest test, OpenIommufd iommufd, Arena arena) {
    return new MockIommufd(test, iommufd, arena);
  }

  /** The file, for the requests that are not the mock's. */
  public OpenIommufd iommufd() {
    return iommufd;
  }

  /** A block for an operation. */
  public TestCommand command(int operation, String member) {
    return new TestCommand(block, operation, member);
  }

  /** Makes the request. */
  public int run(TestCommand command) {
    return command.on(iommufd);
  }

  /** A new device, attached to an IOAS or HWPT. */
  public MockDevice device(int pt) {
    TestCommand command = command(IOMMU_TEST_OP_MOCK_DOMAIN(), "mock_domain").id(pt);
    return device(run(command), command);
  }

  /**
   * A new device, attached to an IOAS or HWPT.
   *
   * @param flags {@code MOCK_FLAGS_DEVICE_*}
   */
  public MockDevice device(int pt, int flags) {
    TestCommand command =
        command(IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS(), "mock_domain_flags")
            .id(pt)
            .set("dev_flags", flags);
    return device(run(command), command);
  }

  private static MockDevice device(int answer, TestCommand command) {
    return answer < 0
        ? new MockDevice(answer, 0, 0, 0)
        : new MockDevice(
            answer,
            command.id("out_stdev_id"),
            command.id("out_hwpt_id"),
            command.id("out_idev_id"));
  }

  /** Replaces what a device is attached to: the id of the HWPT it is on now. */
  public int replace(int stdev, int pt) {
    TestCommand command =
        command(IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE(), "mock_domain_replace")
            .id(stdev)
            .set("pt_id", pt);
    int answer = run(command);
    return answer < 0 ? answer : command.id("pt_id");
  }

  /**
   * Checks that a HWPT translates a range to the very pages that user memory has: 0 when it does.
   */
  public int checkMap(int hwpt, long iova, long bytes, long userAddress) {
    return run(
        command(IOMMU_TEST_OP_MD_CHECK_MAP(), "check_map")
            .id(hwpt)
            .set("iova", iova)
            .set("length", bytes)
            .set("uptr", userAddress));
  }

  /** Checks that each page of user memory is pinned so many times: 0 when it is. */
  public int checkPins(long userAddress, long bytes, int times) {
    return run(
        command(IOMMU_TEST_OP_MD_CHECK_REFS(), "check_refs")
            .set("length", bytes)
            .set("uptr", userAddress)
            .set("refs", times));
  }

  /** Reserves a range of an IOAS, as a device would. */
  public int addReserved(int ioas, long start, long bytes) {
    return run(
        command(IOMMU_TEST_OP_ADD_RESERVED(), "add_reserved")
            .id(ioas)
            .set("start", start)
            .set("length", bytes));
  }

  /**
   * Limits the memory that the kernel may take for a batch of pages, in bytes, on every iommufd.
   */
  public int memoryLimit(int bytes) {
    return run(command(IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT(), "memory_limit").set("limit", bytes));
  }

  /**
   * A kernel's access to an IOAS; given back after the test if not before.
   *
   * @param flags {@code MOCK_FLAGS_ACCESS_CREATE_*}
   */
  public MockAccess access(int ioas, int flags) {
    int fd = Answers.ok(accessFd(ioas, flags));
    return test.keep(new MockAccess(test.kernel(), this, fd));
  }

  /**
   * {@code IOMMU_TEST_OP_CREATE_ACCESS}: the access' descriptor, which is the caller's to close.
   */
  public int accessFd(int ioas, int flags) {
    TestCommand command =
        command(IOMMU_TEST_OP_CREATE_ACCESS(), "create_access").id(ioas).set("flags", flags);
    int answer = run(command);
    return answer < 0 ? answer : command.id("out_access_fd");
  }

  /**
   * Marks pages of a HWPT as written to, as the bits of a map say: how many were marked.
   *
   * @param pageSize bytes that a bit stands for
   */
  public long dirty(int hwpt, long iova, long bytes, long pageSize, MemorySegment bitmap) {
    TestCommand command =
        command(IOMMU_TEST_OP_DIRTY(), "dirty")
            .id(hwpt)
            .set("iova", iova)
            .set("length", bytes)
            .set("page_size", pageSize)
            .set("uptr", bitmap.address());
    int answer = run(command);
    return answer < 0 ? answer : command.get("out_nr_dirty");
  }

  /** Checks that an entry of a nested HWPT's mock IOTLB has a value: 0 when it has. */
  public int checkIotlb(int hwpt, int index, int value) {
    return run(
        command(IOMMU_TEST_OP_MD_CHECK_IOTLB(), "check_iotlb")
            .id(hwpt)
            .set("id", index)
            .set("iotlb", value));
  }

  /** Expects all entries of a nested HWPT's mock IOTLB to have a value. */
  public void allIotlbs(int hwpt, int value) {
    for (int i = 0; i < MOCK_NESTED_DOMAIN_IOTLB_NUM(); i++) {
      Answers.ok(checkIotlb(hwpt, i, value));
    }
  }

  /** Checks that an entry of a device's mock cache has a value: 0 when it has. */
  public int checkCache(int device, int index, int value) {
    return run(
        command(IOMMU_TEST_OP_DEV_CHECK_CACHE(), "check_dev_cache")
            .id(device)
            .set("id", index)
            .set("cache", value));
  }

  /** Expects all entries of a device's mock cache to have a value. */
  public void allCaches(int device, int value) {
    for (int i = 0; i < MOCK_DEV_CACHE_NUM(); i++) {
      Answers.ok(checkCache(device, i, value));
    }
  }

  /**
   * A device asks for a page ({@code IOMMU_TEST_OP_TRIGGER_IOPF}).
   *
   * @param permission {@code IOMMU_PGFAULT_PERM_*}
   */
  public int triggerFault(int device, int pasid, int group, int permission, long address) {
    return run(
        command(IOMMU_TEST_OP_TRIGGER_IOPF(), "trigger_iopf")
            .set("dev_id", device)
            .set("pasid", pasid)
            .set("grpid", group)
            .set("perm", permission)
            .set("addr", address));
  }

  /** A device raises an event ({@code IOMMU_TEST_OP_TRIGGER_VEVENT}). */
  public int triggerEvent(int device) {
    return run(command(IOMMU_TEST_OP_TRIGGER_VEVENT(), "trigger_vevent").set("dev_id", device));
  }

  /** Attaches a PASID of a device. */
  public int attachPasid(int stdev, int pasid, int pt) {
    return run(
        command(IOMMU_TEST_OP_PASID_ATTACH(), "pasid_attach")
            .id(stdev)
            .set("pasid", pasid)
            .set("pt_id", pt));
  }

  /** Replaces what a PASID of a device is attached to. */
  public int replacePasid(int stdev, int pasid, int pt) {
    return run(
        command(IOMMU_TEST_OP_PASID_REPLACE(), "pasid_replace")
            .id(stdev)
            .set("pasid", pasid)
            .set("pt_id", pt));
  }

  /** Detaches a PASID of a device. */
  public int detachPasid(int stdev, int pasid) {
    return run(command(IOMMU_TEST_OP_PASID_DETACH(), "pasid_detach").id(stdev).set("pasid", pasid));
  }

  /** Checks that a PASID of a device is on a HWPT, or with id 0 on none: 0 when it is. */
  public int checkPasid(int stdev, int pasid, int hwpt) {
    return run(
        command(IOMMU_TEST_OP_PASID_CHECK_HWPT(), "pasid_check")
            .id(stdev)
            .set("pasid", pasid)
            .set("hwpt_id", hwpt));
  }

  /**
   * {@code IOMMU_TEST_OP_DMABUF_GET}: a descriptor as the kernel answers it, which Linux 7.3.4 does
   * not: it makes one and answers 0.
   */
  public int dmaBuf(int bytes) {
    return run(
        command(IOMMU_TEST_OP_DMABUF_GET(), "dmabuf_get")
            .set("length", bytes)
            .set("open_flags", libc_h.O_CLOEXEC()));
  }

  /** Takes a DMA-BUF's memory back from those who have it mapped, or gives it to them again. */
  public int revokeDmaBuf(int fd, boolean revoked) {
    return run(
        command(IOMMU_TEST_OP_DMABUF_REVOKE(), "dmabuf_revoke")
            .set("dmabuf_fd", fd)
            .set("revoked", revoked ? 1 : 0));
  }
}
