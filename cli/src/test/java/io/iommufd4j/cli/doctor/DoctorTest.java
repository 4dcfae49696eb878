// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.Iommufd;
import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Host;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.sim.HostProcess;
import io.iommufd4j.sim.Machine;
import io.iommufd4j.sim.SimKernel;
import io.iommufd4j.vfio.VfioDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host whose devices work for somebody is healthy. */
final class DoctorTest {

  private static final PciAddress HELD = PciAddress.parse("0000:00:09.0");
  private static final PciAddress FREE = PciAddress.parse("0000:00:0a.0");

  private final SimKernel kernel = SimKernel.on(Machine.named("many:vtd"));

  @BeforeEach
  void bind() {
    // The machine ends with the test; nothing is to be given back.
    VfioBinding.bind(kernel, List.of(HELD, FREE)).keep();
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  private List<Finding> about(PciAddress device) {
    return Doctor.examine(kernel).stream()
        .filter(finding -> finding.device().filter(d -> d.address().equals(device)).isPresent())
        .toList();
  }

  private static List<String> outcomes(List<Finding> findings) {
    return findings.stream().map(finding -> finding.check() + " " + finding.verdict()).toList();
  }

  private Path proc() {
    return Host.of(kernel).sysfs().resolveSibling("proc");
  }

  /** Another process that has a file open. */
  private HostProcess process(String command, String file) {
    HostProcess process = kernel.control().start(command);
    assertTrue(process.open(file, libc_h.O_RDWR()) >= 0);
    return process;
  }

  @Test
  void devicesThatNobodyUsesAreTried() {
    for (PciAddress device : List.of(HELD, FREE)) {
      assertEquals(List.of("VFIO cdev OK", "interrupts OK", "attach OK"), outcomes(about(device)));
    }
  }

  @Test
  void aDeviceThatAProcessHasOpenIsInUse() {
    String node = Host.of(kernel).device(HELD).cdevPath().orElseThrow();
    HostProcess qemu = process("qemu-system-x86", node);
    var findings = about(HELD);
    assertEquals(List.of("VFIO cdev IN_USE"), outcomes(findings));
    assertEquals(
        "0000:00:09.0 (/dev/vfio/devices/vfio0) is in use, by process "
            + qemu.pid()
            + " (qemu-system-x86)",
        findings.getFirst().observed());
    assertEquals(List.of("VFIO cdev OK", "interrupts OK", "attach OK"), outcomes(about(FREE)));
    assertTrue(Doctor.examine(kernel).stream().noneMatch(f -> f.verdict() == Verdict.MISSING));
  }

  @Test
  void aNodeOfAnotherNameCountsAsWell() {
    kernel.control().mknod("/dev/container/vfio", 251, 0);
    HostProcess qemu = process("qemu-system-x86", "/dev/container/vfio");
    var findings = about(HELD);
    assertEquals(List.of("VFIO cdev IN_USE"), outcomes(findings));
    assertEquals(
        "process " + qemu.pid() + " (qemu-system-x86) has /dev/container/vfio open",
        Holder.describe(findings.getFirst().holders()));
  }

  @Test
  void aMappedRegionCountsAsWell() {
    HostProcess qemu = kernel.control().start("qemu-system-x86");
    try (var iommufd = Iommufd.open(qemu);
        var device = VfioDevice.open(qemu, HELD)) {
      device.bind(iommufd);
      assertTrue(qemu.mmap(4096, libc_h.PROT_READ(), libc_h.MAP_SHARED(), device.fd(), 0) > 0);
    }
    var findings = about(HELD);
    assertEquals(List.of("VFIO cdev IN_USE"), outcomes(findings));
    assertEquals(
        "process " + qemu.pid() + " (qemu-system-x86) has a region of it mapped",
        Holder.describe(findings.getFirst().holders()));
  }

  @Test
  void aGroupThatAProcessHasOpenIsInUse() {
    int group = Host.of(kernel).device(HELD).group().orElseThrow();
    process("dpdk-testpmd", "/dev/vfio/" + group);
    assertEquals(List.of("VFIO cdev IN_USE"), outcomes(about(HELD)));
  }

  @Test
  void aHolderThatDoesNotShowLeavesTheHostHealthy() throws IOException {
    try (var iommufd = Iommufd.open(kernel);
        var device = VfioDevice.open(kernel, HELD)) {
      device.bind(iommufd);
      assertTrue(about(HELD).getFirst().observed().endsWith("is in use, by this process"));
      hideDescriptors();
      var findings = about(HELD);
      assertEquals(List.of("VFIO cdev IN_USE"), outcomes(findings));
      assertTrue(
          findings.getFirst().observed().endsWith("is in use by a process that does not show"));
    }
  }

  private void hideDescriptors() throws IOException {
    try (var processes = Files.list(proc())) {
      processes.forEach(process -> kernel.control().hide(process + "/fd"));
    }
  }

  @Test
  void commandsThatTheReleaseLacksAreNamed() {
    assertEquals(List.of("all 22 commands of iommufd are there"), commands(Doctor.examine(kernel)));
    var older = Machine.named("single:vtd").toBuilder().release("6.12").build();
    try (var linux = SimKernel.on(older)) {
      String later =
          Stream.of(Request.values())
              .filter(request -> request.file() == FileKind.IOMMUFD)
              .filter(request -> request.since().orElseThrow().after(new LinuxRelease(6, 12)))
              .map(request -> request + " (" + request.since().orElseThrow() + ")")
              .collect(Collectors.joining(", "));
      assertEquals(
          List.of("15 of 22 commands of iommufd are there, without " + later),
          commands(Doctor.examine(linux)));
    }
  }

  private static List<String> commands(List<Finding> findings) {
    return findings.stream()
        .filter(finding -> finding.check().equals("commands"))
        .map(Finding::observed)
        .toList();
  }
}
