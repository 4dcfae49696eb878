// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Things that a host has of a device through its driver, and loses with it.
 *
 * @param interfaces network interfaces, by name
 * @param disks block devices, by name
 * @param complete false when the device has so much below it that the search stopped early
 */
public record HostUse(List<Interface> interfaces, List<Disk> disks, boolean complete) {

  /** A device that the host has nothing of. */
  public static final HostUse NONE = new HostUse(List.of(), List.of(), true);

  private static final int SHOWN = 4;

  /** Copies the lists. */
  public HostUse {
    interfaces = List.copyOf(interfaces);
    disks = List.copyOf(disks);
  }

  /**
   * Looks below a device, in sysfs and the tables of mounts and swap areas. What a container
   * mounted in a namespace of its own is not found.
   *
   * @param host the machine to look at
   * @param device the function; what it carries counts as well
   * @return its use, as far as this user may see
   */
  public static HostUse of(Host host, PciAddress device) {
    return new HostUseSearch(host, device).run();
  }

  /**
   * {@return the losses with a device, one clause each that begins with its address}
   *
   * @param host the machine to look at
   * @param device as it was found
   */
  public static List<String> losses(Host host, PciDevice device) {
    return of(host, device.address()).losses().stream()
        .map(loss -> device.address() + ": " + loss)
        .toList();
  }

  /**
   * A network interface.
   *
   * @param name as {@code eth0}
   * @param state {@code operstate}, as {@code up} or {@code down}
   * @param on whether it was switched on ({@code IFF_UP}); without a cable its state is down then
   * @param master the bridge or bond that it is in
   */
  public record Interface(String name, String state, boolean on, Optional<String> master) {

    /** {@return true if somebody set it up to carry traffic} */
    public boolean used() {
      return on || master.isPresent();
    }

    /** {@return its use in a sentence, as {@code eth0 is switched on (link down)}} */
    public String use() {
      return name
          + (on ? " is switched on" : " is switched off")
          + master.map(" and belongs to "::concat).orElse("")
          + " (link "
          + state
          + ")";
    }

    @Override
    public String toString() {
      return name + " (" + state + master.map(", in "::concat).orElse("") + ")";
    }
  }

  /**
   * A block device, with what lies on it, on its partitions, and on what is built of these (LVM,
   * encryption, RAID).
   *
   * @param name as {@code sda}
   * @param paths controllers that lead to it; 1 except for NVMe with several
   * @param holders what is built of it, as {@code dm-0 (vg-root)}
   * @param mounts where its file systems are mounted
   * @param swaps its swap areas
   */
  public record Disk(
      String name, int paths, List<String> holders, List<String> mounts, List<String> swaps) {

    /** Copies the lists. */
    public Disk {
      holders = List.copyOf(holders);
      mounts = List.copyOf(mounts);
      swaps = List.copyOf(swaps);
    }

    /** {@return true if a mount, a swap area or something built of it needs it} */
    public boolean used() {
      return !(holders.isEmpty() && mounts.isEmpty() && swaps.isEmpty());
    }
  }

  /** {@return the losses with the device, one clause each; empty when there are none} */
  public List<String> losses() {
    var losses = new ArrayList<String>();
    interfaces.forEach(found -> losses.add("network interface " + found + " goes away"));
    disks.forEach(disk -> losses.add(loss(disk)));
    if (!complete) {
      losses.add("more may go away: there is too much below the device to look at all of it");
    }
    return losses;
  }

  private static String loss(Disk disk) {
    String what = disk.paths() > 1 ? "one of " + disk.paths() + " paths to disk " : "disk ";
    var uses = new ArrayList<String>();
    if (!disk.mounts().isEmpty()) {
      uses.add("what is mounted at " + some(disk.mounts()));
    }
    if (!disk.swaps().isEmpty()) {
      uses.add("swap on " + some(disk.swaps()));
    }
    if (!disk.holders().isEmpty()) {
      uses.add("what is built of it: " + some(disk.holders()));
    }
    return what
        + disk.name()
        + " goes away"
        + (disk.used() ? " with " + String.join(", and ", uses) : "; nothing of it is mounted");
  }

  private static String some(List<String> names) {
    int left = names.size() - SHOWN;
    Stream<String> shown = names.stream().limit(SHOWN);
    return left <= 0
        ? shown.collect(Collectors.joining(", "))
        : shown.collect(Collectors.joining(", ")) + " and " + left + " more";
  }
}
