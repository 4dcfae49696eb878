// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.kernel.Kernel;

/**
 * The kernel's own access to an IOAS, as mediated devices have it: it pins pages, and reads and
 * writes through the IOAS' mappings. Every method answers as the kernel does.
 */
public final class MockAccess implements Handle {

  private final Kernel kernel;
  private final MockIommufd mock;
  private final int fd;
  private boolean open = true;

  public MockAccess(Kernel kernel, MockIommufd mock, int fd) {
    this.kernel = kernel;
    this.mock = mock;
    this.fd = fd;
  }

  /** The descriptor that it lives and goes with. */
  public int fd() {
    return fd;
  }

  /**
   * Pins pages ({@code IOMMU_TEST_OP_ACCESS_PAGES}).
   *
   * @param userAddress where the kernel shall find the same pages mapped; 0 leaves that unchecked
   *     with {@code MOCK_FLAGS_ACCESS_SYZ} alone
   * @return the id of what was pinned
   */
  public int pin(long iova, long bytes, long userAddress) {
    return pin(iova, bytes, userAddress, 0);
  }

  /** As above, with {@code MOCK_FLAGS_ACCESS_*}. */
  public int pin(long iova, long bytes, long userAddress, int flags) {
    TestCommand command =
        mock.command(IOMMU_TEST_OP_ACCESS_PAGES(), "access_pages")
            .id(fd)
            .set("flags", flags)
            .set("iova", iova)
            .set("length", bytes)
            .set("uptr", userAddress);
    int answer = mock.run(command);
    return answer < 0 ? answer : command.id("out_access_pages_id");
  }

  /** Unpins what was pinned ({@code IOMMU_TEST_OP_DESTROY_ACCESS_PAGES}). */
  public int unpin(int pages) {
    return mock.run(
        mock.command(IOMMU_TEST_OP_DESTROY_ACCESS_PAGES(), "destroy_access_pages")
            .id(fd)
            .set("access_pages_id", pages));
  }

  /**
   * Reads from the IOAS into user memory or writes from there ({@code IOMMU_TEST_OP_ACCESS_RW}).
   *
   * @param flags {@code MOCK_ACCESS_RW_*}
   */
  public int transfer(long iova, long bytes, long userAddress, int flags) {
    return mock.run(
        mock.command(IOMMU_TEST_OP_ACCESS_RW(), "access_rw")
            .id(fd)
            .set("iova", iova)
            .set("length", bytes)
            .set("uptr", userAddress)
            .set("flags", flags));
  }

  /** Turns to another IOAS ({@code IOMMU_TEST_OP_ACCESS_REPLACE_IOAS}). */
  public int replaceIoas(int ioas) {
    return mock.run(
        mock.command(IOMMU_TEST_OP_ACCESS_REPLACE_IOAS(), "access_replace_ioas")
            .id(fd)
            .set("ioas_id", ioas));
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(kernel.close(fd));
    }
  }
}
