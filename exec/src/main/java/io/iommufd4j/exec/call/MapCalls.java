// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.file.Witness;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.HostFile;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.sim.lib.Refused;
import io.iommufd4j.sim.mm.UserMemory;

/** {@code mmap(2)} of simulated files: registers, which programs then reach without a call. */
final class MapCalls {

  private final ProgramFiles files;

  MapCalls(ProgramFiles files) {
    this.files = files;
  }

  void answer(SeccompListener call) {
    int fd = (int) call.argument(4);
    Program program = files.newCaller(call);
    Opened opened = program == null ? null : files.opened().at(program, fd);
    if (program == null || opened == null || !call.waits()) {
      call.pass();
      return;
    }
    long result =
        files.kernel().call(program.process(), call.thread(), () -> map(program, opened, fd, call));
    Witness witness = files.witness();
    if (witness != null) {
      witness.maps(call, program, opened, result);
    }
    if (result < 0) {
      call.answer(result);
    } else {
      call.pass();
    }
  }

  private int map(Program program, Opened opened, int fd, SeccompListener call) {
    long bytes = (call.argument(1) + UserMemory.PAGE_SIZE - 1) & -UserMemory.PAGE_SIZE;
    long offset = call.argument(5);
    if (bytes <= 0 || offset < 0 || offset % UserMemory.PAGE_SIZE != 0) {
      throw Refused.with(Errno.EINVAL);
    }
    int own = program.take(fd);
    if (own < 0) {
      throw Refused.with(Errno.EBADF);
    }
    try {
      files
          .opened()
          .map(opened, own, bytes, (int) call.argument(2), (int) call.argument(3), offset);
      return 0;
    } finally {
      HostFile.close(own);
    }
  }
}
