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
import java.util.concurrent.atomic.AtomicInteger;
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

  /**
   * An open file with what it was opened for ({@code struct file}). It counts its references
   * itself, so that calls on different files do not wait for each other.
   */
  public static final class Description {
    private final OpenFile file;
    private final boolean readable;
    private final boolean writable;

    /** Once it is 0 it stays 0: nobody finds the file any more. */
    private final AtomicInteger references;

    private Description(OpenFile file, boolean readable, boolean writable, int references) {
      this.file = file;
      this.readable = readable;
      this.writable = writable;
      this.references = new AtomicInteger(references);
    }

    /** The file. */
    public OpenFile file() {
      return file;
    }

    /** {@code get_file_rcu}: one more reference; false when the last was given up. */
    private boolean hold() {
      while (true) {
        int before = references.get();
        if (before == 0) {
          return false;
        }
        if (references.compareAndSet(before, before + 1)) {
          return true;
        }
      }
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
    return description != null && description.hold();
  }

  private @Nullable Outside outside() {
    Map<UserProcess, Outside> now = outside;
    return now.isEmpty() || calling == null ? null : now.get(calling.get());
  }

  /** A file has one reference from now on, {@link #drop} ends it. */
  public void refer(OpenFile file) {
    synchronized (this) {
      files.put(file, new Description(file, true, true, 1));
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
    var description =
        new Description(file, mode != libc_h.O_WRONLY(), mode != libc_h.O_RDONLY(), 1);
    synchronized (this) {
      files.put(file, description);
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
    Description description = holdDescription(fd);
    try {
      int second = reserveNumber();
      current().open.publish(second, description);
      return second;
    } catch (Refused refused) {
      drop(description);
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
  public OpenFile hold(int fd) {
    return holdOpen(fd).file;
  }

  /**
   * As {@link #hold}, of the file with what it was opened for; undone by {@link
   * #drop(Description)}, which is quicker.
   *
   * @throws Refused EBADF when the descriptor is closed
   */
  public Description holdOpen(int fd) {
    Outside theirs = outside();
    return theirs == null ? holdDescription(fd) : holdOutside(theirs, fd);
  }

  private Description holdDescription(int fd) {
    Description description = current().open.find(fd);
    if (description == null || !description.hold()) {
      throw Refused.with(Errno.EBADF);
    }
    return description;
  }

  private synchronized Description holdOutside(Outside theirs, int fd) {
    OpenFile file = theirs.find(fd);
    Description known = file == null ? null : files.get(file);
    if (known != null && known.hold()) {
      return known;
    }
    if (file instanceof Foreign) {
      var description = new Description(file, true, true, 1);
      files.put(file, description);
      return description;
    }
    throw Refused.with(Errno.EBADF);
  }

  /**
   * As {@link #hold}, for a call that reads.
   *
   * @throws Refused EBADF when it was not opened for that
   */
  public OpenFile holdToRead(int fd) {
    Description description = holdDescription(fd);
    if (!description.readable) {
      drop(description);
      throw Refused.with(Errno.EBADF);
    }
    return description.file;
  }

  /**
   * As {@link #hold}, for a call that writes.
   *
   * @throws Refused EBADF when it was not opened for that
   */
  public OpenFile holdToWrite(int fd) {
    Description description = holdDescription(fd);
    if (!description.writable) {
      drop(description);
      throw Refused.with(Errno.EBADF);
    }
    return description.file;
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
    Description description;
    synchronized (this) {
      description = files.get(file);
    }
    if (description != null) {
      drop(description);
    }
  }

  /** Undoes {@link #holdOpen}; the last one releases the file. */
  public void drop(Description description) {
    if (description.references.decrementAndGet() > 0) {
      return;
    }
    synchronized (this) {
      files.remove(description.file, description);
    }
    description.file.release();
  }

  private Description description(int fd) {
    Description description = current().open.find(fd);
    if (description == null) {
      throw Refused.with(Errno.EBADF);
    }
    return description;
  }
}
