// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;
import static io.iommufd4j.conformance.Answers.refused;
import static io.iommufd4j.conformance.Answers.same;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.OTHER_TOKEN;
import static io.iommufd4j.conformance.sriov.PhysicalFunction.TOKEN;
import static io.iommufd4j.kernel.Errno.EACCES;
import static io.iommufd4j.kernel.Errno.EBADF;
import static io.iommufd4j.kernel.Errno.EBUSY;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;
import static io.iommufd4j.kernel.Errno.ENOTTY;

import io.iommufd4j.bindings.vfio.vfio_h;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.OpenIommufd;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.conformance.UserPages;
import io.iommufd4j.conformance.container.OpenGroup;
import io.iommufd4j.conformance.extension.Conformance;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The VF token at {@code VFIO_DEVICE_BIND_IOMMUFD} and as a feature of the physical function: who
 * opens a virtual function shows it, and while one is open, who opens the physical one.
 */
@Conformance
@OnSriovMachines
final class TokenTest {

  private static final int GET = vfio_h.VFIO_DEVICE_FEATURE_GET();
  private static final int SET = vfio_h.VFIO_DEVICE_FEATURE_SET();
  private static final int PROBE = vfio_h.VFIO_DEVICE_FEATURE_PROBE();
  private static final int TOKEN_FEATURE = vfio_h.VFIO_DEVICE_FEATURE_PCI_VF_TOKEN();
  private static final int HEADER = 8;
  private static final int TOKEN_BYTES = 16;

  private static RequestBlock feature(OpenDevice device, int flags, UUID token) {
    RequestBlock block =
        device.block(Request.VFIO_DEVICE_FEATURE, TOKEN_BYTES).set("flags", flags | TOKEN_FEATURE);
    block.memory().asSlice(HEADER, TOKEN_BYTES).copyFrom(device.bytes(token));
    return block;
  }

  /** A physical function whose token is known. */
  private static PhysicalFunction withToken(int functions, UUID token, KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(functions, test);
    OpenDevice device = test.device(function.address());
    ok(device.bind(test.iommufd(), token));
    device.close();
    return function;
  }

  @Test
  void virtualFunctionWantsTheToken(KernelUnderTest test) {
    PhysicalFunction function = withToken(2, TOKEN, test);
    OpenIommufd iommufd = test.iommufd();
    OpenDevice first = test.device(function.virtual(0));
    refused(EACCES, first.bind(iommufd));
    refused(EACCES, first.bind(iommufd, OTHER_TOKEN));
    refused(EACCES, first.bind(iommufd, new UUID(0, 0)));
    ok(first.bind(iommufd, TOKEN));
    OpenDevice second = test.device(function.virtual(1));
    refused(EACCES, second.bind(iommufd));
    ok(second.bind(iommufd, TOKEN));
  }

  @Test
  void nobodyKnowsTheTokenAtFirst(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.with(1, test);
    OpenDevice virtual = test.device(function.virtual(0));
    refused(EACCES, virtual.bind(test.iommufd()));
    refused(EACCES, virtual.bind(test.iommufd(), new UUID(0, 0)));
    refused(EACCES, virtual.bind(test.iommufd(), TOKEN));
  }

  @Test
  void tokenIsForgottenWithTheDriver(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    ok(function.unbind());
    function.bind();
    ok(function.count(1));
    refused(EACCES, test.device(function.virtual(0)).bind(test.iommufd(), TOKEN));
  }

  @Test
  void tokenOutlivesTheVirtualFunctions(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    ok(function.count(0));
    ok(function.count(2));
    ok(test.device(function.virtual(1)).bind(test.iommufd(), TOKEN));
  }

  @Test
  void physicalFunctionNeedsNoTokenWhileNoneIsInUse(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    test.device(function.virtual(0));
    OpenDevice physical = test.device(function.address());
    ok(physical.bind(test.iommufd()));
    physical.close();
    OpenDevice virtual = test.device(function.virtual(0));
    ok(virtual.bind(test.iommufd(), TOKEN));
  }

  @Test
  void physicalFunctionShowsTheTokenWhileOneIsInUse(KernelUnderTest test) {
    PhysicalFunction function = withToken(2, TOKEN, test);
    OpenDevice first = test.device(function.virtual(0));
    OpenDevice second = test.device(function.virtual(1));
    ok(first.bind(test.iommufd(), TOKEN));
    ok(second.bind(test.iommufd(), TOKEN));
    OpenDevice physical = test.device(function.address());
    refused(EACCES, physical.bind(test.iommufd()));
    refused(EACCES, physical.bind(test.iommufd(), OTHER_TOKEN));
    first.close();
    refused(EACCES, physical.bind(test.iommufd(), OTHER_TOKEN));
    ok(physical.bind(test.iommufd(), TOKEN));
    physical.close();
    second.close();
    OpenDevice again = test.device(function.address());
    ok(again.bind(test.iommufd(), OTHER_TOKEN));
    refused(EACCES, test.device(function.virtual(0)).bind(test.iommufd(), TOKEN));
    ok(test.device(function.virtual(0)).bind(test.iommufd(), OTHER_TOKEN));
  }

  /** The token counts from the moment it is looked at, even if the rest of the bind fails. */
  @Test
  void tokenIsTakenEvenIfTheBindFails(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    refused(EBADF, bindTo(test.device(function.address()), 1000, OTHER_TOKEN));
    refused(EACCES, test.device(function.virtual(0)).bind(test.iommufd(), TOKEN));
    ok(test.device(function.virtual(0)).bind(test.iommufd(), OTHER_TOKEN));
  }

  private static int bindTo(OpenDevice device, int iommufd, UUID token) {
    return device.ioctl(
        device
            .block(Request.VFIO_DEVICE_BIND_IOMMUFD)
            .set("iommufd", iommufd)
            .set("flags", vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN())
            .set("token_uuid_ptr", device.bytes(token).address()));
  }

  @Test
  void functionOutsideSriovTakesNoToken(KernelUnderTest test) {
    OpenDevice edu = test.device(test.machine().lone().getFirst());
    OpenIommufd iommufd = test.iommufd();
    refused(EINVAL, edu.bind(iommufd, TOKEN));
    refused(EINVAL, bindTo(edu, 1000, TOKEN));
    ok(edu.bind(iommufd));
  }

  @Test
  void physicalFunctionTakesATokenWithoutVirtualOnes(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    OpenDevice physical = test.device(function.address());
    ok(physical.bind(test.iommufd(), TOKEN));
    ok(function.count(1));
    ok(test.device(function.virtual(0)).bind(test.iommufd(), TOKEN));
  }

  @Test
  void tokenIsReadBeforeTheIommufdIsLookedAt(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    OpenDevice virtual = test.device(function.virtual(0));
    RequestBlock block =
        virtual
            .block(Request.VFIO_DEVICE_BIND_IOMMUFD)
            .set("iommufd", 1000)
            .set("token_uuid_ptr", test.badAddress());
    refused(EACCES, virtual.ioctl(block));
    refused(EFAULT, virtual.ioctl(block.set("flags", vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN())));
    refused(EINVAL, virtual.ioctl(block.set("flags", 3)));
    refused(EINVAL, virtual.ioctl(block.set("flags", 2)));
    block.set("flags", vfio_h.VFIO_DEVICE_BIND_FLAG_TOKEN());
    refused(EINVAL, virtual.ioctl(block.set("iommufd", -1)));
    // A caller that knows of no token gives a smaller block.
    refused(EFAULT, virtual.ioctl(block.set("iommufd", 1000).size(16).set("token_uuid_ptr", 8)));
    refused(EBADF, bindTo(virtual, 1000, TOKEN));
    refused(EACCES, bindTo(virtual, 1000, OTHER_TOKEN));
  }

  @Test
  void openGroupIsSeenBeforeTheToken(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    OpenDevice virtual = test.device(function.virtual(0));
    OpenGroup group = OpenGroup.of(test, function.virtual(0));
    refused(EBUSY, virtual.bind(test.iommufd()));
    group.close();
    refused(EACCES, virtual.bind(test.iommufd()));
  }

  @Test
  void tokenIsSeenBeforeOtherOpens(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    OpenIommufd iommufd = test.iommufd();
    OpenDevice first = test.device(function.virtual(0));
    ok(first.bind(iommufd, TOKEN));
    refused(EINVAL, first.bind(iommufd));
    OpenDevice second = test.device(function.virtual(0));
    refused(EACCES, second.bind(iommufd));
    refused(EINVAL, second.bind(iommufd, TOKEN));
  }

  @ParameterizedTest(name = "{0}{1}{2}")
  @CsvSource({
    // probe, get, set, answer of the physical function
    "true, false, false, 0",
    "true, false, true, 0",
    "true, true, false, -22",
    "true, true, true, -22",
    "false, false, false, -22",
    "false, true, false, -22",
    "false, true, true, -22",
    "false, false, true, 0",
  })
  void tokenIsAFeatureToSet(
      boolean probe, boolean get, boolean set, int answer, KernelUnderTest test) {
    int flags = (probe ? PROBE : 0) | (get ? GET : 0) | (set ? SET : 0);
    PhysicalFunction function = PhysicalFunction.bound(test);
    OpenDevice device = test.device(function.address());
    ok(device.bind(test.iommufd()));
    same(answer, device.ioctl(feature(device, flags, TOKEN)));
  }

  @Test
  void onlyThePhysicalFunctionHasTheFeature(KernelUnderTest test) {
    PhysicalFunction function = withToken(1, TOKEN, test);
    OpenDevice virtual = test.device(function.virtual(0));
    OpenDevice edu = test.device(test.machine().lone().getFirst());
    refused(EINVAL, virtual.ioctl(feature(virtual, SET, TOKEN)));
    ok(virtual.bind(test.iommufd(), TOKEN));
    ok(edu.bind(test.iommufd()));
    for (OpenDevice device : new OpenDevice[] {virtual, edu}) {
      refused(ENOTTY, device.ioctl(feature(device, SET, TOKEN)));
      refused(ENOTTY, device.ioctl(feature(device, GET, TOKEN)));
      refused(ENOTTY, device.ioctl(feature(device, PROBE, TOKEN)));
      refused(ENOTTY, device.ioctl(feature(device, PROBE | SET, TOKEN)));
    }
  }

  @Test
  void tokenIsChangedWhileOneIsInUse(KernelUnderTest test) {
    PhysicalFunction function = withToken(2, TOKEN, test);
    OpenIommufd iommufd = test.iommufd();
    OpenDevice physical = test.device(function.address());
    ok(physical.bind(iommufd));
    OpenDevice first = test.device(function.virtual(0));
    ok(first.bind(iommufd, TOKEN));
    ok(physical.ioctl(feature(physical, SET, OTHER_TOKEN)));
    OpenDevice second = test.device(function.virtual(1));
    refused(EACCES, second.bind(iommufd, TOKEN));
    ok(second.bind(iommufd, OTHER_TOKEN));
    physical.close();
    OpenDevice again = test.device(function.address());
    refused(EACCES, again.bind(iommufd, TOKEN));
    ok(again.bind(iommufd, OTHER_TOKEN));
  }

  @Test
  void featureBlockIsChecked(KernelUnderTest test) {
    PhysicalFunction function = PhysicalFunction.bound(test);
    OpenDevice device = test.device(function.address());
    ok(device.bind(test.iommufd()));
    refused(EINVAL, device.ioctl(feature(device, SET, TOKEN).size(HEADER + TOKEN_BYTES - 1)));
    refused(EINVAL, device.ioctl(feature(device, SET, TOKEN).size(HEADER)));
    ok(device.ioctl(feature(device, PROBE | SET, TOKEN).size(HEADER)));
    ok(device.ioctl(feature(device, SET, TOKEN).size(1000)));
    UserPages page = test.pageBeforeNothing();
    MemorySegment block = page.memory().asSlice(UserPages.PAGE - HEADER, HEADER);
    block.set(ValueLayout.JAVA_INT, 0, HEADER + TOKEN_BYTES);
    block.set(ValueLayout.JAVA_INT, 4, SET | TOKEN_FEATURE);
    refused(
        EFAULT,
        device.ioctl(
            Request.VFIO_DEVICE_FEATURE.number(), MemorySegment.ofAddress(block.address())));
  }
}
