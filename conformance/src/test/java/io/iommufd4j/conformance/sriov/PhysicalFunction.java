// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.sriov;

import static io.iommufd4j.conformance.Answers.ok;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.conformance.Handle;
import io.iommufd4j.conformance.KernelUnderTest;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import io.iommufd4j.pci.VfioBinding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * The machine's function with SR-IOV. After the test its virtual functions are gone and it has no
 * driver, as before.
 */
final class PhysicalFunction implements Handle {

  static final UUID TOKEN = UUID.fromString("bd8d9d2b-5a5f-4f5a-a211-f591514ba1f3");
  static final UUID OTHER_TOKEN = UUID.fromString("bd8d9d2b-5a5f-4f5a-a211-f591514ba1f4");

  private static final String DEVICES = "bus/pci/devices/";
  private static final String ALLOWED = "module/vfio_pci/parameters/enable_sriov";

  private final KernelUnderTest test;
  private final PciAddress address;

  private PhysicalFunction(KernelUnderTest test) {
    this.test = test;
    this.address =
        Host.of(test.kernel()).devices().stream()
            .map(PciDevice::address)
            .filter(at -> Files.exists(path(DEVICES + at + "/sriov_totalvfs")))
            .findFirst()
            .orElseThrow();
  }

  /**
   * The function without a driver and without a way to be reset, while vfio-pci may make virtual
   * functions.
   */
  static PhysicalFunction unbound(KernelUnderTest test) {
    var function = test.keep(new PhysicalFunction(test));
    ok(function.allow(true));
    ok(function.set("reset_method", "\n"));
    return function;
  }

  /** It with vfio-pci, without virtual functions. */
  static PhysicalFunction bound(KernelUnderTest test) {
    PhysicalFunction function = unbound(test);
    function.bind();
    return function;
  }

  /** It with vfio-pci, and so many virtual functions. */
  static PhysicalFunction with(int functions, KernelUnderTest test) {
    PhysicalFunction function = bound(test);
    ok(function.count(functions));
    return function;
  }

  /** The PCI address. */
  PciAddress address() {
    return address;
  }

  /** vfio-pci takes it. */
  void bind() {
    VfioBinding.bind(test.kernel(), List.of(address)).keep();
  }

  /** vfio-pci lets go of it: 0 or −errno. */
  long unbind() {
    return write("bus/pci/drivers/vfio-pci/unbind", address.toString());
  }

  /** Allows vfio-pci to make virtual functions, or forbids it: 0 or −errno. */
  long allow(boolean allowed) {
    return write(ALLOWED, allowed ? "Y" : "N");
  }

  /** {@code sriov_numvfs}: how many virtual functions there shall be; 0 or −errno. */
  long count(int functions) {
    return set("sriov_numvfs", Integer.toString(functions));
  }

  /** Writes an attribute of its: 0 or −errno. */
  long set(String attribute, String text) {
    return write(DEVICES + address + "/" + attribute, text);
  }

  /** {@code open(2)} of an attribute of its, to write it: a descriptor or −errno. */
  int openForWriting(String attribute) {
    return test.kernel().open("/sys/" + DEVICES + address + "/" + attribute, libc_h.O_WRONLY());
  }

  /** An attribute of its. */
  String get(String attribute) {
    return read(DEVICES + address + "/" + attribute);
  }

  /** The PCI address of a virtual function, by its number. */
  PciAddress virtual(int number) {
    return PciAddress.parse(linked(DEVICES + address + "/virtfn" + number));
  }

  /** Writes a file of sysfs: 0 or −errno. */
  long write(String path, String text) {
    int fd = test.kernel().open("/sys/" + path, libc_h.O_WRONLY());
    if (fd < 0) {
      return fd;
    }
    try (var arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long answer = test.kernel().write(fd, buffer);
      ok(test.kernel().close(fd));
      return answer < 0 ? answer : 0;
    }
  }

  /** The text of a file of sysfs. */
  String read(String path) {
    try {
      return Files.readString(path(path), StandardCharsets.ISO_8859_1).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last name of what a link of sysfs leads to. */
  String linked(String path) {
    try {
      return Files.readSymbolicLink(path(path)).getFileName().toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** True if there is such a file in sysfs. */
  boolean exists(String path) {
    return Files.exists(path(path));
  }

  Path path(String path) {
    return test.kernel().sysfs().resolve(path);
  }

  @Override
  public void close() {
    if (exists(DEVICES + address + "/driver")) {
      ok(unbind());
    }
    ok(set("driver_override", "\n"));
    ok(set("sriov_drivers_autoprobe", "1"));
    ok(set("reset_method", "default"));
    ok(allow(false));
  }
}
