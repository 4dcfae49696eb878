// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.path.PathCalls;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.linux.SeccompFilter;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;

/** Every system call that a supervisor is told of, and who answers it. */
public final class SystemCalls {

  /** {@code _IOC_TYPE} of iommufd's and VFIO's requests. */
  private static final int REQUESTS = ';';

  private static final int ENOSYS = 38;

  /** A shell's {@code echo NUMBER > FILE} writes no more than this to standard output. */
  private static final int FEW_BYTES = 128;

  private final ProgramFiles files;
  private final RequestCalls requests;
  private final TransferCalls transfers;
  private final MapCalls maps;
  private final PathCalls paths;

  /** Of programs that see some files. */
  public SystemCalls(ProgramFiles files, FileView view) {
    this.files = files;
    this.requests = new RequestCalls(files);
    this.transfers = new TransferCalls(files);
    this.maps = new MapCalls(files);
    this.paths = new PathCalls(files, view);
  }

  /**
   * {@return the filter of programs whose calls are answered here}
   *
   * @param first the number that descriptors of simulated files are given from on
   */
  public static SeccompFilter filter(int first) {
    return new SeccompFilter()
        .notifiedIoctl(REQUESTS)
        .notifiedFrom(
            0,
            first,
            SystemCall.READ,
            SystemCall.PREAD64,
            SystemCall.PWRITE64,
            SystemCall.READV,
            SystemCall.WRITEV,
            SystemCall.PREADV,
            SystemCall.PWRITEV,
            SystemCall.PREADV2,
            SystemCall.PWRITEV2)
        .notifiedWrite(first, FEW_BYTES)
        .notifiedFrom(4, first, SystemCall.MMAP)
        .notifiedFrom(0, first, SystemCall.CLOSE)
        .notifiedFrom(1, first, SystemCall.DUP2, SystemCall.DUP3)
        .notifiedUpTo(1, first, SystemCall.CLOSE_RANGE)
        .notifiedFrom(0, first, PathCalls.ofDescriptors())
        .notified(PathCalls.ofNames())
        .notified(SystemCall.EXECVE, SystemCall.EXECVEAT, SystemCall.CAPSET, SystemCall.SETRLIMIT)
        .notifiedUnlessNull(SystemCall.PRLIMIT64, 2)
        .refused(SystemCall.IO_URING_SETUP, ENOSYS);
  }

  /** Answers the call that a listener has received. */
  public void answer(SeccompListener call) {
    try {
      dispatch(call);
    } finally {
      files.programs().endCall();
    }
  }

  private void dispatch(SeccompListener call) {
    SystemCall which = SystemCall.of(call.number());
    files.answers(call);
    files.opened().settle();
    if (which == null) {
      call.answer(-ENOSYS);
      return;
    }
    switch (which) {
      case IOCTL -> requests.answer(call);
      case READ, WRITE, PREAD64, PWRITE64, READV, WRITEV, PREADV, PWRITEV, PREADV2, PWRITEV2 ->
          transfers.answer(which, call);
      case MMAP -> maps.answer(call);
      case CLOSE -> change(call, call.argument(0), call.argument(0));
      case DUP2, DUP3 -> change(call, call.argument(1), call.argument(1));
      case CLOSE_RANGE -> change(call, call.argument(0), call.argument(1));
      case CAPSET, PRLIMIT64, SETRLIMIT -> limits(call);
      case EXECVE, EXECVEAT -> exec(call);
      default -> paths.answer(which, call);
    }
  }

  private void change(SeccompListener call, long from, long to) {
    files.change(call, descriptor(from), descriptor(to));
    call.pass();
  }

  /** Linux takes 32 bits without a sign. */
  private static int descriptor(long argument) {
    return (int) Math.min(Integer.MAX_VALUE, argument & 0xffff_ffffL);
  }

  private void limits(SeccompListener call) {
    files.programs().limitsChange();
    call.pass();
  }

  private void exec(SeccompListener call) {
    int pid = files.programs().processOf(call.thread());
    if (pid > 0) {
      files.programs().mayExec(pid);
    }
    call.pass();
  }
}
