// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim.device.model;

import io.iommufd4j.sim.device.DeviceModel;
import io.iommufd4j.sim.device.DevicePort;
import io.iommufd4j.sim.device.Register;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A controller of NVMe 1.4 with a drive in memory, as QEMU 11.1.3's {@code nvme} as far as a driver
 * needs it: admin and I/O queues, identify, reads, writes, flushes. Work is done at once, when a
 * doorbell is rung. A controller that cannot reach a queue reports a fatal status, and goes on with
 * the queue at its next doorbell.
 */
public final class NvmeModel implements DeviceModel {

  /** Highest index in a queue that the controller takes. */
  static final int MOST_ENTRIES = 0x7ff;

  static final int VERSION_1_4 = 0x0001_0400;

  private static final int CAP = 0x00;
  private static final int VS = 0x08;
  private static final int INTMS = 0x0c;
  private static final int INTMC = 0x10;
  private static final int CC = 0x14;
  private static final int CSTS = 0x1c;
  private static final int AQA = 0x24;
  private static final int ASQ = 0x28;
  private static final int ACQ = 0x30;
  private static final int DOORBELLS = 0x1000;

  private static final long CAPABILITIES = 0x0040_0820_0f01_0000L | MOST_ENTRIES;

  private static final int ENABLE = 1;
  private static final int PAGE_SHIFT = 7;
  private static final int PAGE_MASK = 0x0f;
  private static final int LARGEST_PAGE = 4;
  private static final int SHUTDOWN = 0xc000;
  private static final int READY = 1;
  private static final int FATAL = 2;
  private static final int SHUTDOWN_DONE = 8;
  private static final int SHUTDOWN_STATUS = 0x0c;
  private static final int QUEUE_MASK = 0x0fff;

  private final DevicePort port;
  private final NvmeQueues queues;
  private final NvmeData data;
  private final NvmeDrive drive;
  private final NvmeAdmin admin;
  private final List<Register> registers;
  private final int[] rung;

  private int masked;
  private int configuration;
  private int status;
  private int adminSizes;
  private long adminSubmissions;
  private long adminCompletions;

  /**
   * A controller after power-on.
   *
   * @param vectors of MSI-X: one for the admin queue, and one for each pair of I/O queues
   * @param driveBytes the size of its drive
   */
  public NvmeModel(DevicePort port, int vectors, long driveBytes) {
    this.port = port;
    queues = new NvmeQueues(port, vectors - 1);
    data = new NvmeData(port);
    drive = new NvmeDrive(data, driveBytes);
    admin = new NvmeAdmin(queues, data, drive, vectors);
    registers = watched(queues.most());
    rung = new int[2 * (queues.most() + 1)];
  }

  /** In the order in which a driver writes them; of each pair the completions come first. */
  private static List<Register> watched(int most) {
    var all = new ArrayList<Register>();
    all.add(Register.wide(CAP));
    all.add(Register.word(VS));
    all.add(Register.word(INTMS));
    all.add(Register.word(INTMC));
    all.add(Register.word(AQA));
    all.add(Register.wide(ASQ));
    all.add(Register.wide(ACQ));
    all.add(Register.word(CSTS));
    all.add(Register.word(CC));
    for (int id = 0; id <= most; id++) {
      all.add(Register.word(DOORBELLS + 8 * id + 4));
    }
    for (int id = 0; id <= most; id++) {
      all.add(Register.word(DOORBELLS + 8 * id));
    }
    return List.copyOf(all);
  }

  @Override
  public List<Register> registers(int bar) {
    return bar == 0 ? registers : List.of();
  }

  @Override
  public void reset() {
    stop();
    masked = 0;
    configuration = 0;
    status = 0;
    adminSizes = 0;
    adminSubmissions = 0;
    adminCompletions = 0;
  }

  /** A controller that is disabled: its queues are gone. */
  private void stop() {
    queues.clear();
    admin.reset();
    Arrays.fill(rung, 0);
    port.lower();
  }

  @Override
  public long read(int bar, long offset, int bytes) {
    if (bar != 0 || offset >= DOORBELLS) {
      return 0;
    }
    int word = (int) offset & -Integer.BYTES;
    long low = word(word) & 0xffff_ffffL;
    return bytes == Long.BYTES
        ? ((long) word(word + Integer.BYTES) << Integer.SIZE) | low
        : low >>> (8 * (offset % Integer.BYTES));
  }

  private int word(int offset) {
    return switch (offset) {
      case CAP -> (int) CAPABILITIES;
      case CAP + 4 -> (int) (CAPABILITIES >>> Integer.SIZE);
      case VS -> VERSION_1_4;
      case INTMS, INTMC -> masked;
      case CC -> configuration;
      case CSTS -> status;
      case AQA -> adminSizes;
      case ASQ -> (int) adminSubmissions;
      case ASQ + 4 -> (int) (adminSubmissions >>> Integer.SIZE);
      case ACQ -> (int) adminCompletions;
      case ACQ + 4 -> (int) (adminCompletions >>> Integer.SIZE);
      default -> 0;
    };
  }

  /** Doorbells read zero, but show what was written, so that the next ring is another value. */
  @Override
  public long show(int bar, Register register) {
    return register.offset() >= DOORBELLS
        ? rung[(register.offset() - DOORBELLS) / Integer.BYTES]
        : read(bar, register.offset(), register.bytes());
  }

  @Override
  public void write(int bar, long offset, int bytes, long value) {
    if (bar != 0 || bytes < Integer.BYTES) {
      return;
    }
    write((int) offset, (int) value);
    if (bytes == Long.BYTES) {
      write((int) offset + Integer.BYTES, (int) (value >>> Integer.SIZE));
    }
  }

  private void write(int offset, int value) {
    switch (offset) {
      case INTMS -> masked |= value;
      case INTMC -> masked &= ~value;
      case CC -> configure(value);
      case AQA -> adminSizes = value;
      case ASQ -> adminSubmissions = low(adminSubmissions, value);
      case ASQ + 4 -> adminSubmissions = high(adminSubmissions, value);
      case ACQ -> adminCompletions = low(adminCompletions, value);
      case ACQ + 4 -> adminCompletions = high(adminCompletions, value);
      default -> {
        int doorbell = (offset - DOORBELLS) / Integer.BYTES;
        if (offset >= DOORBELLS && doorbell < rung.length) {
          ring(doorbell, value & 0xffff);
        }
      }
    }
  }

  private static long low(long old, int value) {
    return (old & 0xffff_ffff_0000_0000L) | (value & 0xffff_ffffL);
  }

  private static long high(long old, int value) {
    return (old & 0xffff_ffffL) | ((long) value << Integer.SIZE);
  }

  private void configure(int value) {
    boolean was = (configuration & ENABLE) != 0;
    boolean is = (value & ENABLE) != 0;
    configuration = value;
    if (is && !was) {
      status = start() ? READY : FATAL;
    } else if (was && !is) {
      stop();
      status = 0;
    }
    if ((value & SHUTDOWN) != 0) {
      status = (status & ~SHUTDOWN_STATUS) | SHUTDOWN_DONE;
    } else {
      status &= ~SHUTDOWN_STATUS;
    }
  }

  private boolean start() {
    int page = (configuration >>> PAGE_SHIFT) & PAGE_MASK;
    int submissions = adminSizes & QUEUE_MASK;
    int completions = (adminSizes >>> 16) & QUEUE_MASK;
    long bytes = 4096L << page;
    if (page > LARGEST_PAGE
        || submissions == 0
        || completions == 0
        || adminSubmissions == 0
        || adminCompletions == 0
        || adminSubmissions % bytes != 0
        || adminCompletions % bytes != 0) {
      return false;
    }
    data.pageBytes((int) bytes);
    queues.makeCompletion(0, adminCompletions, completions + 1, 0);
    queues.makeSubmission(0, adminSubmissions, submissions + 1, 0);
    return true;
  }

  private void ring(int doorbell, int value) {
    int id = doorbell / 2;
    NvmeCompletionQueue completions = queues.completion(id);
    NvmeSubmissionQueue submissions = queues.submission(id);
    if (doorbell % 2 != 0) {
      if (completions != null && completions.take(value)) {
        rung[doorbell] = value;
        post(completions);
        if (!queues.waiting()) {
          port.lower();
        }
      }
    } else if (submissions != null && submissions.add(value)) {
      rung[doorbell] = value;
      run(submissions, queues.completionsOf(submissions), doorbell);
    }
  }

  private void run(NvmeSubmissionQueue queue, NvmeCompletionQueue completions, int doorbell) {
    while (queue.waiting()) {
      if (!queue.fetch()) {
        status = FATAL;
        // So that ringing for the same commands once more is another value.
        rung[doorbell] = queue.head();
        break;
      }
      NvmeCommand command = queue.command();
      int id = command.id();
      boolean ofAdmin = queue.id() == 0;
      int ended = ofAdmin ? admin.execute(command) : drive.execute(command);
      if (ended != NvmeAdmin.NEVER) {
        completions.end(queue, id, ended, ofAdmin ? admin.result() : 0);
      }
    }
    post(completions);
  }

  private void post(@Nullable NvmeCompletionQueue completions) {
    if (completions == null) {
      return;
    }
    NvmeCompletionQueue.Outcome outcome = completions.post();
    if (outcome == NvmeCompletionQueue.Outcome.UNREACHABLE) {
      status = FATAL;
    }
    int vector = completions.vector();
    if (outcome != NvmeCompletionQueue.Outcome.NOTHING
        && completions.waiting()
        && vector != NvmeCompletionQueue.POLLED
        && ((masked >>> vector) & 1) == 0) {
      port.raise(vector);
    }
  }
}
