// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.doctor;

import io.iommufd4j.pci.Holder;
import io.iommufd4j.pci.PciDevice;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The result of one check.
 *
 * @param check the thing that was tried, in a word or two
 * @param verdict the result
 * @param device the one that it is about, where it is about one
 * @param fact the calls made and their answers, in one line; follows the device's name
 * @param holders the processes that use the device
 * @param fix the change that would help, in one line; empty when nothing needs to
 */
public record Finding(
    String check,
    Verdict verdict,
    Optional<PciDevice> device,
    String fact,
    List<Holder> holders,
    String fix) {

  /** Copies the list. */
  public Finding {
    holders = List.copyOf(holders);
  }

  static Finding of(String check, Verdict verdict, String fact, String fix) {
    return new Finding(check, verdict, Optional.empty(), fact, List.of(), fix);
  }

  static Finding ok(String check, String fact) {
    return of(check, Verdict.OK, fact, "");
  }

  static Finding missing(String check, String fact, String fix) {
    return of(check, Verdict.MISSING, fact, fix);
  }

  static Finding notTried(String check, String fact, String fix) {
    return of(check, Verdict.NOT_TRIED, fact, fix);
  }

  /** A finding about one device; the fact is a verb and what follows it, as {@code opens}. */
  static Finding ok(String check, PciDevice device, String fact) {
    return new Finding(check, Verdict.OK, Optional.of(device), fact, List.of(), "");
  }

  /**
   * Somebody else has the device open: it works, and is not tried.
   *
   * @param fact as {@code is in use}
   * @param holders empty when they do not show
   */
  static Finding inUse(String check, PciDevice device, String fact, List<Holder> holders) {
    return new Finding(check, Verdict.IN_USE, Optional.of(device), fact, holders, "");
  }

  /** One line: the device, the fact and the processes that use it. */
  public String observed() {
    String subject = device.map(found -> name(found) + " ").orElse("");
    String by = holders.stream().map(Holder::process).distinct().collect(Collectors.joining(", "));
    return subject + fact + (by.isEmpty() ? "" : ", by " + by);
  }

  private static String name(PciDevice device) {
    return device.address() + device.cdevPath().map(cdev -> " (" + cdev + ")").orElse("");
  }

  /** True if another finding says the same, of another device. */
  public boolean sameAs(@Nullable Finding other) {
    return other != null
        && device.isPresent()
        && other.device.isPresent()
        && check.equals(other.check)
        && verdict == other.verdict
        && fact.equals(other.fact)
        && fix.equals(other.fix);
  }
}
