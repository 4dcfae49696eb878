// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.examples.nvme;

import io.iommufd4j.event.EventFdRef;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Reads, writes and now and then flushes at random, with a fixed number of commands outstanding in
 * one queue, and the check of every block that comes back.
 *
 * <p>A command that was outstanding during a replace may fail on an IOMMU that blocks DMA for a
 * moment; it is counted and given again. It may also fail without a word, since not every device
 * reports that its DMA did not arrive, so a write of such a moment is read back before it is taken
 * for written. From then on nothing excuses a block that is not there.
 *
 * <p>For one thread. Once made, it allocates nothing per command.
 */
final class Workload {

  /** Most commands that are outstanding. */
  static final int DEPTH = 32;

  /** Blocks of the longest command. */
  static final int MOST_BLOCKS = 4;

  /** Pages that a workload takes. */
  static final int PAGES = 1 + DEPTH * MOST_BLOCKS;

  private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  /** Without a completion for so long, none is expected to come from a controller that failed. */
  private static final Duration SETTLED = Duration.ofMillis(250);

  private static final int MOST_RETRIES = 1000;
  private static final int COMMANDS_PER_FLUSH = 500;
  private static final int LIST_BYTES = Prps.listBytes(MOST_BLOCKS);

  private enum Step {
    IDLE,
    WRITE,
    READ_BACK,
    READ,
    FLUSH
  }

  private final NvmeController controller;
  private final QueuePair queue;
  private final EventFdRef interrupt;
  private final Namespace namespace;
  private final int sectors;
  private final Counts counts;
  private final SplittableRandom random = new SplittableRandom(0);

  private final DmaMemory data;
  private final DmaMemory lists;
  private final BlockCheck blocks;

  /** Of each block of the drive: how often it was written, and the command that has it now. */
  private final int[] generations;

  private final boolean[] busy;

  // Of each command that can be outstanding.
  private final Step[] step = new Step[DEPTH];
  private final int[] first = new int[DEPTH];
  private final int[] length = new int[DEPTH];
  private final int[] retries = new int[DEPTH];
  private final long[] started = new long[DEPTH];
  private final boolean[] exposed = new boolean[DEPTH];
  private final boolean[] aborted = new boolean[DEPTH];

  /** Commands that were added and not rung for yet, and those that the controller has. */
  private int added;

  private int outstanding;

  /**
   * A workload on a drive whose first blocks it overwrites.
   *
   * @param driveBlocks how many of 4 KiB
   * @param memory of {@link #PAGES} pages
   */
  Workload(
      NvmeController controller,
      Namespace namespace,
      int driveBlocks,
      DmaMemory memory,
      Counts counts) {
    this.controller = controller;
    this.queue = controller.io();
    this.interrupt = controller.interrupt();
    this.namespace = namespace;
    this.sectors = BlockCheck.BYTES / namespace.blockBytes();
    this.counts = counts;
    this.lists = memory.page(0);
    this.data = memory.slice(DmaMemory.PAGE, (PAGES - 1L) * DmaMemory.PAGE);
    this.blocks = new BlockCheck(data.segment());
    this.generations = new int[driveBlocks];
    this.busy = new boolean[driveBlocks];
    Arrays.fill(step, Step.IDLE);
    for (int slot = 0; slot < DEPTH; slot++) {
      Prps.fillList(
          lists.segment().asSlice((long) slot * LIST_BYTES, LIST_BYTES), buffer(slot), MOST_BLOCKS);
    }
  }

  /** Writes every block for the first time. */
  void writeAll() {
    sweep(Step.WRITE);
  }

  /** Reads every block and checks it. */
  void readAll() {
    sweep(Step.READ);
  }

  private void sweep(Step what) {
    int next = 0;
    while (next < generations.length) {
      int slot = idleSlot();
      if (slot >= 0) {
        int some = Math.min(MOST_BLOCKS, generations.length - next);
        begin(slot, what, next, some);
        next += some;
      } else {
        drain();
      }
    }
    drain();
  }

  /** Gives the controller as many commands as there can be, all at once. */
  void fill() {
    for (int slot = 0; slot < DEPTH; slot++) {
      if (step[slot] == Step.IDLE) {
        choose(slot);
      }
    }
    submit();
  }

  /** Runs a replace while commands are outstanding. */
  void under(Runnable replace) {
    int before = queue.readyCount(outstanding);
    replace.run();
    int after = queue.readyCount(outstanding);
    counts.outstanding += outstanding - before;
    counts.duringReplace += after - before;
    Arrays.fill(exposed, true);
    if (controller.failed()) {
      recover();
    }
  }

  /** Takes the completions of all commands that the controller has, and gives it no others. */
  void complete() {
    while (outstanding > 0) {
      if (!take() && interrupt.await(LOOK_AGAIN) == 0 && !queue.ready()) {
        if (controller.failed()) {
          recover();
        } else {
          giveUpOld();
        }
      }
    }
  }

  /** Takes the completions that are there; false without any. */
  private boolean take() {
    if (!queue.ready()) {
      return false;
    }
    while (queue.ready()) {
      int slot = queue.commandId();
      int status = queue.status();
      queue.next();
      completed(slot, status);
    }
    queue.release();
    return true;
  }

  /** Runs until no command is left, with those that follow on others. */
  void drain() {
    do {
      submit();
      complete();
    } while (added > 0);
  }

  /** Number of times that a block was written. */
  int generation(int block) {
    return generations[block];
  }

  private int idleSlot() {
    for (int slot = 0; slot < DEPTH; slot++) {
      if (step[slot] == Step.IDLE) {
        return slot;
      }
    }
    return -1;
  }

  private void choose(int slot) {
    if (random.nextInt(COMMANDS_PER_FLUSH) == 0) {
      begin(slot, Step.FLUSH, 0, 0);
      return;
    }
    int some = 1 + random.nextInt(MOST_BLOCKS);
    int start;
    do {
      start = random.nextInt(generations.length - some + 1);
    } while (anyBusy(start, some));
    begin(slot, random.nextBoolean() ? Step.WRITE : Step.READ, start, some);
  }

  private boolean anyBusy(int start, int some) {
    for (int i = start; i < start + some; i++) {
      if (busy[i]) {
        return true;
      }
    }
    return false;
  }

  private void begin(int slot, Step what, int start, int some) {
    first[slot] = start;
    length[slot] = some;
    retries[slot] = 0;
    for (int i = 0; i < some; i++) {
      busy[start + i] = true;
      if (what == Step.WRITE) {
        generations[start + i]++;
      }
    }
    add(slot, what);
  }

  /** Gives a command to the controller: a new one, the next of a write, or one more time. */
  private void add(int slot, Step what) {
    step[slot] = what;
    exposed[slot] = false;
    aborted[slot] = false;
    started[slot] = System.nanoTime();
    for (int i = 0; i < length[slot]; i++) {
      if (what == Step.WRITE) {
        blocks.fill(slot * MOST_BLOCKS + i, first[slot] + i, generations[first[slot] + i]);
      } else {
        blocks.blank(slot * MOST_BLOCKS + i);
      }
    }
    if (what == Step.FLUSH) {
      queue.add(Submission.FLUSH, slot, namespace.id(), 0, 0, 0, 0, 0);
    } else {
      int opcode = what == Step.WRITE ? Submission.WRITE : Submission.READ;
      long sector = (long) first[slot] * sectors;
      long list = lists.iova() + (long) slot * LIST_BYTES;
      long second = Prps.second(buffer(slot), list, length[slot]);
      int zeroBased = length[slot] * sectors - 1;
      queue.add(
          opcode,
          slot,
          namespace.id(),
          buffer(slot),
          second,
          (int) sector,
          (int) (sector >>> 32),
          zeroBased);
    }
    added++;
  }

  private void submit() {
    if (added > 0) {
      queue.submit();
      outstanding += added;
      added = 0;
    }
  }

  private long buffer(int slot) {
    return data.iova() + (long) slot * MOST_BLOCKS * BlockCheck.BYTES;
  }

  private void completed(int slot, int status) {
    outstanding--;
    if (status != 0) {
      if (!exposed[slot]) {
        throw new NvmeException(
            "%s of block %d: the controller answers 0x%03x, and no replace was running"
                .formatted(step[slot], first[slot], status));
      }
      counts.refused++;
      again(slot, step[slot]);
      return;
    }
    switch (step[slot]) {
      case WRITE -> {
        if (exposed[slot]) {
          add(slot, Step.READ_BACK);
        } else {
          end(slot);
        }
      }
      case READ, READ_BACK -> checkRead(slot);
      case FLUSH -> {
        counts.flushes++;
        end(slot);
      }
      case IDLE -> throw new NvmeException("a completion of no command");
    }
  }

  private void checkRead(int slot) {
    boolean incomplete = false;
    boolean unreadable = false;
    for (int i = 0; i < length[slot]; i++) {
      int block = first[slot] + i;
      switch (blocks.check(slot * MOST_BLOCKS + i, block, generations[block])) {
        case RIGHT -> {}
        case OLD -> counts.lost++;
        case FOREIGN -> counts.foreign++;
        case MISSING -> incomplete = true;
        case DAMAGED -> {
          incomplete = true;
          unreadable = true;
        }
      }
    }
    if (!incomplete) {
      end(slot);
    } else if (step[slot] == Step.READ_BACK && unreadable) {
      // The controller reported a write of which it had not read all data.
      counts.incomplete++;
      again(slot, Step.WRITE);
    } else if (exposed[slot]) {
      counts.incomplete++;
      again(slot, step[slot]);
    } else {
      counts.lost++;
      end(slot);
    }
  }

  private void again(int slot, Step what) {
    if (++retries[slot] > MOST_RETRIES) {
      throw new NvmeException(what + " of block " + first[slot] + " keeps failing");
    }
    add(slot, what);
  }

  private void end(int slot) {
    counts.commands++;
    counts.bytes += (long) length[slot] * BlockCheck.BYTES;
    for (int i = 0; i < length[slot]; i++) {
      busy[first[slot] + i] = false;
    }
    step[slot] = Step.IDLE;
  }

  /** Ends what takes too long: by an abort, and by a reset where that does not help either. */
  private void giveUpOld() {
    long now = System.nanoTime();
    boolean stuck = false;
    for (int slot = 0; slot < DEPTH; slot++) {
      if (step[slot] != Step.IDLE && now - started[slot] > COMMAND_TIMEOUT.toNanos()) {
        stuck |= aborted[slot] || !controller.abort(slot);
        if (!aborted[slot]) {
          counts.timeouts++;
        }
        aborted[slot] = true; // its completion reports that
        exposed[slot] = true;
        started[slot] = now;
      }
    }
    if (stuck) {
      recover();
    }
  }

  /** Resets the controller, and gives every command again that had not ended. */
  private void recover() {
    settle();
    counts.resets++;
    counts.ended += outstanding;
    controller.reset();
    outstanding = 0;
    added = 0;
    for (int slot = 0; slot < DEPTH; slot++) {
      if (step[slot] != Step.IDLE) {
        again(slot, step[slot]);
      }
    }
    submit();
  }

  /** Lets commands end that still can: one fault need not concern the others. */
  private void settle() {
    queue.submit(); // what a fault kept it from reading can be read now
    outstanding += added;
    added = 0;
    long start = System.nanoTime();
    while (outstanding > 0
        && (take() || interrupt.await(SETTLED) > 0)
        && System.nanoTime() - start < COMMAND_TIMEOUT.toNanos()) {}
    take();
  }
}
