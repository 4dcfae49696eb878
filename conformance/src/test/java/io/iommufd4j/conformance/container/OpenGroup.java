// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.container;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Answers;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.conformance.OpenDevice;
import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.differential.MachineUnderTest;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One open {@code /dev/vfio/GROUP}, request by request. */
public final class OpenGroup implements Handle {

  private final KernelUnderTest test;
  private final int fd;
  private boolean open = true;

  private OpenGroup(KernelUnderTest test, int fd) {
    this.test = test;
    this.fd = fd;
  }

  /** The node of a device's group. */
  public static String node(KernelUnderTest test, PciAddress address) {
    boolean translates = !test.machine().iommu().equals(MachineUnderTest.NO_IOMMU);
    int number = Host.of(test.kernel()).device(address).group().orElseThrow();
    return "/dev/vfio/" + (translates ? "" : "noiommu-") + number;
  }

  /** {@code open(2)} of a node: a descriptor or −errno. */
  public static int tryOpen(KernelUnderTest test, String node) {
    return test.kernel().open(node, libc_h.O_RDWR());
  }

  /** Opens the group of a device. */
  public static OpenGroup of(KernelUnderTest test, PciAddress address) {
    return test.keep(new OpenGroup(test, Answers.ok(tryOpen(test, node(test, address)))));
  }

  /** The descriptor. */
  public int fd() {
    return fd;
  }

  /** {@code VFIO_GROUP_GET_STATUS}: the flags. */
  public int status() {
    RequestBlock block = statusBlock();
    int answer = ioctl(Request.VFIO_GROUP_GET_STATUS, block.memory());
    return answer < 0 ? answer : (int) block.get("flags");
  }

  /** The block of {@code VFIO_GROUP_GET_STATUS}. */
  public RequestBlock statusBlock() {
    return RequestBlock.of(Request.VFIO_GROUP_GET_STATUS, test.arena());
  }

  /** {@code VFIO_GROUP_SET_CONTAINER}. */
  public int setContainer(int container) {
    return ioctl(
        Request.VFIO_GROUP_SET_CONTAINER,
        test.arena().allocateFrom(ValueLayout.JAVA_INT, container));
  }

  /** {@code VFIO_GROUP_UNSET_CONTAINER}. */
  public int unsetContainer() {
    return ioctl(Request.VFIO_GROUP_UNSET_CONTAINER, MemorySegment.NULL);
  }

  /** {@code VFIO_GROUP_GET_DEVICE_FD}. */
  public int deviceFd(String name) {
    return ioctl(Request.VFIO_GROUP_GET_DEVICE_FD, test.arena().allocateFrom(name));
  }

  /** {@code VFIO_GROUP_GET_DEVICE_FD} that works. */
  public OpenDevice device(PciAddress address) {
    return test.device(address, Answers.ok(deviceFd(address.toString())));
  }

  public int ioctl(Request request, MemorySegment argument) {
    return test.kernel().ioctl(fd, request.number(), argument);
  }

  @Override
  public void close() {
    if (open) {
      open = false;
      Answers.ok(test.kernel().close(fd));
    }
  }
}
