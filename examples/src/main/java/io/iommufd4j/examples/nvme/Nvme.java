// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import io.iommufd4j.kernel.Backend;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.pci.PciAddress;
import io.iommufd4j.pci.VfioBinding;
import io.iommufd4j.uapi.HwptFlag;
import io.iommufd4j.vfio.VfioDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Drives an NVMe drive from user space, and replaces its translation while 32 commands are
 * outstanding. The first 16 MiB of the drive are overwritten.
 */
public final class Nvme {

  private static final String NEST_PARENT = "--nest-parent";
  private static final int REPLACES = 200;
  private static final int SWITCHES = 100;

  private Nvme() {}

  /**
   * Runs on the host's own kernel. Exit status 1 when a block was lost or foreign, or a replace did
   * not switch.
   *
   * @param arguments the address of the drive; how many replaces under I/O; how many after it that
   *     show where data goes; {@code --nest-parent} first makes the second HWPT one that guests may
   *     nest on
   */
  public static void main(String[] arguments) {
    var words = new ArrayList<>(List.of(arguments));
    Set<HwptFlag> second = words.remove(NEST_PARENT) ? Set.of(HwptFlag.NEST_PARENT) : Set.of();
    if (words.isEmpty()) {
      System.err.println(
          "usage: nvme [--nest-parent] ADDRESS [REPLACES [SWITCHES]]; overwrites the drive's first"
              + " 16 MiB");
      System.exit(2);
    }
    int replaces = words.size() > 1 ? Integer.parseInt(words.get(1)) : REPLACES;
    int switches = words.size() > 2 ? Integer.parseInt(words.get(2)) : SWITCHES;
    boolean good;
    try (var kernel = Backend.NATIVE.open(Backend.Purpose.IOMMUFD)) {
      var experiment = new ReplaceUnderIo(kernel, second, System.out);
      good = run(kernel, PciAddress.parse(words.getFirst()), experiment, replaces, switches);
    } catch (NvmeException failed) {
      System.err.println("nvme: " + failed.getMessage());
      good = false;
    }
    System.exit(good ? 0 : 1);
  }

  static boolean run(
      Kernel kernel, PciAddress address, ReplaceUnderIo experiment, int replaces, int switches) {
    VfioBinding binding = VfioBinding.prepare(kernel, List.of(address));
    var atSignal = new Thread(binding::restore);
    Runtime.getRuntime().addShutdownHook(atSignal);
    try (binding) {
      binding.bind();
      try (var device = VfioDevice.open(kernel, address)) {
        return experiment.run(device, replaces, switches);
      }
    } finally {
      Runtime.getRuntime().removeShutdownHook(atSignal);
    }
  }
}
