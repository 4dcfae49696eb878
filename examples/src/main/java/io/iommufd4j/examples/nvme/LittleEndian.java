// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers as an NVMe controller has them in memory. */
final class LittleEndian {

  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}
}
