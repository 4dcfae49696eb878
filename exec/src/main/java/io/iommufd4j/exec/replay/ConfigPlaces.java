// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

import io.iommufd4j.exec.record.RecordedEvent;
import io.iommufd4j.exec.record.RecordedKind;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of configuration registers that tell where a machine has put a device: the addresses of
 * BARs and of the ROM, and the interrupt line, until a program writes them.
 */
final class ConfigPlaces {

  /** The place of the registers in a file of VFIO: {@code VFIO_PCI_INDEX_TO_OFFSET(7)}. */
  private static final long CONFIG = 7L << 40;

  private static final int BARS = 0x10;
  private static final int BARS_END = 0x28;
  private static final int ROM = 0x30;
  private static final int ROM_END = 0x34;
  private static final int INTERRUPT_LINE = 0x3c;

  private final Map<Integer, Set<Integer>> written = new HashMap<>();

  /** A program has written to a file. */
  void written(RecordedEvent.Transfer transfer) {
    long from = transfer.offset() - CONFIG;
    if (from >= 0 && from <= INTERRUPT_LINE) {
      Set<Integer> its = written.computeIfAbsent(transfer.file(), _ -> new HashSet<>());
      for (int i = 0; i < transfer.data().length; i++) {
        its.add((int) from + i);
      }
    }
  }

  /**
   * Replaces in what is read now what tells a place by what was read then.
   *
   * @param kind of the file, where it is known
   */
  void leaveOut(@Nullable RecordedKind kind, RecordedEvent.Transfer transfer, byte[] now) {
    long from = transfer.offset() - CONFIG;
    if (kind != RecordedKind.VFIO_DEVICE || from < 0 || from > INTERRUPT_LINE) {
      return;
    }
    byte[] then = transfer.data();
    Set<Integer> known = written.getOrDefault(transfer.file(), Set.of());
    for (int i = 0; i < Math.min(then.length, now.length); i++) {
      int register = (int) from + i;
      if (!known.contains(register)) {
        int mask = mask(register);
        now[i] = (byte) ((now[i] & ~mask) | (then[i] & mask));
      }
    }
  }

  /** The bits of a register that tell a place: not those for the kind of a BAR. */
  private static int mask(int register) {
    if (register >= BARS && register < BARS_END) {
      return register % Integer.BYTES == 0 ? 0xf0 : 0xff;
    }
    if (register > ROM && register < ROM_END) {
      return 0xff;
    }
    return register == INTERRUPT_LINE ? 0xff : 0;
  }

  /** A file is closed. */
  void closed(int file) {
    written.remove(file);
  }
}
