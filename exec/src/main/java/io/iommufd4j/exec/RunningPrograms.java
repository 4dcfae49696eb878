// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.file.Opened;
import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.process.Program;
import io.iommufd4j.exec.view.Programs;
import org.jspecify.annotations.Nullable;

/** The supervised processes as {@code /proc} shows them. */
final class RunningPrograms implements Programs {

  private final ProgramFiles files;

  RunningPrograms(ProgramFiles files) {
    this.files = files;
  }

  @Override
  public boolean has(int pid) {
    return files.programs().supervises(pid);
  }

  @Override
  public long lockedBytes(int pid) {
    Program program = files.programs().find(pid);
    return program == null ? 0 : program.process().accounting().lockedBytes();
  }

  @Override
  public long pinnedBytes(int pid) {
    Program program = files.programs().find(pid);
    return program == null ? 0 : program.process().accounting().pinnedBytes();
  }

  @Override
  public @Nullable String openFile(int pid, int fd) {
    Program program = files.programs().find(pid);
    Opened opened = program == null ? null : files.opened().at(program, fd);
    if (opened == null) {
      return null;
    }
    String name = opened.path().isEmpty() ? opened.file().shownAs() : opened.path();
    return name.isEmpty() ? null : name;
  }
}
