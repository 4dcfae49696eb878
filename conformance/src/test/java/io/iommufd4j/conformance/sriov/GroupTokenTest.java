// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.OTHER_TOKEN;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static io.iommufd4j.kernel.Errno.EACCES;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENODEV;

import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.container.OpenContainer;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.pci.PciAddress;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The VF token behind a device's name, at {@code VFIO_GROUP_GET_DEVICE_FD}. */
@Conformance
@OnSriovMachines
final class GroupTokenTest {

  private static final String OPTION = " vf_token=";

  private static OpenGroup ready(KernelUnderTest test, PciAddress address) {
    OpenGroup group = OpenGroup.of(test, address);
    OpenContainer container = OpenContainer.of(test);
    ok(group.setContainer(container.fd()));
    ok(container.setIommu(OpenContainer.TYPE1V2));
    return group;
  }

  private static PhysicalFunction withToken(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(2, test);
    OpenGroup group = ready(test, function.address());
    OpenDevice device =
        test.device(function.address(), ok(group.deviceFd(function.address() + OPTION + TOKEN)));
    device.close();
    group.close();
    return function;
  }

  @Test
  void virtualFunctionWantsTheToken(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    PciAddress virtual = function.virtual(0);
    OpenGroup group = ready(test, virtual);
    refused(EACCES, group.deviceFd(virtual.toString()));
    refused(EACCES, group.deviceFd(virtual + " "));
    refused(EACCES, group.deviceFd(virtual + OPTION + OTHER_TOKEN));
    refused(ENODEV, group.deviceFd(function.virtual(1) + OPTION + TOKEN));
    test.closeAfter(ok(group.deviceFd(virtual + OPTION + TOKEN)));
  }

  /** Whoever opens it again shows the token again. */
  @Test
  void everyOpenShowsTheToken(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    PciAddress virtual = function.virtual(0);
    OpenGroup group = ready(test, virtual);
    test.closeAfter(ok(group.deviceFd(virtual + OPTION + TOKEN)));
    refused(EACCES, group.deviceFd(virtual.toString()));
    test.closeAfter(ok(group.deviceFd(virtual + OPTION + TOKEN)));
  }

  /** The token is looked at before the group's container is. */
  @Test
  void tokenIsSeenBeforeTheContainer(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    PciAddress virtual = function.virtual(0);
    OpenGroup group = OpenGroup.of(test, virtual);
    refused(EACCES, group.deviceFd(virtual.toString()));
    refused(EINVAL, group.deviceFd(virtual + OPTION + TOKEN));
  }

  @Test
  void spacesAreSkippedAndCaseIsNot(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    PciAddress virtual = function.virtual(0);
    OpenGroup group = ready(test, virtual);
    test.closeAfter(ok(group.deviceFd(virtual + "   vf_token=" + TOKEN + "  ")));
    String loud = TOKEN.toString().toUpperCase(Locale.ROOT);
    test.closeAfter(ok(group.deviceFd(virtual + OPTION + loud)));
    refused(EINVAL, group.deviceFd(virtual + " VF_TOKEN=" + TOKEN));
    refused(EINVAL, group.deviceFd(virtual + " vf_token =" + TOKEN));
    refused(EINVAL, group.deviceFd(virtual + " vf_token= " + TOKEN));
    refused(ENODEV, group.deviceFd(virtual + "\tvf_token=" + TOKEN));
    refused(EINVAL, group.deviceFd(virtual + " \tvf_token=" + TOKEN));
    refused(ENODEV, group.deviceFd(virtual + "vf_token=" + TOKEN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        " vf_token=",
        " vf_token=bd8d9d2b",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1fx",
        " vf_token=bd8d9d2b05a5f-4f5a-a211-f591514ba1f3",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3x",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3 x",
        " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3"
            + " vf_token=bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3",
        " x",
      })
  void whatIsNoTokenIsInvalid(String option, KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    for (PciAddress address : new PciAddress[] {function.address(), function.virtual(0)}) {
      OpenGroup group = ready(test, address);
      refused(EINVAL, group.deviceFd(address + option));
      group.close();
    }
  }

  @Test
  void tokenNeedsNothingBehindIt(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    PciAddress virtual = function.virtual(0);
    OpenGroup group = ready(test, virtual);
    // Where one token ends the next option may begin at once, and there is none.
    refused(EINVAL, group.deviceFd(virtual + OPTION + TOKEN + "vf_token=" + TOKEN));
    test.closeAfter(ok(group.deviceFd(virtual + OPTION + TOKEN)));
  }

  @Test
  void physicalFunctionShowsTheTokenWhileOneIsInUse(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    OpenGroup of = ready(test, function.virtual(0));
    OpenDevice virtual =
        test.device(function.virtual(0), ok(of.deviceFd(function.virtual(0) + OPTION + TOKEN)));
    OpenGroup group = ready(test, function.address());
    refused(EACCES, group.deviceFd(function.address().toString()));
    refused(EACCES, group.deviceFd(function.address() + OPTION + OTHER_TOKEN));
    test.closeAfter(ok(group.deviceFd(function.address() + OPTION + TOKEN)));
    virtual.close();
    test.closeAfter(ok(group.deviceFd(function.address() + OPTION + OTHER_TOKEN)));
    refused(EACCES, of.deviceFd(function.virtual(0) + OPTION + TOKEN));
    test.closeAfter(ok(of.deviceFd(function.virtual(0) + OPTION + OTHER_TOKEN)));
  }

  @Test
  void nodeAndGroupShareTheToken(KernelUnderTest test) {
    PhysicalFunction function = withToken(test);
    OpenDevice virtual = test.device(function.virtual(0));
    refused(EACCES, virtual.bind(test.iommufd()));
    ok(virtual.bind(test.iommufd(), TOKEN));
    OpenGroup group = ready(test, function.address());
    refused(EACCES, group.deviceFd(function.address().toString()));
  }
}
