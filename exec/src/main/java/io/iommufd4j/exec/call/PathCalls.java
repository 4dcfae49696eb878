// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.call;

import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.view.Caller;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.Found;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;

/** {@code open(2)} and its kin. */
final class PathCalls {

  private static final int PATH_MAX = 4096;
  private static final int O_WRONLY_CREAT_TRUNC = 01101;

  private final ProgramFiles files;
  private final FileView view;

  PathCalls(ProgramFiles files, FileView view) {
    this.files = files;
    this.view = view;
  }

  void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case OPEN -> open(call, call.argument(0), (int) call.argument(1));
      case CREAT -> open(call, call.argument(0), O_WRONLY_CREAT_TRUNC);
      case OPENAT -> open(call, call.argument(1), (int) call.argument(2));
      default -> call.pass();
    }
  }

  private void open(SeccompListener call, long address, int flags) {
    String path = files.programs().string(call.thread(), address, PATH_MAX);
    if (path == null || !call.waits()) {
      call.pass();
      return;
    }
    var caller = new Caller(files.programs().processOf(call.thread()), call.thread());
    switch (view.find(caller, null, path, true, 0)) {
      case Found.Refusal refusal -> call.answer(refusal.errno().negated());
      case Found.DeviceNode node -> openNode(call, node.path(), flags);
      case Found.HostFile _, Found.Pass _ -> call.pass();
      default -> call.pass();
    }
  }

  private void openNode(SeccompListener call, String path, int flags) {
    Program program = files.newCaller(call);
    if (program == null) {
      call.pass();
      return;
    }
    call.answer(
        files
            .kernel()
            .call(program.process(), call.thread(), () -> files.open(program, call, path, flags)));
  }
}
