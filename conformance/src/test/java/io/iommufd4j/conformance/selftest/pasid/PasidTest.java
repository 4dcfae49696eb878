// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.selftest.pasid;

import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_NEST_PARENT;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_ALLOC_PASID;
import static io.iommufd4j.bindings.iommufd.iommufd_h.IOMMU_HWPT_FAULT_ID_VALID;
import static io.iommufd4j.bindings.selftest.selftest_h.*;
import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOMEM;

import io.iommufd4j.bindings.selftest.iommu_hwpt_selftest;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.selftest.Counterpart;
import io.iommufd4j.conformance.selftest.Selftest;
import io.iommufd4j.conformance.selftest.driver.MockDevice;
import io.iommufd4j.conformance.selftest.driver.MockIommufd;
import io.iommufd4j.conformance.selftest.driver.ObjectRequests;
import io.iommufd4j.conformance.selftest.driver.PageFaults;
import io.iommufd4j.conformance.selftest.driver.SelftestFile;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code iommufd_device_pasid}: PASIDs are attached, replaced and detached one by one. */
@Selftest
final class PasidTest {

  private static final int NOTHING = 0;

  /** The variants of a case: a device without PASIDs, and one with them. */
  enum Variant {
    NO_PASID("no_pasid"),
    HAS_PASID("has_pasid");

    private final String kernelName;

    Variant(String kernelName) {
      this.kernelName = kernelName;
    }

    @Override
    public String toString() {
      return kernelName;
    }
  }

  /** The device with PASIDs, and the HWPTs that take turns on it. */
  private static final class Start {

    private final SelftestFile file;
    private final MockIommufd mock;
    private final int ioas;
    private final MockDevice device;
    private final int parent;
    private final int firstNested;
    private final int secondNested;
    private final ObjectRequests.Queue faults;
    private final int faulting;
    private final int flat;

    Start(SelftestFile file, int ioas, MockDevice device) {
      this.file = file;
      this.mock = file.mock();
      this.ioas = ioas;
      this.device = device;
      parent = hwpt(IOMMU_HWPT_ALLOC_NEST_PARENT());
      firstNested = nested(parent);
      secondNested = nested(parent);
      faults = file.objects().faultQueue();
      ok(faults.answer());
      int flags = IOMMU_HWPT_FAULT_ID_VALID() | IOMMU_HWPT_ALLOC_PASID();
      faulting = nested(parent, flags, faults.id());
      int viommu =
          ok(
              file.objects()
                  .viommu(
                      device.id(),
                      parent,
                      0,
                      IOMMU_VIOMMU_TYPE_SELFTEST(),
                      ObjectRequests.NO_DATA));
      nested(viommu);
      flat = hwpt(IOMMU_HWPT_ALLOC_PASID());
    }

    private int hwpt(int flags) {
      return ok(file.iommufd().hwptAlloc(device.id(), ioas, flags));
    }

    private int nested(int pt) {
      return nested(pt, IOMMU_HWPT_ALLOC_PASID(), 0);
    }

    private int nested(int pt, int flags, int faultQueue) {
      MemorySegment data = file.test().arena().allocate(iommu_hwpt_selftest.layout());
      iommu_hwpt_selftest.iotlb(data, IOMMU_TEST_IOTLB_DEFAULT());
      int type = IOMMU_HWPT_DATA_SELFTEST();
      return ok(
          file.objects().hwpt(device.id(), pt, flags, faultQueue, type, data, data.byteSize()));
    }

    int replaceRid(int pt) {
      return mock.replace(device.stdev(), pt);
    }

    int attach(int pasid, int pt) {
      return mock.attachPasid(device.stdev(), pasid, pt);
    }

    int replace(int pasid, int pt) {
      return mock.replacePasid(device.stdev(), pasid, pt);
    }

    /** Detaches, which always succeeds. */
    void detach(int pasid) {
      ok(mock.detachPasid(device.stdev(), pasid));
    }

    /** Expects a PASID to be on a HWPT, or on nothing. */
    void isOn(int pasid, int hwpt) {
      ok(mock.checkPasid(device.stdev(), pasid, hwpt));
    }
  }

  @ParameterizedTest(name = "{0}")
  @EnumSource
  @Counterpart("iommufd_device_pasid.pasid_attach")
  void attachReplaceDetach(Variant variant, KernelUnderTest test) {
    SelftestFile file = SelftestFile.open(test);
    int ioas = file.ioas();
    MockDevice device = file.mock().device(ioas, MOCK_FLAGS_DEVICE_PASID()).ok();
    MockDevice without = variant == Variant.NO_PASID ? file.mock().device(ioas, 0).ok() : device;
    ok(file.mock().detachPasid(device.stdev(), 100));

    Start start = new Start(file, ioas, device);
    ridAndPasidAgree(start);
    if (variant == Variant.NO_PASID) {
      hasNoPasids(start, without);
    }
    attach(start);
    replace(start);
    replaceThatTheDriverRefuses(start);
    faults(start);
    ok(start.replaceRid(ioas));
  }

  /** PASIDs need a HWPT made for them below the device itself, for as long as they last. */
  private static void ridAndPasidAgree(Start start) {
    ok(start.replaceRid(start.parent));
    refused(EINVAL, start.attach(100, start.flat));
    ok(start.replaceRid(start.flat));
    ok(start.attach(100, start.firstNested));
    refused(EINVAL, start.replaceRid(start.parent));
    start.detach(100);
    start.isOn(100, NOTHING);
  }

  /** HWPTs made for PASIDs are good for a device without, which has no PASID to attach. */
  private static void hasNoPasids(Start start, MockDevice without) {
    MockIommufd mock = start.mock;
    ok(mock.replace(without.stdev(), start.firstNested));
    ok(mock.replace(without.stdev(), start.ioas));
    refused(EINVAL, mock.attachPasid(without.stdev(), 100, start.parent));
    refused(EINVAL, mock.attachPasid(without.stdev(), 100, start.flat));
  }

  private static void attach(Start start) {
    refused(EINVAL, start.attach(100, start.parent));
    start.isOn(100, NOTHING);
    refused(EINVAL, start.attach(100, start.ioas));
    start.isOn(100, NOTHING);
    ok(start.attach(100, start.flat));
    start.isOn(100, start.flat);
    refused(EBUSY, start.attach(100, start.firstNested));
    start.detach(100);
    start.isOn(100, NOTHING);
    ok(start.attach(100, start.firstNested));
    start.isOn(100, start.firstNested);
    refused(EBUSY, start.attach(100, start.firstNested));
    start.detach(100);
  }

  private static void replace(Start start) {
    refused(EINVAL, start.replace(200, start.flat));
    ok(start.attach(200, start.flat));
    start.isOn(200, start.flat);
    refused(EINVAL, start.replace(200, start.ioas));
    start.isOn(200, start.flat);
    ok(start.replace(200, start.firstNested));
    start.isOn(200, start.firstNested);
    ok(start.replace(200, start.secondNested));
    start.isOn(200, start.secondNested);
    start.detach(200);
  }

  /** The mock driver refuses the replacement on one PASID, and the old HWPT stays. */
  private static void replaceThatTheDriverRefuses(Start start) {
    int pasid = IOMMU_TEST_PASID_RESERVED();
    ok(start.attach(pasid, start.flat));
    start.isOn(pasid, start.flat);
    refused(ENOMEM, start.replace(pasid, start.firstNested));
    start.isOn(pasid, start.flat);
    start.detach(pasid);
  }

  /** A PASID's page faults come to the queue of the HWPT that it is on. */
  private static void faults(Start start) {
    ok(start.attach(2048, start.faulting));
    start.isOn(2048, start.faulting);
    PageFaults.triggerAndAnswer(start.file, start.device.id(), 2048, start.faults.fd());
    ok(start.replace(2048, start.flat));
    start.isOn(2048, start.flat);
    start.detach(2048);
    ok(start.file.iommufd().destroy(start.faulting));
    ok(start.file.test().kernel().close(start.faults.fd()));
    ok(start.file.iommufd().destroy(start.faults.id()));
  }
}
