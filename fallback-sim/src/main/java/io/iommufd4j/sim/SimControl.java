// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.sim.fs.DeviceNumber;
import java.io.IOException;
import java.nio.file.Files;
import java.util.stream.Stream;

/**
 * The parts of a simulated kernel and its host that a test has in hand and a program has not: other
 * processes, limits, failing allocations, a census of what is held, and the hardware.
 */
public final class SimControl {

  private static final String DEV = "/dev/";

  private final SimKernel kernel;
  private final BootedSystem system;

  SimControl(SimKernel kernel, BootedSystem system) {
    this.kernel = kernel;
    this.system = system;
  }

  /** {@return the devices, for tests that do DMA as a device would} */
  public Hardware hardware() {
    return system.hardware;
  }

  /**
   * {@return a second process, as {@code fork(2)} makes it} Its parent is the one that calls, this
   * very process unless said otherwise.
   */
  public ForkedProcess fork() {
    return system.processes.fork();
  }

  /**
   * {@return another program of the host, which has nothing open}
   *
   * @param command its name, as {@code qemu-system-x86_64}
   * @param arguments as {@code /proc/PID/cmdline} shows them
   */
  public HostProcess start(String command, String... arguments) {
    return system.processes.start(
        kernel, Stream.concat(Stream.of(command), Stream.of(arguments)).toList());
  }

  /**
   * {@code mknod(2)} of a character device, as containers have nodes of their own. What may be
   * opened is what there is a driver for: iommufd and VFIO, by whatever number {@code dev} shows in
   * sysfs.
   *
   * @param path absolute, below {@code /dev}
   * @param major of the device's number
   * @param minor of the device's number
   */
  public void mknod(String path, int major, int minor) {
    if (!path.startsWith(DEV)) {
      throw new IllegalArgumentException(path + ": nodes are below " + DEV);
    }
    system.dev.add(path, new DeviceNumber(major, minor));
  }

  /**
   * A file of {@code /sys} or {@code /proc} says what it would say on another host, or is there as
   * it would be there. Nothing else follows from it.
   *
   * @param path absolute, as {@code /sys/class/net/eth0/operstate}
   * @param text with its line end
   */
  public void show(String path, String text) {
    // What is made at the first look comes first, and is replaced.
    system.tree.find(path, true);
    system.tree.text(path, () -> text, null);
  }

  /**
   * A file or directory of {@code /sys} or {@code /proc} is not to be seen, as for a program
   * without the rights to it.
   *
   * @param path absolute, as {@code /proc/4711/fd/7}
   */
  public void hide(String path) {
    system.tree.remove(path);
  }

  /**
   * {@code mount(2)}: the disk of a name, as {@code nvme0n1}, has a file system that is in use, as
   * {@code /proc/self/mountinfo} shows.
   *
   * @param disk as below {@code /sys/class/block}
   * @param point the directory, absolute
   * @throws IllegalArgumentException when there is no such disk
   */
  public void mount(String disk, String point) {
    try {
      String number = Files.readString(system.sysfs.root().resolve("class/block/" + disk + "/dev"));
      system.procfs.mounted(number.strip(), point, DEV + disk);
    } catch (IOException e) {
      throw new IllegalArgumentException("no disk " + disk, e);
    }
  }

  /**
   * {@return the control of the kernel's own allocations, for those who test what happens when they
   * fail}
   */
  public FaultInjection faults() {
    return new FaultInjection(system.faults);
  }

  /**
   * The calling process sets its {@code RLIMIT_MEMLOCK} and gives up {@code CAP_IPC_LOCK}, which
   * would lift it; without a limit a root process takes the capability back. What is pinned already
   * stays counted as it was.
   *
   * @param bytes the limit, or {@link ProcessFacts#UNLIMITED}
   */
  public void limitMemlock(long bytes) {
    system.calling.get().accounting().limit(bytes, system.root && bytes == ProcessFacts.UNLIMITED);
  }

  /** {@return the number of open descriptors} */
  public int openFiles() {
    return system.files.size();
  }

  /** {@return the counts of everything that the kernel holds at this moment, to find leaks} */
  public Census census() {
    return new Census(
        system.files.size(),
        system.contexts.size(),
        system.contexts.objects(),
        system.calling.get().accounting().pinnedByUser());
  }
}
