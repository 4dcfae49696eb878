// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.faults;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_FAULT_ID_VALID;
import static io.iommufd4j.bindings.selftest.selftest_h.*;

import io.iommufd4j.bindings.iommufd.iommu_iova_range;
import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.bindings.selftest.iommu_test_hw_info;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.Needs;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockAccess;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.TestMemory;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** {@code iommufd_fail_nth}: chains of requests in which each place that can fail does, once. */
@Selftest
final class FailNthTest {

  /** So little memory for a batch of pages that what is mapped takes many. */
  private static final int SMALL_BATCHES = 32;

  /** Bytes that most chains map. */
  private static final long MAPPED = 256L << 10;

  private static final int ROOM = 10;
  private static final int PASID = 200;

  @Test
  @Counterpart("basic_fail_nth.basic")
  void addressSpace(KernelUnderTest test) {
    FaultSweep.over(
        test,
        run -> {
          run.faultsFromHere();
          OpenIommufd iommufd = run.open();
          int ioas = run.made(iommufd.ioasAlloc());
          MemorySegment ranges = run.memory(ROOM * iommu_iova_range.sizeof());
          run.made(iommufd.iovaRanges(ioas, ROOM, ranges));
          run.made(iommufd.allowIovas(ioas, 16 << 10, FaultRun.BUFFER + ((600 * 16L) << 10) - 1));
          long iova = run.made(iommufd.map(ioas, run.buffer().address(), FaultRun.BUFFER));
          run.made(
              iommufd.ioctl(
                  iommufd
                      .block(Request.IOMMU_IOAS_COPY)
                      .set("flags", OpenIommufd.READ_WRITE)
                      .set("dst_ioas_id", ioas)
                      .set("src_ioas_id", ioas)
                      .set("src_iova", iova)
                      .set("length", ranges.byteSize())));
          run.made(iommufd.unmap(ioas, iova, FaultRun.BUFFER));
          // Nothing is there any more: refused, with the fault's errno or another.
          iommufd.unmap(ioas, iova, FaultRun.BUFFER);
        });
  }

  @Test
  @Counterpart("basic_fail_nth.map_domain")
  void memoryForOneHwpt(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          run.faultsFromHere();
          MockDevice device = attached(run, ioas);
          mapped(run, ioas);
          run.made(iommufd(run).destroy(device.stdev()));
          attached(run, ioas);
        });
  }

  @Test
  @Counterpart("basic_fail_nth.map_file_domain")
  void fileForOneHwpt(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          run.faultsFromHere();
          MockDevice device = attached(run, ioas);
          run.made(
              iommufd(run)
                  .ioctl(
                      iommufd(run)
                          .block(Request.IOMMU_IOAS_MAP_FILE)
                          .set("flags", OpenIommufd.READ_WRITE)
                          .set("ioas_id", ioas)
                          .set("fd", run.file().fd())
                          .set("length", MAPPED)));
          run.made(iommufd(run).destroy(device.stdev()));
          attached(run, ioas);
        });
  }

  @Test
  @Counterpart("basic_fail_nth.map_two_domains")
  void memoryForTwoHwpts(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          MockDevice first = attached(run, ioas);
          run.faultsFromHere();
          MockDevice second = attached(run, ioas);
          mapped(run, ioas);
          run.made(iommufd(run).destroy(first.stdev()));
          run.made(iommufd(run).destroy(second.stdev()));
          attached(run, ioas);
          attached(run, ioas);
        });
  }

  @Test
  @Counterpart("basic_fail_nth.access_rw")
  void readAndWrite(KernelUnderTest test) {
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          long iova = mapped(run, ioas);
          MemorySegment little = run.memory(32 * Short.BYTES);
          MemorySegment much = run.memory(4096 * Long.BYTES);
          run.faultsFromHere();
          MockAccess access = run.access(ioas, 0);
          int write = MOCK_ACCESS_RW_WRITE();
          int slowly = MOCK_ACCESS_RW_SLOW_PATH();
          for (int flags : new int[] {0, write, slowly, slowly | write}) {
            run.made(access.transfer(iova, little.byteSize(), little.address(), flags));
          }
          run.made(access.transfer(iova, much.byteSize(), much.address(), slowly));
          run.closeAccess();
        });
  }

  @Test
  @Counterpart("basic_fail_nth.access_pin")
  void pinnedForAnAccess(KernelUnderTest test) {
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          long iova = run.made(iommufd(run).map(ioas, run.buffer().address(), FaultRun.BUFFER));
          pinAndUnpin(run, ioas, iova);
        });
  }

  @Test
  @Counterpart("basic_fail_nth.access_pin_domain")
  void pinnedForAnAccessBesideAHwpt(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    FaultSweep.over(
        test,
        run -> {
          int ioas = ioasWithSmallBatches(run);
          MockDevice device = attached(run, ioas);
          long iova = run.made(iommufd(run).map(ioas, run.buffer().address(), FaultRun.BUFFER));
          pinAndUnpin(run, ioas, iova);
          run.made(iommufd(run).destroy(device.stdev()));
        });
  }

  private static void pinAndUnpin(FaultRun run, int ioas, long iova) {
    MockAccess access = run.access(ioas, MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES());
    run.faultsFromHere();
    int pages = run.made(access.pin(iova, FaultRun.BUFFER, run.buffer().address()));
    run.made(access.unpin(pages));
    run.closeAccess();
  }

  @Test
  @Counterpart("basic_fail_nth.device")
  void device(KernelUnderTest test) {
    Needs.MOCK_BESIDE_OTHERS.of(test);
    FaultSweep.over(
        test,
        run -> {
          OpenIommufd iommufd = run.open();
          int first = run.made(iommufd.ioasAlloc());
          int second = run.made(iommufd.ioasAlloc());
          long iova = MOCK_APERTURE_START();
          long memory = run.buffer().address();
          run.made(iommufd.mapFixed(first, memory, TestMemory.PAGE, iova));
          run.made(iommufd.mapFixed(second, memory, TestMemory.PAGE, iova));
          run.faultsFromHere();
          device(run, first, second);
        });
  }

  private static void device(FaultRun run, int first, int second) {
    OpenIommufd iommufd = iommufd(run);
    MockIommufd mock = run.mock();
    var objects = new ObjectRequests(iommufd);
    MockDevice device = mock.device(first, MOCK_FLAGS_DEVICE_PASID());
    run.made(device.answer());
    run.made(objects.hardwareInfo(device.id(), run.memory(iommu_test_hw_info.sizeof())).answer());
    int flat = run.made(iommufd.hwptAlloc(device.id(), first, IOMMU_HWPT_ALLOC_PASID()));
    run.made(mock.replace(device.stdev(), second));
    run.made(mock.replace(device.stdev(), flat));

    int parentFlags = IOMMU_HWPT_ALLOC_NEST_PARENT() | IOMMU_HWPT_ALLOC_PASID();
    int parent = run.made(iommufd.hwptAlloc(device.id(), first, parentFlags));
    int viommu = viommu(run, objects, device, parent);
    nestedWithQueue(run, objects, device, parent);
    ObjectRequests.Queue events = objects.eventQueue(viommu, IOMMU_VEVENTQ_TYPE_SELFTEST(), 2);
    run.made(events.answer());
    run.close(events.fd());

    int other = run.made(iommufd.hwptAlloc(device.id(), first, IOMMU_HWPT_ALLOC_PASID()));
    run.made(mock.attachPasid(device.stdev(), PASID, parent));
    run.attached(device.stdev(), PASID);
    run.made(mock.replacePasid(device.stdev(), PASID, other));
    run.made(mock.detachPasid(device.stdev(), PASID));
    run.detached();
  }

  private static int viommu(FaultRun run, ObjectRequests objects, MockDevice device, int parent) {
    int type = IOMMU_VIOMMU_TYPE_SELFTEST();
    int viommu = run.made(objects.viommu(device.id(), parent, 0, type, ObjectRequests.NO_DATA));
    run.made(objects.vdevice(viommu, device.id(), 0));
    int queueType = IOMMU_HW_QUEUE_TYPE_SELFTEST();
    run.made(objects.hardwareQueue(viommu, queueType, 0, MOCK_APERTURE_START(), TestMemory.PAGE));
    return viommu;
  }

  private static void nestedWithQueue(
      FaultRun run, ObjectRequests objects, MockDevice device, int parent) {
    ObjectRequests.Queue faults = objects.faultQueue();
    run.made(faults.answer());
    run.close(faults.fd());
    MemorySegment data = run.memory(iommu_hwpt_selftest.sizeof());
    iommu_hwpt_selftest.iotlb(data, IOMMU_TEST_IOTLB_DEFAULT());
    int type = IOMMU_HWPT_DATA_SELFTEST();
    int flags = IOMMU_HWPT_FAULT_ID_VALID();
    run.made(objects.hwpt(device.id(), parent, flags, faults.id(), type, data, data.byteSize()));
  }

  private static OpenIommufd iommufd(FaultRun run) {
    return run.mock().iommufd();
  }

  private static int ioasWithSmallBatches(FaultRun run) {
    int ioas = run.made(run.open().ioasAlloc());
    run.made(run.mock().memoryLimit(SMALL_BATCHES));
    return ioas;
  }

  private static MockDevice attached(FaultRun run, int ioas) {
    MockDevice device = run.mock().device(ioas);
    run.made(device.answer());
    return device;
  }

  private static long mapped(FaultRun run, int ioas) {
    return run.made(iommufd(run).map(ioas, run.buffer().address(), MAPPED));
  }
}
