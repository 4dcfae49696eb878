// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * One thread's use of a seccomp listener ({@code SECCOMP_IOCTL_NOTIF_*}): it receives a system call
 * of a supervised thread, looks at it and answers it. The memory for that is made once.
 */
public final class SeccompListener {

  private static final int RECEIVE = 0xc050_2100;
  private static final int SEND = 0xc018_2101;
  private static final int IS_VALID = 0x4008_2102;
  private static final int ADD_DESCRIPTOR = 0x4018_2103;
  private static final int SET_FLAGS = 0x4008_2104;

  /** {@code SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP}. */
  private static final int SYNC_WAKE_UP = 1;

  private static final int NOTIFICATION_BYTES = 80;
  private static final int ANSWER_BYTES = 24;
  private static final int PID_AT = 8;
  private static final int NUMBER_AT = 16;
  private static final int ARCHITECTURE_AT = 20;
  private static final int ARGUMENTS_AT = 32;

  /** In {@code struct pollfd}. */
  private static final int REPORTED_AT = 6;

  private static final int POLLIN = 1;
  private static final int POLLHUP = 0x10;

  private static final int CONTINUE = 1;
  private static final int SET_NUMBER = 1;
  private static final int AND_SEND = 2;

  private static final int O_CLOEXEC = 02000000;

  private final int fd;
  private final Arena arena = Arena.ofAuto();
  private final MemorySegment notification = arena.allocate(NOTIFICATION_BYTES, Long.BYTES);
  private final MemorySegment answer = arena.allocate(ANSWER_BYTES, Long.BYTES);

  /** A thread's use of the listener of a descriptor, as {@link SeccompFilter#install} gave it. */
  public SeccompListener(int fd) {
    this.fd = fd;
  }

  /**
   * Lets the kernel run listener and supervised thread on one processor by turns, where it knows
   * how (6.6).
   */
  public void wakeInTurn() {
    SystemCall.IOCTL.call(fd, SET_FLAGS, SYNC_WAKE_UP);
  }

  /**
   * Waits for a call.
   *
   * @return 0; or −errno: {@code ENOENT} when the caller was gone at once, or nobody is supervised
   *     any more
   */
  public int receive() {
    notification.fill((byte) 0);
    return request(RECEIVE, notification);
  }

  /**
   * Waits until there is a call to {@link #receive}, and leaves it to whoever receives it.
   *
   * @param millis at most; 0 does not wait
   * @return whether there is one
   */
  public boolean await(int millis) {
    notification.set(ValueLayout.JAVA_INT, 0, fd);
    notification.set(ValueLayout.JAVA_INT, Integer.BYTES, POLLIN);
    answer.set(ValueLayout.JAVA_LONG, 0, millis / 1000);
    answer.set(ValueLayout.JAVA_LONG, Long.BYTES, millis % 1000 * 1_000_000L);
    long told = SystemCall.PPOLL.call(notification.address(), 1, answer.address());
    return told == 1 && reported(POLLIN);
  }

  /** {@return whether the last {@link #await} found that nobody is supervised any more} */
  public boolean abandoned() {
    return reported(POLLHUP);
  }

  private boolean reported(int event) {
    return (notification.get(ValueLayout.JAVA_SHORT, REPORTED_AT) & event) != 0;
  }

  private int request(int request, MemorySegment block) {
    try {
      return LibC.syscall(
          SystemCall.IOCTL.number(), fd, Integer.toUnsignedLong(request), block.address());
    } finally {
      Reference.reachabilityFence(block);
    }
  }

  /** {@return the call's id, by which it is answered} */
  public long id() {
    return notification.get(ValueLayout.JAVA_LONG, 0);
  }

  /** {@return the number of the calling thread} */
  public int thread() {
    return notification.get(ValueLayout.JAVA_INT, PID_AT);
  }

  /** {@return the number of the call on its architecture} */
  public int number() {
    return notification.get(ValueLayout.JAVA_INT, NUMBER_AT);
  }

  /** {@return {@code AUDIT_ARCH_*} of the call} */
  public int architecture() {
    return notification.get(ValueLayout.JAVA_INT, ARCHITECTURE_AT);
  }

  /**
   * {@return an argument of the call}
   *
   * @param index from 0 to 5
   */
  public long argument(int index) {
    return notification.get(ValueLayout.JAVA_LONG, ARGUMENTS_AT + (long) index * Long.BYTES);
  }

  /** {@return whether the call still waits for its answer: its thread was not killed meanwhile} */
  public boolean waits() {
    answer.set(ValueLayout.JAVA_LONG, 0, id());
    return request(IS_VALID, answer) == 0;
  }

  /**
   * Answers the call.
   *
   * @param result ≥ 0; or −errno, from −4095 to −1
   * @return 0; or −errno: {@code ENOENT} when nobody waits any more
   */
  public int answer(long result) {
    boolean refused = result < 0 && result >= -4095;
    return send(refused ? 0 : result, refused ? (int) result : 0, 0);
  }

  /** Lets the kernel carry the call out; as {@link #answer}. */
  public int pass() {
    return send(0, 0, CONTINUE);
  }

  private int send(long value, int error, int flags) {
    answer.set(ValueLayout.JAVA_LONG, 0, id());
    answer.set(ValueLayout.JAVA_LONG, 8, value);
    answer.set(ValueLayout.JAVA_INT, 16, error);
    answer.set(ValueLayout.JAVA_INT, 20, flags);
    return request(SEND, answer);
  }

  /**
   * Gives the caller a descriptor of a file that is open here, under a number, which it may have in
   * use: then that is closed.
   *
   * @param file a descriptor of this process
   * @param number in the caller
   * @param closeOnExec whether it is closed on exec there
   * @return the number; or −errno: {@code ENOENT} when nobody waits any more, {@code EBADF} for a
   *     number beyond the caller's limit
   */
  public int give(int file, int number, boolean closeOnExec) {
    return add(file, number, closeOnExec, SET_NUMBER);
  }

  /**
   * Gives the caller a descriptor of a file that is open here, under the lowest number that is
   * free, and answers the call with it.
   *
   * @param file a descriptor of this process
   * @param closeOnExec whether it is closed on exec there
   * @return the number; or −errno: {@code ENOENT} when nobody waits any more, {@code EMFILE}
   */
  public int answerWith(int file, boolean closeOnExec) {
    return add(file, 0, closeOnExec, AND_SEND);
  }

  private int add(int file, int number, boolean closeOnExec, int flags) {
    answer.set(ValueLayout.JAVA_LONG, 0, id());
    answer.set(ValueLayout.JAVA_INT, 8, flags);
    answer.set(ValueLayout.JAVA_INT, 12, file);
    answer.set(ValueLayout.JAVA_INT, 16, number);
    answer.set(ValueLayout.JAVA_INT, 20, closeOnExec ? O_CLOEXEC : 0);
    return request(ADD_DESCRIPTOR, answer);
  }
}
