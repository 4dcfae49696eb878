// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /proc}: the host's, but for what the simulated kernel knows better of the machine's
 * processes. These are pinned memory in {@code status}, {@code fail-nth}, the working directory,
 * and the names of simulated files that are open.
 */
final class ProcessTree {

  private static final Pattern OF_PROCESS = Pattern.compile("/proc/(\\d+)/(.*)");
  private static final Pattern TEXT = Pattern.compile("(?:task/\\d+/)?status|task/\\d+/fail-nth");
  private static final Pattern DESCRIPTOR = Pattern.compile("(?:task/\\d+/)?fd/(\\d{1,9})");
  private static final Pattern WORKING_DIRECTORY = Pattern.compile("(?:task/\\d+/)?cwd");
  private static final Pattern ROOT = Pattern.compile("(?:task/\\d+/)?root");
  private static final String FAIL_NTH = "fail-nth";
  private static final String SELF = "/proc/self";
  private static final String THREAD_SELF = "/proc/thread-self";

  private final Programs programs;
  private final WorkingDirectories workingDirectories;
  private final Function<String, byte[]> kernel;
  private final HostTree host;

  /**
   * The processes' directories.
   *
   * @param kernel reads a file of the simulated kernel
   */
  ProcessTree(
      Programs programs,
      WorkingDirectories workingDirectories,
      Function<String, byte[]> kernel,
      HostTree host) {
    this.programs = programs;
    this.workingDirectories = workingDirectories;
    this.kernel = kernel;
    this.host = host;
  }

  /** A name in the directory of a process that runs on the machine. */
  private record Named(int pid, String name) {}

  private @Nullable Named named(Caller caller, String path) {
    if (!path.startsWith("/proc/")) {
      return null;
    }
    Matcher matcher = OF_PROCESS.matcher(path);
    if (!matcher.matches()) {
      return null;
    }
    String number = Objects.requireNonNull(matcher.group(1));
    if (number.length() > 9) {
      return null;
    }
    int pid = Integer.parseInt(number);
    boolean own = pid == caller.pid() || programs.has(pid);
    return own ? new Named(pid, Objects.requireNonNull(matcher.group(2))) : null;
  }

  /** The kind of a file that the host has, or which is the simulated kernel's alone. */
  FileKind kind(Caller caller, String path, FileKind hosts) {
    return hosts == FileKind.NONE && shows(caller, path) ? FileKind.FILE : hosts;
  }

  /** True for a file that is another than the host's. */
  boolean shows(Caller caller, String path) {
    Named of = named(caller, path);
    if (of == null) {
      return false;
    }
    return TEXT.matcher(of.name()).matches() || simulatedLink(of) != null;
  }

  /** The target of a link that is another than the host's. */
  private @Nullable String simulatedLink(Named of) {
    if (WORKING_DIRECTORY.matcher(of.name()).matches()) {
      return workingDirectories.of(of.pid());
    }
    Matcher descriptor = DESCRIPTOR.matcher(of.name());
    return descriptor.matches()
        ? programs.openFile(of.pid(), Integer.parseInt(Objects.requireNonNull(descriptor.group(1))))
        : null;
  }

  /** True for a link that leads to a path, as all do that are not the kernel's magic ones. */
  boolean followed(Caller caller, String path) {
    if (!path.startsWith("/proc/")) {
      return true;
    }
    Named of = named(caller, path);
    if (of == null) {
      return path.equals(SELF) || path.equals(THREAD_SELF) || !OF_PROCESS.matcher(path).matches();
    }
    String target = simulatedLink(of);
    return target != null
        ? target.startsWith("/")
        : ROOT.matcher(of.name()).matches() || WORKING_DIRECTORY.matcher(of.name()).matches();
  }

  /** The target of a link that is {@link #followed}, or of a simulated file. */
  String target(Caller caller, String path) throws IOException {
    if (path.equals(SELF)) {
      return Integer.toString(caller.pid());
    }
    if (path.equals(THREAD_SELF)) {
      return caller.pid() + "/task/" + caller.tid();
    }
    Named of = named(caller, path);
    String target = of == null ? null : simulatedLink(of);
    return target != null ? target : host.target(path);
  }

  /** A text that is another than the host's. */
  Found.Simulated file(Caller caller, String path) throws IOException {
    Named of = Objects.requireNonNull(named(caller, path));
    if (of.name().endsWith(FAIL_NTH)) {
      FileFacts status =
          host.facts(path.substring(0, path.length() - FAIL_NTH.length()) + "status");
      int mode = FileFacts.REGULAR | 0644;
      return new AttributeFile(
          path, status.as(status.inode() + 1, mode), true, () -> kernel.apply(path));
    }
    return new AttributeFile(path, host.facts(path), false, () -> status(path, of.pid()));
  }

  /** The host's lines, but for the two about memory that stays where it is. */
  private byte[] status(String path, int pid) {
    String shown = new String(host.bytes(path), StandardCharsets.ISO_8859_1);
    String locked = "VmLck:\t%8d kB".formatted(programs.lockedBytes(pid) / 1024);
    String pinned = "VmPin:\t%8d kB".formatted(programs.pinnedBytes(pid) / 1024);
    return shown
        .replaceFirst("VmLck:.*", locked)
        .replaceFirst("VmPin:.*", pinned)
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}
