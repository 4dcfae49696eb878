// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.kernel.SysfsWrite;
import java.util.ArrayList;
import java.util.List;

/**
 * The virtual functions that a physical one has: they go when its driver does, and are made again
 * by the driver that has it then, each with the driver it had.
 *
 * @param physical the physical function
 * @param functions its virtual ones, in the order of their numbers
 */
record VirtualFunctions(PciDevice physical, List<PciDevice> functions) {

  VirtualFunctions {
    functions = List.copyOf(functions);
  }

  /** Those that a device has now; none for any that is no physical function. */
  static VirtualFunctions of(Host host, PciDevice physical) {
    return new VirtualFunctions(physical, host.virtualFunctions(physical));
  }

  boolean none() {
    return functions.isEmpty();
  }

  /** The write that makes as many as there were. */
  SysfsWrite count(Host host) {
    return new SysfsWrite(
        host.directory(physical.address()).resolve("sriov_numvfs"),
        Integer.toString(functions.size()));
  }

  /**
   * The writes that make them again and give each its driver, for a shell that cannot look: one
   * that has nothing to do is refused and does no harm.
   */
  List<SysfsWrite> undo(Host host) {
    var writes = new ArrayList<SysfsWrite>();
    if (none()) {
      return writes;
    }
    writes.add(count(host));
    for (PciDevice function : functions) {
      var directory = host.directory(function.address());
      String name = function.address().toString();
      function
          .driverOverride()
          .ifPresent(to -> writes.add(new SysfsWrite(directory.resolve("driver_override"), to)));
      if (function.driver().isEmpty() || function.driverOverride().isPresent()) {
        writes.add(new SysfsWrite(directory.resolve("driver/unbind"), name));
      }
      function
          .driver()
          .ifPresent(
              to -> writes.add(new SysfsWrite(host.driverDirectory(to).resolve("bind"), name)));
    }
    return writes;
  }
}
