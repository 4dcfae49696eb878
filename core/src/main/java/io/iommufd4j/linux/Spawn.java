// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.iommufd4j.kernel.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Starts a program as a shell's foreground job would ({@code posix_spawnp(3)}): in the same process
 * group, with standard streams, environment and directory of this process and nothing else of it
 * open; no signal is blocked, and interrupts have their default effect.
 *
 * <p>Whatever it takes is made and linked before {@link #run}, which makes the one call.
 */
public final class Spawn {

  /**
   * {@code sizeof} of {@code posix_spawnattr_t} and {@code posix_spawn_file_actions_t}, rounded up.
   */
  private static final int OPAQUE_BYTES = 512;

  /** {@code sizeof(sigset_t)}. */
  private static final int SIGNAL_SET_BYTES = 128;

  private static final int SET_DEFAULTS = 0x04;
  private static final int SET_MASK = 0x08;

  private static final int SIGINT = 2;
  private static final int SIGQUIT = 3;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment start;
  private final MemorySegment pid = arena.allocate(JAVA_INT);
  private final MemorySegment program;
  private final MemorySegment arguments;
  private final MemorySegment environment;
  private final MemorySegment actions;
  private final MemorySegment attributes;

  /**
   * Makes everything ready.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   */
  public Spawn(List<String> command) {
    program = arena.allocateFrom(command.getFirst());
    arguments = arena.allocate(ADDRESS, command.size() + 1L);
    for (int i = 0; i < command.size(); i++) {
      arguments.setAtIndex(ADDRESS, i, arena.allocateFrom(command.get(i)));
    }
    environment = LibC.symbol("environ").reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
    actions = arena.allocate(OPAQUE_BYTES, Long.BYTES);
    attributes = arena.allocate(OPAQUE_BYTES, Long.BYTES);
    call("posix_spawn_file_actions_init", actions.address(), 0);
    call("posix_spawn_file_actions_addclosefrom_np", actions.address(), 3);
    call("posix_spawnattr_init", attributes.address(), 0);
    MemorySegment none = arena.allocate(SIGNAL_SET_BYTES, Long.BYTES);
    call("posix_spawnattr_setsigmask", attributes.address(), none.address());
    MemorySegment interrupts = arena.allocate(SIGNAL_SET_BYTES, Long.BYTES);
    interrupts.set(ValueLayout.JAVA_LONG, 0, 1L << (SIGINT - 1) | 1L << (SIGQUIT - 1));
    call("posix_spawnattr_setsigdefault", attributes.address(), interrupts.address());
    call("posix_spawnattr_setflags", attributes.address(), SET_DEFAULTS | SET_MASK);
    start = LibC.symbol("posix_spawnp");
  }

  private static void call(String name, long first, long second) {
    require(name, (int) LibC.call(LibC.symbol(name), first, second, 0, 0, 0, 0));
  }

  private static void require(String name, int errno) {
    if (errno != 0) {
      throw new IllegalStateException(name + ": " + Errno.name(-errno));
    }
  }

  /**
   * Starts it.
   *
   * @return its pid; or −errno, as {@code ENOENT} and {@code EACCES}
   */
  public int run() {
    int errno =
        (int)
            LibC.call(
                start,
                pid.address(),
                program.address(),
                actions.address(),
                attributes.address(),
                arguments.address(),
                environment.address());
    return errno == 0 ? pid.get(JAVA_INT, 0) : -errno;
  }
}
