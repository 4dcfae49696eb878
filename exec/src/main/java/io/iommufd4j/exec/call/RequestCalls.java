// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;

/** {@code ioctl(2)}. */
final class RequestCalls {

  private final ProgramFiles files;

  RequestCalls(ProgramFiles files) {
    this.files = files;
  }

  /**
   * A descriptor of no simulated file is the host's affair. That it is one was looked up in the
   * directory of the very process, so the call still waits.
   */
  void answer(SeccompListener call) {
    int fd = (int) call.argument(0);
    Program program = files.newCaller(call);
    Opened opened = program == null ? null : files.opened().at(program, fd);
    if (program == null || opened == null) {
      call.pass();
      return;
    }
    files.opened().unmapLost(opened, files.programs());
    program.showLimits(call.thread());
    int request = (int) call.argument(1);
    long argument = call.argument(2);
    files.answer(
        SystemCall.IOCTL, program, call, opened, () -> opened.file().ioctl(request, argument));
  }
}
