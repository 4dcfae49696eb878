package io.iommufd4j.conformance.errors;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.iommufd4j.bindings.iommufd.iommufd_h;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.iommu_test_cmd;
import io.iommufd4j.bindings.selftest.selftest_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.BoundDevice;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.kernel.Errno;
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

  /** The ids that a mock device comes with. */
  record Mock(int selftest, int hwpt, int device) {}

  Scene(KernelUnderTest kernel) {
    this.kernel = kernel;
    this.iommufd = kernel.iommufd();
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

  /** What the kernel answers to a command whose block is said to be at an address. */
  int answerAt(Request command, long address) {
    return iommufd.ioctl(command.number(), MemorySegment.ofAddress(address));
  }

  /** Asks for something that is to succeed, and takes one field of the answer. */
  int make(RequestBlock block, String field) {
    Answers.ok(iommufd.ioctl(block));
    return (int) block.get(field);
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
  Mock mock(int ioas) {
    MemorySegment command = test(selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN(), ioas);
    int answer = iommufd.ioctl(selftest_h.IOMMU_TEST_CMD(), command);
    assumeFalse(answer == -Errno.ENOTTY, "this kernel has no CONFIG_IOMMUFD_TEST");
    Answers.ok(answer);
    MemorySegment ids = iommu_test_cmd.mock_domain(command);
    return new Mock(
        iommu_test_cmd.mock_domain.out_stdev_id(ids),
        iommu_test_cmd.mock_domain.out_hwpt_id(ids),
        iommu_test_cmd.mock_domain.out_idev_id(ids));
  }

  /** A mock device without dirty tracking, attached to an IOAS. */
  Mock mockWithoutDirtyTracking(int ioas) {
    MemorySegment command = test(selftest_h.IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS(), ioas);
    MemorySegment ids = iommu_test_cmd.mock_domain_flags(command);
    iommu_test_cmd.mock_domain_flags.dev_flags(ids, selftest_h.MOCK_FLAGS_DEVICE_NO_DIRTY());
    int answer = iommufd.ioctl(selftest_h.IOMMU_TEST_CMD(), command);
    assumeFalse(answer == -Errno.ENOTTY, "this kernel has no CONFIG_IOMMUFD_TEST");
    Answers.ok(answer);
    return new Mock(
        iommu_test_cmd.mock_domain_flags.out_stdev_id(ids),
        iommu_test_cmd.mock_domain_flags.out_hwpt_id(ids),
        iommu_test_cmd.mock_domain_flags.out_idev_id(ids));
  }

  private MemorySegment test(int operation, int id) {
    MemorySegment command = buffer(iommu_test_cmd.sizeof());
    iommu_test_cmd.size(command, (int) iommu_test_cmd.sizeof());
    iommu_test_cmd.op(command, operation);
    iommu_test_cmd.id(command, id);
    return command;
  }

  /** One of the machine's own devices, bound through VFIO. */
  BoundDevice vfioDevice() {
    return kernel.bound(iommufd, kernel.machine().lone().getFirst());
  }

  /** An HWPT of a mock device. */
  int hwpt(Mock mock, int ioas, int flags) {
    return Answers.ok(iommufd.hwptAlloc(mock.device(), ioas, flags));
  }

  /** A block for an HWPT with the mock's data on top of a parent, a HWPT or a vIOMMU. */
  RequestBlock nestedBlock(RequestBlock block, Mock mock, int parent) {
    MemorySegment data = buffer(iommu_hwpt_selftest.sizeof());
    iommu_hwpt_selftest.iotlb(data, selftest_h.IOMMU_TEST_IOTLB_DEFAULT());
    return block
        .set("dev_id", mock.device())
        .set("pt_id", parent)
        .set("data_type", selftest_h.IOMMU_HWPT_DATA_SELFTEST())
        .set("data_len", iommu_hwpt_selftest.sizeof())
        .set("data_uptr", data.address());
  }

  /** A mock device, an HWPT of it that may be a parent, and a vIOMMU on that. */
  record Virtual(int ioas, Mock mock, int parent, int viommu) {}

  /** A vIOMMU of the mock's. */
  Virtual virtual() {
    int ioas = ioas();
    Mock mock = mock(ioas);
    int parent = hwpt(mock, ioas, iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT());
    int viommu =
        make(viommuBlock(block(Request.IOMMU_VIOMMU_ALLOC), mock, parent), "out_viommu_id");
    return new Virtual(ioas, mock, parent, viommu);
  }

  RequestBlock viommuBlock(RequestBlock block, Mock mock, int parent) {
    return block
        .set("type", selftest_h.IOMMU_VIOMMU_TYPE_SELFTEST())
        .set("dev_id", mock.device())
        .set("hwpt_id", parent);
  }

  /** A nested HWPT on a parent. */
  int nested(Mock mock, int parent) {
    return make(nestedBlock(block(Request.IOMMU_HWPT_ALLOC), mock, parent), "out_hwpt_id");
  }

  /** A vDEVICE. */
  int vdevice(Virtual virtual, Mock mock, long virtualId) {
    return make(
        block(Request.IOMMU_VDEVICE_ALLOC)
            .set("viommu_id", virtual.viommu())
            .set("dev_id", mock.device())
            .set("virt_id", virtualId),
        "out_vdevice_id");
  }

  /** A descriptor that the request made, closed after the test. */
  void keep(int descriptor) {
    kernel.closeAfter(descriptor);
  }
}
