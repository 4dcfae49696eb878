// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;

/**
 * One context of {@code /dev/iommu}, and what a request may need there. Devices are the mock
 * driver's, which takes every command, so the answers depend on no hardware.
 */
final class Scene {

  /** An id that nothing has. */
  static final int NOBODY = 0x7fff_ffff;

  /** An IOVA that the mock's aperture holds. */
  static final long IOVA = selftest_h.MOCK_APERTURE_START();

  static final long PAGE = UserPages.PAGE;

  private final KernelUnderTest kernel;
  private final OpenIommufd iommufd;
  private final MockIommufd mock;
  private final ObjectRequests objects;

  public Scene(KernelUnderTest kernel) {
    this.kernel = kernel;
    this.mock = MockIommufd.open(kernel);
    this.iommufd = mock.iommufd();
    this.objects = new ObjectRequests(iommufd);
  }

  KernelUnderTest kernel() {
    return kernel;
  }

  RequestBlock block(Request command) {
    return iommufd.block(command);
  }

  int answer(RequestBlock block) {
    return iommufd.ioctl(block);
  }

  /** The kernel's result for a command whose block is said to be at an address. */
  int answerAt(Request command, long address) {
    return iommufd.ioctl(command.number(), MemorySegment.ofAddress(address));
  }

  /** Requests for what only some IOMMUs have. */
  ObjectRequests objects() {
    return objects;
  }

  /** An address where nothing ever is: too low for the kernel to map anything there. */
  long badAddress() {
    return PAGE;
  }

  /** A new IOAS. */
  int ioas() {
    return Answers.ok(iommufd.ioasAlloc());
  }

  /** A new IOAS with a mapping of so many bytes at {@link #IOVA}. */
  int mapped(long bytes) {
    int ioas = ioas();
    map(ioas, IOVA, bytes);
    return ioas;
  }

  /** Maps fresh memory. */
  void map(int ioas, long iova, long bytes) {
    Answers.ok(iommufd.mapFixed(ioas, memory(bytes), bytes, iova));
  }

  /** Maps fresh memory for reading only. */
  void mapReadOnly(int ioas, long iova, long bytes) {
    UserPages pages = kernel.readOnlyPages((bytes + PAGE - 1) / PAGE);
    Answers.ok(iommufd.mapFixed(ioas, pages.address(), bytes, iova, OpenIommufd.READ));
  }

  /** The address of fresh memory. */
  long memory(long bytes) {
    return kernel.pages((bytes + PAGE - 1) / PAGE).address();
  }

  /** Memory for arguments of a request. */
  MemorySegment buffer(long bytes) {
    return kernel.arena().allocate(bytes, Long.BYTES);
  }

  /** A mock device, attached to an IOAS. */
  public MockDevice mock(int ioas) {
    return mock.device(ioas).ok();
  }

  /** A mock device without dirty tracking, attached to an IOAS. */
  MockDevice mockWithoutDirtyTracking(int ioas) {
    return mock.device(ioas, selftest_h.MOCK_FLAGS_DEVICE_NO_DIRTY()).ok();
  }

  /** One of the machine's own devices, bound through VFIO. */
  BoundDevice vfioDevice() {
    return kernel.bound(iommufd, kernel.machine().lone().getFirst());
  }

  /** An HWPT of a mock device. */
  int hwpt(MockDevice mock, int ioas, int flags) {
    return Answers.ok(iommufd.hwptAlloc(mock.id(), ioas, flags));
  }

  /** A block for an HWPT with the mock's data on top of a parent, a HWPT or a vIOMMU. */
  RequestBlock nestedBlock(RequestBlock block, MockDevice mock, int parent) {
    MemorySegment data = nestedData();
    return block
        .set("dev_id", mock.id())
        .set("pt_id", parent)
        .set("data_type", selftest_h.IOMMU_HWPT_DATA_SELFTEST())
        .set("data_len", data.byteSize())
        .set("data_uptr", data.address());
  }

  private MemorySegment nestedData() {
    MemorySegment data = buffer(iommu_hwpt_selftest.sizeof());
    iommu_hwpt_selftest.iotlb(data, selftest_h.IOMMU_TEST_IOTLB_DEFAULT());
    return data;
  }

  /** A mock device, an HWPT of it that may be a parent, and a vIOMMU on that. */
  record Virtual(int ioas, MockDevice mock, int parent, int viommu) {}

  /** A vIOMMU of the mock's. */
  Virtual virtual() {
    int ioas = ioas();
    MockDevice device = mock(ioas);
    int parent = hwpt(device, ioas, iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT());
    int type = selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST();
    int viommu = Answers.ok(objects.viommu(device.id(), parent, 0, type, ObjectRequests.NO_DATA));
    return new Virtual(ioas, device, parent, viommu);
  }

  /** A nested HWPT on a parent. */
  int nested(MockDevice mock, int parent) {
    return Answers.ok(
        objects.hwpt(mock.id(), parent, 0, selftest_h.IOMMU_HWPT_DATA_SELFTEST(), nestedData()));
  }

  /** A vDEVICE. */
  void vdevice(Virtual virtual, MockDevice mock, long virtualId) {
    Answers.ok(objects.vdevice(virtual.viommu(), mock.id(), virtualId));
  }

  /** A hardware queue, the first of its vIOMMU, in memory that is mapped at {@link #IOVA}. */
  int hardwareQueue(Virtual virtual) {
    int type = selftest_h.IOMMU_HW_QUEUE_TYPE_SELFTEST();
    return Answers.ok(objects.hardwareQueue(virtual.viommu(), type, 0, IOVA, PAGE));
  }

  /** Expects a queue to be there, and closes it after the test. */
  int keep(ObjectRequests.Queue queue) {
    Answers.ok(queue.answer());
    kernel.closeAfter(queue.fd());
    return queue.id();
  }
}
