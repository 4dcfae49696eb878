// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.kernfs.Kernfs;
import io.iommufd4j.sim.lib.FaultPlan;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.Accounting;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The processes in {@code /proc}. It shows device nodes that are open or mapped, under whatever
 * name. Who is about to unbind a device looks here first, as the kernel would wait for the node's
 * close. To be opened are each thread's {@code fail-nth}, the lines of {@code status} about pinned
 * memory, and {@code maps}.
 */
public final class Procfs {

  private static final Pattern FAIL_NTH =
      Pattern.compile("/proc/(?:thread-self|(self|\\d+)/task/(\\d+))/fail-nth");

  private static final Pattern MAPS = Pattern.compile("/proc/(self|\\d+)/maps");

  private static final Pattern STATUS = Pattern.compile("/proc/(self|\\d+)/status");

  private final Kernfs tree;
  private final List<String> mounts = new CopyOnWriteArrayList<>();
  private final String pid;
  private final FaultPlan faults;
  private final UserProcess first;
  private final Supplier<String> otherMaps;
  private final Map<String, UserProcess> others = new ConcurrentHashMap<>();
  private final Map<UserProcess, ProcessDirectory> directories = new ConcurrentHashMap<>();
  private final Set<String> outside = ConcurrentHashMap.newKeySet();
  private volatile boolean ended;

  /**
   * Shows a process without descriptors.
   *
   * @param tree where it is shown
   * @param process the process
   * @param command its name and its arguments
   * @param faults which of the kernel's allocations fail for its threads
   * @param otherMaps lines of {@code maps} of what it has mapped besides files that are shown
   */
  public Procfs(
      Kernfs tree,
      UserProcess process,
      List<String> command,
      FaultPlan faults,
      Supplier<String> otherMaps) {
    this.tree = tree;
    this.otherMaps = otherMaps;
    this.first = process;
    this.pid = Long.toString(process.pid());
    this.faults = faults;
    directories.put(process, new ProcessDirectory(tree, directory(pid), command, false));
    tree.link("/proc/self", pid);
    mounts.add("1 0 0:2 / / rw shared:1 - rootfs rootfs rw\n");
    tree.text(directory(pid) + "/mountinfo", () -> String.join("", mounts), null);
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
      UserProcess process = others.get(status.group(1));
      if (process == null) {
        requireSelf(status.group(1));
      }
      return new ShownText(() -> status(process == null ? first : process));
    }
    var maps = MAPS.matcher(path);
    if (maps.matches()) {
      requireSelf(maps.group(1));
      return new ShownText(() -> of(first).maps() + otherMaps.get());
    }
    var failNth = FAIL_NTH.matcher(path);
    if (!failNth.matches()) {
      throw Refused.with(Errno.ENOENT);
    }
    String task = failNth.group(2);
    if (task == null) {
      return new FailNth(faults, faults.current());
    }
    if (outside.contains(failNth.group(1))) {
      return new FailNth(faults, Integer.valueOf(task));
    }
    requireSelf(failNth.group(1));
    return new FailNth(faults, thread(task));
  }

  private void requireSelf(String process) {
    if (!process.equals("self") && !process.equals(pid)) {
      throw Refused.with(Errno.ENOENT);
    }
  }

  /** A process is there that shares the descriptors of its parent. */
  public void forked(UserProcess child, UserProcess parent) {
    String number = Long.toString(child.pid());
    others.put(number, child);
    directories.put(child, of(parent));
    for (String shared : ProcessDirectory.FILES) {
      tree.link(directory(number) + "/" + shared, "../" + parent.pid() + "/" + shared);
    }
  }

  /** A process is there that has descriptors of its own, none as yet. */
  public void started(UserProcess process, List<String> command) {
    String number = Long.toString(process.pid());
    others.put(number, process);
    directories.put(process, new ProcessDirectory(tree, directory(number), command, true));
  }

  /**
   * A process outside of this JVM is there, whose files the host shows. Its threads have the host's
   * numbers.
   */
  public void startedOutside(UserProcess process) {
    String number = Long.toString(process.pid());
    outside.add(number);
    others.put(number, process);
  }

  /** A process is gone. */
  public void exited(UserProcess process) {
    String number = Long.toString(process.pid());
    if (outside.remove(number)) {
      others.remove(number);
      return;
    }
    others.remove(number);
    directories.remove(process);
    if (!ended) {
      tree.remove(directory(number));
    }
  }

  /** Mappings of a process that was {@link #started}: first addresses and exclusive ends. */
  public List<long[]> mappings(UserProcess process) {
    return of(process).mappings();
  }

  /** A file system is mounted: {@code mountinfo} has one line more. */
  public void mounted(String number, String point, String source) {
    mounts.add(
        "%d 1 %s / %s rw shared:%d - ext4 %s rw\n"
            .formatted(mounts.size() + 1, number, point, mounts.size() + 1, source));
  }

  /** The kernel ends: nobody can look any more. */
  public void end() {
    ended = true;
  }

  private ProcessDirectory of(UserProcess process) {
    ProcessDirectory its = directories.get(process);
    return its != null ? its : Objects.requireNonNull(directories.get(first));
  }

  private static String directory(String process) {
    return "/proc/" + process;
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

  /**
   * A process has a descriptor of a file that is shown.
   *
   * @param name the file's path, or another name
   * @param flags {@code O_*}
   * @param info the file's own lines in {@code fdinfo}
   */
  public void opened(UserProcess process, int fd, String name, int flags, String info) {
    of(process).opened(fd, name, flags, info);
  }

  /** A descriptor may have been of a file that is shown, and is gone. */
  public void closed(UserProcess process, int fd) {
    of(process).closed(fd);
  }

  /** A second descriptor of what may be shown is there. */
  public void duplicated(UserProcess process, int fd, int second) {
    passed(process, fd, process, second);
  }

  /** A process has memory mapped, from a first address to an exclusive end; fd −1 for no file. */
  public void mapped(
      UserProcess process, long start, long end, int protection, int flags, int fd, long offset) {
    of(process).mapped(start, end, protection, flags, fd, offset);
  }

  /** A process has nothing mapped there any more. */
  public void unmapped(UserProcess process, long start, long end) {
    if (!ended) {
      of(process).unmapped(start, end);
    }
  }

  /** A process has a descriptor of what may be shown of another one's. */
  public void passed(UserProcess from, int fd, UserProcess to, int taken) {
    of(to).opened(taken, of(from).shown(fd));
  }

  /**
   * The process of a number.
   *
   * @throws Refused ESRCH when there is none
   */
  public UserProcess process(long number) {
    UserProcess process = number == first.pid() ? first : others.get(Long.toString(number));
    if (process == null) {
      throw Refused.with(Errno.ESRCH);
    }
    return process;
  }

  /** True until a process has ended. */
  public boolean runs(UserProcess process) {
    return process == first || others.get(Long.toString(process.pid())) == process;
  }

  /** A node is gone that processes may have open or mapped. */
  public void deleted(String node) {
    directories.values().forEach(its -> its.deleted(node));
  }
}
