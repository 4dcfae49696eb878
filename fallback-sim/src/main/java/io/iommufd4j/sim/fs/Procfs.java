package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * What {@code /proc} has of the one process. It tells of device nodes that are open: {@code
 * /proc/PID/fd/N} leads to the node. Who is about to unbind a device looks here first, as the
 * kernel would wait for the node's close. To be opened are each thread's {@code fail-nth}, and the
 * lines of {@code status} that tell of pinned memory.
 */
public final class Procfs {

  private static final Pattern FAIL_NTH =
      Pattern.compile("/proc/(?:thread-self|(self|\\d+)/task/(\\d+))/fail-nth");

  private static final Pattern STATUS = Pattern.compile("/proc/(self|\\d+)/status");

  private final Path root;
  private final Path descriptors;
  private final String pid;
  private final FaultPlan faults;
  private final UserProcess first;
  private final Map<String, UserProcess> children = new ConcurrentHashMap<>();

  /**
   * Shows a process without descriptors.
   *
   * @param files where the tree is made
   * @param process the process
   * @param faults which of the kernel's allocations fail for its threads
   */
  public Procfs(FileSystem files, UserProcess process, FaultPlan faults) {
    this.first = process;
    this.pid = Long.toString(process.pid());
    this.faults = faults;
    root = files.getPath("/proc");
    descriptors = root.resolve(this.pid).resolve("fd");
    try {
      Files.createDirectories(descriptors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Opens a file. A thread's number is {@link Thread#threadId}, as the host's own is not known
   * here.
   *
   * @param path absolute, as {@code /proc/thread-self/fail-nth}
   * @throws Refused ENOENT when there is none
   */
  public OpenFile open(String path) {
    var status = STATUS.matcher(path);
    if (status.matches()) {
      UserProcess process = children.get(status.group(1));
      if (process == null) {
        requireSelf(status.group(1));
      }
      return new ShownText(() -> status(process == null ? first : process));
    }
    var failNth = FAIL_NTH.matcher(path);
    if (!failNth.matches()) {
      throw Refused.with(Errno.ENOENT);
    }
    String task = failNth.group(2);
    if (task == null) {
      return new FailNth(faults, Thread.currentThread());
    }
    requireSelf(failNth.group(1));
    return new FailNth(faults, thread(task));
  }

  private void requireSelf(String process) {
    if (!process.equals("self") && !process.equals(pid)) {
      throw Refused.with(Errno.ENOENT);
    }
  }

  /** A child of the process is there. */
  public void forked(UserProcess child) {
    children.put(Long.toString(child.pid()), child);
  }

  /** A child is gone. */
  public void exited(UserProcess child) {
    children.remove(Long.toString(child.pid()));
  }

  private static String status(UserProcess process) {
    Accounting accounting = process.accounting();
    return "Pid:\t%d\nVmLck:\t%8d kB\nVmPin:\t%8d kB\n"
        .formatted(process.pid(), accounting.lockedBytes() / 1024, accounting.pinnedBytes() / 1024);
  }

  private static Thread thread(String number) {
    Thread current = Thread.currentThread();
    if (number.equals(Long.toString(current.threadId()))) {
      return current;
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (number.equals(Long.toString(thread.threadId()))) {
        return thread;
      }
    }
    throw Refused.with(Errno.ENOENT);
  }

  /** A descriptor of a node is there. */
  public void opened(int fd, String node) {
    Path link = entry(fd);
    try {
      Files.deleteIfExists(link);
      Files.createSymbolicLink(link, root.resolve(node));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A descriptor may have been of a node, and is gone. */
  public void closed(int fd) {
    try {
      Files.deleteIfExists(entry(fd));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A second descriptor of what may be a node is there. */
  public void duplicated(int fd, int second) {
    if (Files.isSymbolicLink(entry(fd))) {
      try {
        opened(second, Files.readSymbolicLink(entry(fd)).toString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Path entry(int fd) {
    return descriptors.resolve(Integer.toString(fd));
  }
}
