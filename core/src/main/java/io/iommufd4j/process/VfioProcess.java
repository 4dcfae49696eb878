// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.process;

import io.iommufd4j.error.HostException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.process.OpenDescriptor.Kind;
import io.iommufd4j.wire.ProcessFiles;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * A process and the files of iommufd and VFIO that it has open, read from {@code /proc} alone.
 *
 * @param pid its number
 * @param command its name, as {@code qemu-system-x86}
 * @param descriptors in ascending order
 * @param pinnedBytes memory that it has pinned ({@code VmPin}), whatever pinned it; empty when not
 *     shown
 */
public record VfioProcess(
    long pid, String command, List<OpenDescriptor> descriptors, OptionalLong pinnedBytes) {

  private static final long KIB = 1024;

  /** Copies the list. */
  public VfioProcess {
    descriptors = List.copyOf(descriptors);
  }

  /**
   * {@return a process of a kernel's machine; it may have no such file open}
   *
   * @param kernel whose {@code /proc} is read
   * @param pid its number
   * @throws HostException {@code ESRCH} without such a process; {@code EACCES} when its descriptors
   *     may not be looked at, as those of another user's process
   */
  public static VfioProcess of(Kernel kernel, long pid) {
    Path process = kernel.sysfs().resolveSibling("proc").resolve(Long.toString(pid));
    try {
      return read(kernel, new DescriptorSearch(kernel), pid);
    } catch (AccessDeniedException notAllowed) {
      throw new HostException(
          "list " + process.resolve("fd"), Errno.EACCES, ForeignProcess.rightToTrace(pid));
    } catch (IOException gone) {
      throw new HostException("list " + process.resolve("fd"), Errno.ESRCH, "no such process");
    }
  }

  /**
   * All processes that have such a file open.
   *
   * @param processes in ascending order of their numbers
   * @param hidden the number of processes whose descriptors may not be looked at
   */
  public record Listing(List<VfioProcess> processes, int hidden) {

    /** Copies the list. */
    public Listing {
      processes = List.copyOf(processes);
    }
  }

  /**
   * Looks at every process of a kernel's machine once, this one left out.
   *
   * @param kernel whose {@code /proc} is read
   * @return those that have a file of iommufd or VFIO open
   */
  public static Listing all(Kernel kernel) {
    var search = new DescriptorSearch(kernel);
    var found = new ArrayList<VfioProcess>();
    int hidden = 0;
    for (long pid : pids(kernel)) {
      if (pid == ProcessHandle.current().pid()) {
        continue;
      }
      try {
        VfioProcess process = read(kernel, search, pid);
        if (!process.descriptors().isEmpty()) {
          found.add(process);
        }
      } catch (AccessDeniedException notAllowed) {
        hidden++;
      } catch (IOException gone) {
        // It ended while it was looked for, and has nothing open any more.
      }
    }
    return new Listing(found, hidden);
  }

  private static VfioProcess read(Kernel kernel, DescriptorSearch search, long pid)
      throws IOException {
    List<OpenDescriptor> descriptors = search.of(pid);
    var files = ProcessFiles.of(kernel, pid);
    return new VfioProcess(pid, search.command(pid), descriptors, pinned(files));
  }

  private static OptionalLong pinned(ProcessFiles files) {
    return files.status("VmPin:").stream()
        .mapToLong(text -> Long.parseLong(text.replaceAll("\\D", "")) * KIB)
        .findFirst();
  }

  private static List<Long> pids(Kernel kernel) {
    try (Stream<Path> entries = Files.list(kernel.sysfs().resolveSibling("proc"))) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.chars().allMatch(Character::isDigit))
          .map(Long::valueOf)
          .sorted(Comparator.naturalOrder())
          .toList();
    } catch (IOException notShown) {
      return List.of();
    }
  }

  /**
   * {@return the descriptors of a kind, in ascending order}
   *
   * @param kind of file
   */
  public List<OpenDescriptor> descriptors(Kind kind) {
    return descriptors.stream().filter(descriptor -> descriptor.kind() == kind).toList();
  }

  /** {@return the process, for messages} */
  public String describe() {
    return "process " + pid + (command.isEmpty() ? "" : " (" + command + ")");
  }
}
