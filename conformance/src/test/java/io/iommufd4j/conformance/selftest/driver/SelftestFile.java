// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.driver;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.selftest.driver.TestMemory.BUFFER;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;

/**
 * The state each of the kernel's cases starts from and ends with: a buffer, an open {@code
 * /dev/iommu}, and afterwards no page of the buffer that is still pinned.
 */
public final class SelftestFile {

  private final KernelUnderTest test;
  private final TestMemory buffer;
  private final MockIommufd mock;
  private final OpenIommufd iommufd;
  private final ObjectRequests objects;

  private SelftestFile(KernelUnderTest test) {
    this.test = test;
    this.buffer = TestMemory.aligned(test, BUFFER);
    test.keep(this::nothingStaysPinned);
    this.mock = MockIommufd.open(test);
    this.iommufd = mock.iommufd();
    this.objects = new ObjectRequests(iommufd);
  }

  public static SelftestFile open(KernelUnderTest test) {
    return new SelftestFile(test);
  }

  private void nothingStaysPinned() {
    MockIommufd after = MockIommufd.open(test);
    same(0, after.checkPins(buffer.address(), buffer.bytes(), 0));
    after.iommufd().close();
  }

  public KernelUnderTest test() {
    return test;
  }

  /** The buffer: {@link TestMemory#BUFFER} bytes. */
  public TestMemory buffer() {
    return buffer;
  }

  public MockIommufd mock() {
    return mock;
  }

  public OpenIommufd iommufd() {
    return iommufd;
  }

  public ObjectRequests objects() {
    return objects;
  }

  /** A new IOAS. */
  public int ioas() {
    return ok(iommufd.ioasAlloc());
  }
}
