// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.path;

import io.iommufd4j.exec.file.ProgramFiles;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.linux.SeccompListener;
import io.iommufd4j.linux.SystemCall;

/** All calls of this package: which there are, and who answers each. */
public final class PathCalls {

  private final OpenCalls opens;
  private final StatCalls stats;
  private final LinkCalls links;
  private final DirectoryCalls directories;
  private final ChangeCalls changes;

  /** Calls of programs that see some files. */
  public PathCalls(ProgramFiles files, FileView view) {
    var names = new Names(files, view);
    opens = new OpenCalls(names);
    stats = new StatCalls(names);
    links = new LinkCalls(names);
    directories = new DirectoryCalls(names);
    changes = new ChangeCalls(names);
  }

  /** {@return calls that name a file by a path, and those about directories} */
  public static SystemCall[] ofNames() {
    return new SystemCall[] {
      SystemCall.OPENAT,
      SystemCall.NEWFSTATAT,
      SystemCall.OPEN,
      SystemCall.OPENAT2,
      SystemCall.CREAT,
      SystemCall.STAT,
      SystemCall.LSTAT,
      SystemCall.STATX,
      SystemCall.ACCESS,
      SystemCall.FACCESSAT,
      SystemCall.FACCESSAT2,
      SystemCall.READLINK,
      SystemCall.READLINKAT,
      SystemCall.STATFS,
      SystemCall.GETXATTR,
      SystemCall.LGETXATTR,
      SystemCall.LISTXATTR,
      SystemCall.LLISTXATTR,
      SystemCall.CHDIR,
      SystemCall.FCHDIR,
      SystemCall.GETCWD,
      SystemCall.GETDENTS64,
      SystemCall.GETDENTS,
      SystemCall.UNLINKAT,
      SystemCall.UNLINK,
      SystemCall.RENAME,
      SystemCall.RENAMEAT,
      SystemCall.RENAMEAT2,
      SystemCall.MKDIR,
      SystemCall.MKDIRAT,
      SystemCall.RMDIR,
      SystemCall.LINK,
      SystemCall.LINKAT,
      SystemCall.SYMLINK,
      SystemCall.SYMLINKAT,
      SystemCall.MKNOD,
      SystemCall.MKNODAT,
      SystemCall.CHMOD,
      SystemCall.FCHMODAT,
      SystemCall.CHOWN,
      SystemCall.LCHOWN,
      SystemCall.FCHOWNAT,
      SystemCall.TRUNCATE,
      SystemCall.UTIMENSAT
    };
  }

  /** {@return calls on descriptors, of which those of small numbers pass} */
  public static SystemCall[] ofDescriptors() {
    return new SystemCall[] {SystemCall.FSTAT, SystemCall.LSEEK, SystemCall.FSTATFS};
  }

  /** Answers one of these calls. */
  public void answer(SystemCall which, SeccompListener call) {
    switch (which) {
      case OPEN, OPENAT, OPENAT2, CREAT -> opens.answer(which, call);
      case STAT, LSTAT, FSTAT, NEWFSTATAT, STATX -> stats.answer(which, call);
      case ACCESS,
          FACCESSAT,
          FACCESSAT2,
          READLINK,
          READLINKAT,
          STATFS,
          FSTATFS,
          GETXATTR,
          LGETXATTR,
          LISTXATTR,
          LLISTXATTR ->
          links.answer(which, call);
      case CHDIR, FCHDIR, GETCWD, GETDENTS64, GETDENTS, LSEEK -> directories.answer(which, call);
      default -> changes.answer(which, call);
    }
  }
}
