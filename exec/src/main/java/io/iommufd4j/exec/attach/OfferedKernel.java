// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.attach;

import io.iommufd4j.linux.HostFile;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * A simulated kernel that other supervisors bring programs to, by a Unix socket that this user's
 * processes alone may use. Of a supervisor the seccomp listener is taken ({@code pidfd_getfd(2)}),
 * which takes the right to trace it, as its programs' memory does later.
 */
public final class OfferedKernel implements AutoCloseable {

  private static final int FILE_TYPE = 0170000;
  private static final int SOCKET_TYPE = 0140000;

  /** Ends the name of a socket that nobody can connect to yet. */
  private static final String FRESH = ".new";

  private static final String LISTENER = "anon_inode:seccomp notify";

  /** The time that supervisors are waited for whose programs have been told to end. */
  private static final int END_MILLIS = 5_000;

  private final Path socket;
  private final Object identity;
  private final ServerSocketChannel channel;
  private final Owner owner;
  private final UserPrincipal user;
  private final Map<Lines, Thread> connections = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private OfferedKernel(Path socket, ServerSocketChannel channel, Owner owner) throws IOException {
    this.socket = socket;
    this.channel = channel;
    this.owner = owner;
    this.user = Files.getOwner(socket);
    this.identity = identity(socket);
  }

  private static Object identity(Path file) throws IOException {
    Object key = Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    return Objects.requireNonNull(key, "an inode");
  }

  /**
   * Offers a kernel.
   *
   * @param socket where; a socket that nobody listens at any more is replaced
   * @param owner of the kernel, who answers for those that come
   * @return the offer, which lasts until it is closed
   * @throws AttachException when there is another file, or somebody listens there
   */
  public static OfferedKernel at(Path socket, Owner owner) throws AttachException {
    ServerSocketChannel channel = null;
    try {
      channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      var address = UnixDomainSocketAddress.of(socket);
      if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
        removeStale(socket, address);
      }
      listen(channel, socket);
      var offered = new OfferedKernel(socket, channel, owner);
      Thread.ofPlatform().daemon().name("offers " + socket).start(offered::accept);
      return offered;
    } catch (IOException refused) {
      close(channel);
      throw new AttachException(socket + ": no socket can be made there: " + refused.getMessage());
    }
  }

  /** The path appears once a connection is possible there, and with its permissions. */
  private static void listen(ServerSocketChannel channel, Path socket) throws IOException {
    Path fresh = Path.of(socket + FRESH);
    Files.deleteIfExists(fresh);
    channel.bind(UnixDomainSocketAddress.of(fresh));
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void close(@Nullable ServerSocketChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException gone) {
      // It was not in use.
    }
  }

  private static void removeStale(Path socket, UnixDomainSocketAddress address)
      throws IOException, AttachException {
    int mode = (int) Files.getAttribute(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & FILE_TYPE) != SOCKET_TYPE) {
      throw new AttachException(socket + " is there already, and is no socket");
    }
    try (var _ = SocketChannel.open(address)) {
      throw new AttachException(socket + " is in use: another kernel is offered there");
    } catch (IOException nobody) {
      Files.deleteIfExists(socket);
    }
  }

  private void accept() {
    while (!closed) {
      try {
        SocketChannel accepted = channel.accept();
        if (accepted.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(user)) {
          serve(new Lines(accepted));
        } else {
          accepted.close();
        }
      } catch (IOException ended) {
        if (!channel.isOpen()) {
          return;
        }
      }
    }
  }

  private void serve(Lines lines) {
    Thread thread = Thread.ofPlatform().daemon().name("attached").unstarted(() -> answer(lines));
    connections.put(lines, thread);
    thread.start();
  }

  private void answer(Lines lines) {
    try (lines) {
      if (closed) {
        return;
      }
      lines.say(new Greeting(Greeting.VERSION, owner.first()).line());
      Attachment request = Attachment.of(lines.next());
      if (request == null) {
        return;
      }
      int listener = take(request);
      if (listener < 0) {
        lines.say(
            Attachment.REFUSED
                + "the owner of the kernel may not look into programs that it has not started: that"
                + " takes root, or 0 in /proc/sys/kernel/yama/ptrace_scope, and one PID namespace");
        return;
      }
      owner.supervise(listener);
      lines.say(Attachment.TAKEN);
      // Until it ends. What its program has left running keeps the kernel.
      lines.next();
    } finally {
      connections.remove(lines);
    }
  }

  /** The listener of a supervisor, here; negative when it cannot be had. */
  private static int take(Attachment request) {
    int process = HostFile.process(request.pid());
    if (process < 0) {
      return process;
    }
    try {
      int listener = HostFile.take(process, request.listener());
      if (listener >= 0 && !isListener(listener)) {
        HostFile.close(listener);
        return -1;
      }
      return listener;
    } finally {
      HostFile.close(process);
    }
  }

  private static boolean isListener(int fd) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString().equals(LISTENER);
    } catch (IOException gone) {
      return false;
    }
  }

  /** Ends the programs that were brought here, and removes the socket. */
  @Override
  public void close() {
    closed = true;
    close(channel);
    try {
      if (identity(socket).equals(identity)) {
        Files.deleteIfExists(socket);
      }
    } catch (IOException gone) {
      // Somebody has removed it.
    }
    long until = System.nanoTime() + END_MILLIS * 1_000_000L;
    Map<Lines, Thread> left = Map.copyOf(connections);
    left.keySet().forEach(Lines::sayNoMore);
    for (Thread thread : left.values()) {
      join(thread, Math.max(1, (until - System.nanoTime()) / 1_000_000));
    }
    left.keySet().forEach(Lines::close);
    for (Thread thread : left.values()) {
      join(thread, END_MILLIS);
    }
  }

  private static void join(Thread thread, long millis) {
    try {
      thread.join(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
