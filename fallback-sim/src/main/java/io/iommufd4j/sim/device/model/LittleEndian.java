// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers as devices have them in memory, at any address. */
final class LittleEndian {

  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}
}
