// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.pci;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.Refused;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The functions that user space told a driver to want ({@code struct pci_dynids}): {@code new_id}
 * and {@code remove_id}.
 */
final class DynamicIds {

  /** {@code PCI_ANY_ID}. */
  private static final int ANY = -1;

  /** Four ids, class, its mask, and the driver's own number. */
  private static final int ALL_FIELDS = 7;

  private static final int HEX = 16;

  /** {@code struct pci_device_id}. */
  private record Id(
      int vendor, int device, int subvendor, int subdevice, int classCode, int classMask) {

    static Id of(int[] fields) {
      return new Id(
          fields[0],
          fields[1],
          fields.length > 2 ? fields[2] : ANY,
          fields.length > 3 ? fields[3] : ANY,
          fields.length > 4 ? fields[4] : 0,
          fields.length > 5 ? fields[5] : 0);
    }

    /** {@code pci_match_one_id}. */
    boolean matches(int ofVendor, int ofDevice, int ofSubvendor, int ofSubdevice, int ofClass) {
      return fits(vendor, ofVendor)
          && fits(device, ofDevice)
          && fits(subvendor, ofSubvendor)
          && fits(subdevice, ofSubdevice)
          && ((classCode ^ ofClass) & classMask) == 0;
    }

    private static boolean fits(int wanted, int there) {
      return wanted == ANY || wanted == there;
    }
  }

  private final List<Id> ids = new CopyOnWriteArrayList<>();

  /**
   * {@code new_id_store}: vendor and device, and up to five numbers more, in hexadecimal.
   *
   * @throws Refused EINVAL for less, or for a last number but 0; EEXIST when it is wanted already
   */
  void add(String text) {
    int[] fields = parse(text, ALL_FIELDS);
    Id id = Id.of(fields);
    boolean whole = fields.length == ALL_FIELDS;
    if (whole && fields[ALL_FIELDS - 1] != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    if (!whole
        && ids.stream()
            .anyMatch(i ->
                i.matches(
                    id.vendor(), id.device(), id.subvendor(), id.subdevice(), id.classCode()))) {
      throw Refused.with(Errno.EEXIST);
    }
    ids.add(id);
  }

  /**
   * {@code remove_id_store}: the first that is meant.
   *
   * @throws Refused EINVAL for less than vendor and device, ENODEV when there is none
   */
  void remove(String text) {
    Id meant = Id.of(parse(text, ALL_FIELDS - 1));
    for (Id id : ids) {
      if (id.vendor() == meant.vendor()
          && id.device() == meant.device()
          && Id.fits(meant.subvendor(), id.subvendor())
          && Id.fits(meant.subdevice(), id.subdevice())
          && ((id.classCode() ^ meant.classCode()) & meant.classMask()) == 0) {
        ids.remove(id);
        return;
      }
    }
    throw Refused.with(Errno.ENODEV);
  }

  /** True if a function matches one of the ids. */
  boolean match(PciFunction function) {
    return ids.stream()
        .anyMatch(id ->
            id.matches(
                function.vendor(),
                function.deviceId(),
                function.subsystemVendor(),
                function.subsystem(),
                function.classCode()));
  }

  /** As many numbers as there are, as {@code sscanf} takes them. */
  private static int[] parse(String text, int most) {
    int[] fields = new int[most];
    int count = 0;
    for (String word : text.strip().split("\\s+", -1)) {
      String digits = word.startsWith("0x") || word.startsWith("0X") ? word.substring(2) : word;
      if (count == most || !digits.matches("\\p{XDigit}{1,8}")) {
        break;
      }
      fields[count++] = Integer.parseUnsignedInt(digits, HEX);
    }
    if (count < 2) {
      throw Refused.with(Errno.EINVAL);
    }
    return Arrays.copyOf(fields, count);
  }
}
