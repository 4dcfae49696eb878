// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.file;

import io.iommufd4j.sim.pci.PciFunction.Bar;
import io.iommufd4j.sim.pci.PciFunction.Space;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads BARs. */
final class BarReader {

  private static final int MOST = 5;
  private static final long BELOW_4G = 1L << 32;

  /** Bus addresses beyond are the simulator's own. */
  private static final long LIMIT = 1L << 48;

  /** A kind's own BARs lie within so many bytes. */
  private static final long KIND_ROOM = 1L << 20;

  private BarReader() {}

  /** Those of a function without a kind. */
  static List<Bar> bars(Value list) {
    var bars = new ArrayList<Bar>();
    Set<Integer> taken = new HashSet<>();
    for (Value item : list.items()) {
      Bar bar = bar(item);
      boolean free = taken.add(bar.index()) && (!bar.wide() || taken.add(bar.index() + 1));
      if (!free) {
        throw item.wrong("BAR " + bar.index() + " is taken; one of 64 bits takes the next as well");
      }
      bars.add(bar);
    }
    return bars;
  }

  private static Bar bar(Value item) {
    Fields fields = item.fields(MachineKeys.BAR);
    Value number = fields.require("bar", "its number, from 0 to 5");
    int index = number.small(0, MOST);
    Space space =
        fields.find("type").map(value -> value.one(MachineKeys.SPACES)).orElse(Space.MEMORY);
    Value room = fields.require("size", "a power of two, as 128K");
    long size = room.size();
    if (Long.bitCount(size) != 1 || size < (space == Space.PORTS ? 4 : 16) || size > LIMIT >> 1) {
      throw room.wrong(size + " bytes can be no BAR; it wants a power of two from 16 on");
    }
    Value base = fields.require("base", "its bus address, or 0 for one that has none");
    long at = base.number(0, LIMIT - 1);
    var bar = new Bar(index, size, at, space);
    if (at % size != 0) {
      throw base.wrong("is no multiple of the BAR's size; it wants one");
    }
    if (at + size > (bar.wide() ? LIMIT : BELOW_4G)) {
      throw base.wrong("lies too high; it wants an end below 4 GiB, or of memory64 below 2^48");
    }
    if (bar.wide() && index == MOST) {
      throw number.wrong("BAR 5 has no next one; one of 64 bits wants 4 or less");
    }
    return bar;
  }

  /** The one BAR address that a kind leaves open. */
  static List<Bar> ofKind(Value list) {
    List<Value> items = list.items();
    if (items.size() != 1) {
      throw list.wrong("a kind has its own BARs; it wants one item, {bar: 0, base: ADDRESS}");
    }
    Fields fields = items.getFirst().fields(MachineKeys.KIND_BAR);
    fields.require("bar", "0, from which the others follow").small(0, 0);
    Value base = fields.require("base", "its bus address, as 0xfe700000");
    long at = base.number(0, BELOW_4G - KIND_ROOM);
    if (at % KIND_ROOM != 0) {
      throw base.wrong("is no multiple of a MiB; it wants one");
    }
    return List.of(new Bar(0, KIND_ROOM, at));
  }
}
