// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.iommufd4j.kernel.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * Starts a program ({@code posix_spawnp(3)}) in the same process group, with environment and
 * directory of this process, its three standard streams and nothing else of it open; no signal is
 * blocked.
 *
 * <p>Whatever it takes is made and linked before {@link #run}, which makes the one call. What the
 * start of each supervised program needs makes no class at run time, which texts and addresses of
 * {@code java.lang.foreign} do when first set.
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

  private static final int WRITE_ONLY = 1;

  private final Arena arena = Arena.ofAuto();
  private final MemorySegment start = LibC.symbol("posix_spawnp");
  private final MemorySegment pid = arena.allocate(JAVA_INT);
  private final MemorySegment program;
  private final MemorySegment arguments;
  private final MemorySegment actions = arena.allocate(OPAQUE_BYTES, Long.BYTES);
  private final MemorySegment attributes = arena.allocate(OPAQUE_BYTES, Long.BYTES);

  private Spawn(List<String> command) {
    program = text(command.getFirst());
    arguments = arena.allocate(JAVA_LONG, command.size() + 1L);
    for (int i = 0; i < command.size(); i++) {
      arguments.setAtIndex(JAVA_LONG, i, text(command.get(i)).address());
    }
    call("posix_spawn_file_actions_init", actions.address());
    call("posix_spawnattr_init", attributes.address());
    MemorySegment none = arena.allocate(SIGNAL_SET_BYTES, Long.BYTES);
    call("posix_spawnattr_setsigmask", attributes.address(), none.address());
  }

  /**
   * As a shell's foreground job: interrupts have their default effect.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   */
  public static Spawn inForeground(List<String> command) {
    var spawn = new Spawn(command);
    MemorySegment interrupts = spawn.arena.allocate(SIGNAL_SET_BYTES, Long.BYTES);
    interrupts.set(JAVA_LONG, 0, 1L << (SIGINT - 1) | 1L << (SIGQUIT - 1));
    call("posix_spawnattr_setsigdefault", spawn.attributes.address(), interrupts.address());
    spawn.finish(SET_DEFAULTS | SET_MASK);
    return spawn;
  }

  /**
   * With a descriptor for input, and output that nobody sees. What interrupts do is as in this
   * process.
   *
   * @param command the program, looked for in {@code PATH} when it has no slash, and its arguments
   * @param input open until {@link #run}
   */
  public static Spawn reading(List<String> command, int input) {
    var spawn = new Spawn(command);
    long actions = spawn.actions.address();
    call("posix_spawn_file_actions_adddup2", actions, input, 0);
    long nowhere = spawn.text("/dev/null").address();
    call("posix_spawn_file_actions_addopen", actions, 1, nowhere, WRITE_ONLY, 0);
    call("posix_spawn_file_actions_adddup2", actions, 1, 2);
    spawn.finish(SET_MASK);
    return spawn;
  }

  private void finish(int flags) {
    call("posix_spawn_file_actions_addclosefrom_np", actions.address(), 3);
    call("posix_spawnattr_setflags", attributes.address(), flags);
  }

  /** As C has it. */
  private MemorySegment text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment copy = arena.allocate(bytes.length + 1L);
    return copy.copyFrom(MemorySegment.ofArray(bytes));
  }

  private static void call(String name, long... arguments) {
    long[] all = Arrays.copyOf(arguments, 6);
    long errno = LibC.call(LibC.symbol(name), all[0], all[1], all[2], all[3], all[4], all[5]);
    if ((int) errno != 0) {
      throw new IllegalStateException(name + ": " + Errno.name((int) -errno));
    }
  }

  /**
   * Starts it, once.
   *
   * @return its pid; or −errno, as {@code ENOENT} and {@code EACCES}
   */
  public int run() {
    MemorySegment environment = LibC.symbol("environ").reinterpret(Long.BYTES);
    try {
      int errno =
          (int)
              LibC.call(
                  start,
                  pid.address(),
                  program.address(),
                  actions.address(),
                  attributes.address(),
                  arguments.address(),
                  environment.get(JAVA_LONG, 0));
      call("posix_spawn_file_actions_destroy", actions.address());
      return errno == 0 ? pid.get(JAVA_INT, 0) : -errno;
    } finally {
      Reference.reachabilityFence(arena);
    }
  }
}
