// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;
import io.iommufd4j.sim.lib.Refused;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/** Calls on directories: what is in one, and which one a process works in. */
final class DirectoryCalls {

  private final ProgramFiles files;
  private final PathArguments paths;

  DirectoryCalls(ProgramFiles files, PathArguments paths) {
    this.files = files;
    this.paths = paths;
  }

  void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case GETDENTS, GETDENTS64, LSEEK -> read(which, call);
      case CHDIR -> change(call);
      case FCHDIR -> changeTo(call);
      case GETCWD -> tell(call);
      default -> call.pass();
    }
  }

  private void read(SystemCall which, SeccompListener call) {
    Opened opened = paths.opened(call, (int) call.argument(0));
    if (opened == null || !call.waits()) {
      call.pass();
      return;
    }
    if (!(opened.file() instanceof SimulatedDirectory directory)) {
      if (which == SystemCall.LSEEK) {
        call.pass();
      } else {
        call.answer(Errno.ENOTDIR.negated());
      }
      return;
    }
    try {
      if (which == SystemCall.LSEEK) {
        call.answer(directory.seek(call.argument(1), (int) call.argument(2)));
        return;
      }
      MemorySegment records =
          directory.read(call.argument(2) & 0xffff_ffffL, which == SystemCall.GETDENTS);
      boolean written = files.programs().put(call.thread(), call.argument(1), records);
      call.answer(written ? records.byteSize() : Errno.EFAULT.negated());
    } catch (Refused refused) {
      call.answer(refused.errno().negated());
    }
  }

  private void change(SeccompListener call) {
    Found found = paths.find(call, PathArguments.WORKING_DIRECTORY, call.argument(0), true, 0);
    switch (found) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.Directory directory -> {
        paths.view().changeDirectory(paths.caller(call), directory.path());
        call.answer(0);
      }
      case Found.Simulated _ -> call.answer(Errno.ENOTDIR.negated());
      case Found.HostFile host -> {
        paths.view().changeDirectory(paths.caller(call), host.path());
        call.answer(0);
      }
      case Found.Pass _ -> {
        paths.view().changeDirectory(paths.caller(call), null);
        call.pass();
      }
    }
  }

  private void changeTo(SeccompListener call) {
    Opened opened = paths.opened(call, (int) call.argument(0));
    if (opened != null && opened.file() instanceof SimulatedDirectory) {
      paths.view().changeDirectory(paths.caller(call), opened.path());
      call.answer(0);
      return;
    }
    paths.view().changeDirectory(paths.caller(call), null);
    call.pass();
  }

  private void tell(SeccompListener call) {
    String directory = paths.view().workingDirectory(paths.caller(call));
    if (directory == null || !call.waits()) {
      call.pass();
      return;
    }
    byte[] bytes = (directory + "\0").getBytes(StandardCharsets.UTF_8);
    if (bytes.length > call.argument(1)) {
      call.answer(Errno.ERANGE.negated());
      return;
    }
    MemorySegment told = MemorySegment.ofArray(bytes);
    boolean written = files.programs().put(call.thread(), call.argument(0), told);
    call.answer(written ? bytes.length : Errno.EFAULT.negated());
  }
}
