// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.fs;

import io.iommufd4j.bindings.libc.libc_h;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.sim.lib.IdTable;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.CallingProcess;
import io.iommufd4j.sim.mm.UserProcess;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The descriptors of processes ({@code struct files_struct}) and how often each open file is
 * referred to. A call finds those of the process that makes it. Descriptors start at 3, as in a
 * process that has its standard streams.
 */
public final class FileTable implements OpenFiles {

  private static final int FIRST = 3;

  /** {@code sysctl_nr_open}. */
  private static final int LIMIT = 1 << 20;

  /** An open file, what it was opened for, and its references. Guarded by the table. */
  private static final class Description {
    final OpenFile file;
    final boolean readable;
    final boolean writable;
    int references;

    Description(OpenFile file, boolean readable, boolean writable) {
      this.file = file;
      this.readable = readable;
      this.writable = writable;
    }
  }

  /** Those of one process. */
  private static final class Descriptors {
    final IdTable<Description> open = new IdTable<>(FIRST);

    /** Guarded by the table. */
    final Map<Integer, Description> reserved = new HashMap<>();
  }

  /** A file of the host's, which is there for as long as somebody refers to it here. */
  public interface Foreign extends OpenFile {}

  /** The descriptors of a process outside of this JVM, which the host keeps. */
  public interface Outside {
    /** As {@link OpenFiles#find}. */
    @Nullable OpenFile find(int fd);

    /**
     * Chooses the number of a descriptor.
     *
     * @throws Refused EMFILE
     */
    int reserve(OpenFile file);

    /**
     * The process has the descriptor from now on, and the reference to the file; when it ends while
     * it waits for that, the file is dropped.
     */
    void install(int fd, OpenFile file);

    /** Undoes {@link #reserve}. */
    void cancel(int fd);
  }

  private final @Nullable CallingProcess calling;
  private final Descriptors first = new Descriptors();
  private final IdentityHashMap<OpenFile, Description> files = new IdentityHashMap<>();

  /** Copied when it changes. */
  private volatile Map<UserProcess, Descriptors> others = Map.of();

  private volatile Map<UserProcess, Outside> outside = Map.of();

  private volatile ObjIntConsumer<OpenFile> installed = (file, fd) -> {};

  /** The descriptors of one process. */
  public FileTable() {
    calling = null;
  }

  /** Those of several: all share the first one's but those that {@link #add} gave their own. */
  public FileTable(CallingProcess calling) {
    this.calling = calling;
  }

  /** A process has descriptors of its own from now on, none as yet. */
  public synchronized void add(UserProcess process) {
    var more = new HashMap<>(others);
    more.put(process, new Descriptors());
    others = Map.copyOf(more);
  }

  /** {@code exit_files}: the process' descriptors are closed, the lowest first. */
  public void remove(UserProcess process) {
    Descriptors its;
    synchronized (this) {
      var fewer = new HashMap<>(others);
      its = fewer.remove(process);
      others = Map.copyOf(fewer);
    }
    if (its != null) {
      closeAll(its);
    }
  }

  /** A process outside of this JVM is there. */
  public synchronized void add(UserProcess process, Outside descriptors) {
    var more = new HashMap<>(outside);
    more.put(process, descriptors);
    outside = Map.copyOf(more);
    add(process);
  }

  /** A process outside of this JVM is gone; its files were dropped one by one. */
  public synchronized void removeOutside(UserProcess process) {
    var fewer = new HashMap<>(outside);
    fewer.remove(process);
    outside = Map.copyOf(fewer);
    remove(process);
  }

  /** Another reference to a file; false when it has none any more. */
  public synchronized boolean retain(OpenFile file) {
    Description description = files.get(file);
    if (description != null) {
      description.references++;
    }
    return description != null;
  }

  private @Nullable Outside outside() {
    Map<UserProcess, Outside> now = outside;
    return now.isEmpty() || calling == null ? null : now.get(calling.get());
  }

  /** A file has one reference from now on, {@link #drop} ends it. */
  public void refer(OpenFile file) {
    synchronized (this) {
      var description = new Description(file, true, true);
      description.references = 1;
      files.put(file, description);
    }
  }

  /** Sets the listener for descriptors that requests give. */
  public void onInstall(ObjIntConsumer<OpenFile> listener) {
    installed = listener;
  }

  private Descriptors current() {
    Map<UserProcess, Descriptors> now = others;
    return now.isEmpty() || calling == null ? first : now.getOrDefault(calling.get(), first);
  }

  @Override
  public int open(OpenFile file, int flags) {
    int fd = reserve(file, flags);
    install(fd);
    return fd;
  }

  @Override
  public int reserve(OpenFile file, int flags) {
    int mode = flags & (libc_h.O_RDWR() | libc_h.O_WRONLY());
    var description = new Description(file, mode != libc_h.O_WRONLY(), mode != libc_h.O_RDONLY());
    synchronized (this) {
      files.put(file, description);
      description.references = 1;
    }
    try {
      Outside theirs = outside();
      int fd = theirs == null ? reserveNumber() : theirs.reserve(file);
      synchronized (this) {
        current().reserved.put(fd, description);
      }
      return fd;
    } catch (Refused refused) {
      drop(file);
      throw refused;
    }
  }

  @Override
  public void install(int fd) {
    Outside theirs = outside();
    if (theirs != null) {
      theirs.install(fd, takeReserved(fd).file);
      return;
    }
    OpenFile file;
    synchronized (this) {
      Description description = takeReserved(fd);
      file = description.file;
      current().open.publish(fd, description);
    }
    installed.accept(file, fd);
  }

  @Override
  public void cancel(int fd) {
    OpenFile file;
    synchronized (this) {
      file = takeReserved(fd).file;
      Outside theirs = outside();
      if (theirs == null) {
        current().open.remove(fd);
      } else {
        theirs.cancel(fd);
      }
    }
    drop(file);
  }

  private synchronized Description takeReserved(int fd) {
    Description description = current().reserved.remove(fd);
    if (description == null) {
      throw new IllegalStateException("descriptor " + fd + " was not reserved");
    }
    return description;
  }

  private int reserveNumber() {
    IdTable<Description> open = current().open;
    int fd = open.reserve();
    if (fd >= LIMIT) {
      open.remove(fd);
      throw Refused.with(Errno.EMFILE);
    }
    return fd;
  }

  /**
   * Another descriptor of the same open file, the lowest that is free.
   *
   * @throws Refused EBADF, EMFILE
   */
  public int dup(int fd) {
    Description description;
    synchronized (this) {
      description = description(fd);
      description.references++;
    }
    try {
      int second = reserveNumber();
      current().open.publish(second, description);
      return second;
    } catch (Refused refused) {
      drop(description.file);
      throw refused;
    }
  }

  /**
   * A descriptor of a file that is open already, in place of a reference to it.
   *
   * @throws Refused EMFILE; the reference is dropped then
   */
  public int adopt(OpenFile held) {
    Description description;
    synchronized (this) {
      description = files.get(held);
    }
    if (description == null) {
      throw new IllegalStateException("nobody refers to " + held);
    }
    try {
      int fd = reserveNumber();
      current().open.publish(fd, description);
      return fd;
    } catch (Refused refused) {
      drop(held);
      throw refused;
    }
  }

  @Override
  public void close(int fd) {
    OpenFile file;
    synchronized (this) {
      file = description(fd).file;
      current().open.remove(fd);
    }
    drop(file);
  }

  /** Closes every descriptor of every process, the lowest first. */
  public void closeAll() {
    others.keySet().forEach(this::remove);
    closeAll(first);
  }

  private void closeAll(Descriptors its) {
    List<OpenFile> open = new ArrayList<>();
    synchronized (this) {
      for (int fd = FIRST; its.open.size() > 0; fd++) {
        Description description = its.open.remove(fd);
        if (description != null) {
          open.add(description.file);
        }
      }
    }
    open.forEach(this::drop);
  }

  /** The number of open descriptors, in all processes. */
  public int size() {
    return first.open.size() + others.values().stream().mapToInt(its -> its.open.size()).sum();
  }

  @Override
  public @Nullable OpenFile find(int fd) {
    Outside theirs = outside();
    if (theirs != null) {
      return theirs.find(fd);
    }
    Description description = current().open.find(fd);
    return description == null ? null : description.file;
  }

  @Override
  public synchronized OpenFile hold(int fd) {
    Outside theirs = outside();
    if (theirs != null) {
      return holdOutside(theirs, fd);
    }
    Description description = description(fd);
    description.references++;
    return description.file;
  }

  private OpenFile holdOutside(Outside theirs, int fd) {
    OpenFile file = theirs.find(fd);
    if (file instanceof Foreign) {
      files.computeIfAbsent(file, _ -> new Description(file, true, true));
    }
    if (file == null || !retain(file)) {
      throw Refused.with(Errno.EBADF);
    }
    return file;
  }

  /**
   * As {@link #hold}, for a call that reads.
   *
   * @throws Refused EBADF when it was not opened for that
   */
  public synchronized OpenFile holdToRead(int fd) {
    if (!description(fd).readable) {
      throw Refused.with(Errno.EBADF);
    }
    return hold(fd);
  }

  /**
   * As {@link #hold}, for a call that writes.
   *
   * @throws Refused EBADF when it was not opened for that
   */
  public synchronized OpenFile holdToWrite(int fd) {
    if (!description(fd).writable) {
      throw Refused.with(Errno.EBADF);
    }
    return hold(fd);
  }

  /** True if a descriptor was opened for reading. */
  public boolean readable(int fd) {
    Description description = current().open.find(fd);
    return description != null && description.readable;
  }

  /** True if a descriptor was opened for writing. */
  public boolean writable(int fd) {
    Description description = current().open.find(fd);
    return description != null && description.writable;
  }

  @Override
  public void drop(OpenFile file) {
    synchronized (this) {
      Description description = files.get(file);
      if (description == null || --description.references > 0) {
        return;
      }
      files.remove(file);
    }
    file.release();
  }

  private Description description(int fd) {
    Description description = current().open.find(fd);
    if (description == null) {
      throw Refused.with(Errno.EBADF);
    }
    return description;
  }
}
