// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.kernel.Errno.EACCES;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOENT;
import static io.iommufd4j.kernel.Errno.EOPNOTSUPP;
import static io.iommufd4j.kernel.Errno.ERANGE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.extension.Conformance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code sriov_numvfs} and its neighbours in sysfs. */
@Conformance
@OnSriovMachines
final class VirtualFunctionCountTest {

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "sriov_totalvfs, 2",
    "sriov_numvfs, 0",
    "sriov_offset, 1",
    "sriov_stride, 1",
    "sriov_vf_device, 10",
    "sriov_drivers_autoprobe, 1",
    "sriov_vf_total_msix, 0",
  })
  void functionTellsWhatItCan(String attribute, String value, KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.unbound(test);
    assertEquals(value, function.get(attribute));
    function.bind();
    assertEquals(value, function.get(attribute));
  }

  @Test
  void onlyFunctionsWithSriovHaveACount(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.unbound(test);
    String edu = "bus/pci/devices/" + test.machine().lone().getFirst();
    assertFalse(function.exists(edu + "/sriov_numvfs"));
    assertFalse(function.exists(edu + "/sriov_totalvfs"));
    assertFalse(function.exists(edu + "/sriov_vf_msix_count"));
  }

  @Test
  void functionWithoutDriverMakesNone(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.unbound(test);
    refused(ENOENT, function.count(1));
    refused(ERANGE, function.count(3));
    ok(function.count(0));
  }

  @Test
  void vfioMakesNoneUnlessAllowed(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    ok(function.allow(false));
    assertEquals("N", function.read("module/vfio_pci/parameters/enable_sriov"));
    refused(ENOENT, function.count(1));
    refused(ERANGE, function.count(3));
    ok(function.count(0));
    ok(function.allow(true));
    ok(function.count(1));
    ok(function.allow(false));
    refused(ENOENT, function.count(0));
    assertEquals("1", function.get("sriov_numvfs"));
    ok(function.count(1));
    ok(function.allow(true));
    ok(function.count(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "x", "-1", "65536", "1 ", "1x", "0x"})
  void countIsANumberOf16Bits(String text, KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    refused(EINVAL, function.set("sriov_numvfs", text));
    assertEquals("0", function.get("sriov_numvfs"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2\n", "0x2", "02", "+2"})
  void countIsWrittenAsCDoes(String text, KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    ok(function.set("sriov_numvfs", text));
    assertEquals("2", function.get("sriov_numvfs"));
  }

  @Test
  void countIsChangedByWayOfNone(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    refused(ERANGE, function.count(3));
    refused(ERANGE, function.count(65535));
    ok(function.count(1));
    ok(function.count(1));
    refused(EBUSY, function.count(2));
    assertEquals("1", function.get("sriov_numvfs"));
    ok(function.count(0));
    ok(function.count(0));
    ok(function.count(2));
    assertEquals("2", function.get("sriov_numvfs"));
    refused(EBUSY, function.count(1));
  }

  @Test
  void whatOnlyTellsIsNotWritten(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    refused(EACCES, function.openForWriting("sriov_totalvfs"));
    refused(EACCES, function.openForWriting("sriov_offset"));
    refused(EACCES, function.openForWriting("sriov_vf_device"));
    refused(EACCES, function.openForWriting("sriov_vf_total_msix"));
  }

  @Test
  void autoprobeIsATruthValue(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    refused(EINVAL, function.set("sriov_drivers_autoprobe", "2"));
    ok(function.set("sriov_drivers_autoprobe", "off"));
    assertEquals("0", function.get("sriov_drivers_autoprobe"));
    ok(function.set("sriov_drivers_autoprobe", "y"));
    assertEquals("1", function.get("sriov_drivers_autoprobe"));
  }

  /** No driver of the lab's can hand out vectors, and vfio-pci does not. */
  @Test
  void vectorsAreNotHandedOut(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    String count = "bus/pci/devices/" + function.virtual(0) + "/sriov_vf_msix_count";
    refused(EOPNOTSUPP, function.write(count, "1"));
    refused(EOPNOTSUPP, function.write(count, "0"));
    refused(EINVAL, function.write(count, "-1"));
    refused(EINVAL, function.write(count, "x"));
  }
}
