// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.cli.JsonDocument;
import io.iommufd4j.cli.doctor.Finding;
import io.iommufd4j.cli.doctor.Verdict;
import io.iommufd4j.kernel.KernelIdentity;
import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.Holder.Hold;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.PciDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

/** A host with hundreds of devices in a few lines, and in JSON whole. */
final class DiagnosisTextTest {

  private static PciDevice device(int number) {
    return new PciDevice(
        new PciAddress(0, number >> 8, (number >> 3) & 0x1f, number & 7),
        0x15b3,
        0x101e,
        0x020000,
        0,
        Optional.of("vfio-pci"),
        Optional.empty(),
        OptionalInt.of(number),
        Optional.empty(),
        Optional.of("vfio" + number),
        Optional.empty());
  }

  private static Finding finding(
      String check, Verdict verdict, int device, String fact, Holder... holders) {
    return new Finding(check, verdict, Optional.of(device(device)), fact, List.of(holders), "");
  }

  private static List<Finding> largeHost() {
    var findings = new ArrayList<Finding>();
    for (int i = 0; i < 798; i++) {
      if (i % 100 == 50) {
        findings.add(finding("VFIO cdev", Verdict.OK, i, "opens"));
        findings.add(finding("attach", Verdict.OK, i, "attaches to an IOAS and detaches"));
      } else {
        String command = i < 700 ? "qemu-system-x86" : "dpdk";
        var holder = new Holder(1000 + i / 8, command, Hold.CDEV, "/dev/vfio/devices/vfio" + i);
        findings.add(finding("VFIO cdev", Verdict.IN_USE, i, "is in use", holder));
      }
    }
    return findings;
  }

  @Test
  void equalFindingsAreOneLine() {
    assertEquals(
        List.of(
            "in-use     VFIO cdev  790 devices, each is in use, by 88 processes of qemu-system-x86,"
                + " 13 processes of dpdk: 0000:00:00.0, 0000:00:00.1, 0000:00:00.2 and 787 more",
            "ok         VFIO cdev  8 devices, each opens: 0000:00:06.2, 0000:00:12.6, 0000:00:1f.2"
                + " and 5 more",
            "ok         attach     8 devices, each attaches to an IOAS and detaches: 0000:00:06.2,"
                + " 0000:00:12.6, 0000:00:1f.2 and 5 more"),
        new DiagnosisText(Ansi.OFF).lines(largeHost()));
  }

  @Test
  void aSingleDeviceIsNamedWithItsCdev() {
    var holder = new Holder(77, "dpdk", Hold.CDEV, "/dev/vfio/devices/vfio3");
    assertEquals(
        List.of(
            "in-use     VFIO cdev  0000:00:00.3 (/dev/vfio/devices/vfio3) is in use, by process 77"
                + " (dpdk)"),
        new DiagnosisText(Ansi.OFF)
            .lines(List.of(finding("VFIO cdev", Verdict.IN_USE, 3, "is in use", holder))));
  }

  @Test
  void jsonKeepsEveryFinding() {
    var kernel = new KernelIdentity(KernelIdentity.NATIVE, "7.3.4", "");
    var json =
        JsonDocument.read(JsonDocument.of("doctor", new Document.Diagnosis(kernel, largeHost())));
    List<?> findings = (List<?>) Objects.requireNonNull(json.get("findings"));
    assertEquals(806, findings.size());
    var first = (Map<?, ?>) findings.getFirst();
    assertEquals("0000:00:00.0", first.get("device"));
    assertEquals("in-use", first.get("verdict"));
    assertTrue(String.valueOf(first.get("holders")).contains("qemu-system-x86"));
  }
}
