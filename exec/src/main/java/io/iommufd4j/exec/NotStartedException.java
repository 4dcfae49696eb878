// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.attach.AttachException;
import io.iommufd4j.kernel.Errno;

/** A program could not be started on a simulated kernel. */
public final class NotStartedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private NotStartedException(String message) {
    super(message);
  }

  static NotStartedException of(String program, String errno) {
    return new NotStartedException(program + ": " + errno);
  }

  /** The kernel of another process cannot be had, or this one not be offered. */
  static NotStartedException unattached(AttachException why) {
    return new NotStartedException(String.valueOf(why.getMessage()));
  }

  /** The kernel of another process gives descriptors that this one's limit does not allow. */
  static NotStartedException fewDescriptors(long limit, int first) {
    return new NotStartedException(
        "programs may have "
            + limit
            + " descriptors here, and the kernel gives those of its files from "
            + first
            + " on: raise RLIMIT_NOFILE (ulimit -n), or lower it where the kernel is");
  }

  /** The host does not let programs be traced. */
  static NotStartedException untraced(int answer) {
    return new NotStartedException(
        "programs cannot be traced here: "
            + Errno.name(answer)
            + "; it takes Linux 5.3 or newer, seccomp(2), and a host that lets parents trace their"
            + " children");
  }

  /** Yama keeps a supervisor or a tracer from its own children. */
  static NotStartedException outOfScope(String done, String obstacle) {
    return new NotStartedException("programs cannot be " + done + " here: " + obstacle);
  }

  /** A container or the host forbids a call that a supervisor makes. */
  static NotStartedException forbidden(String call, int answer) {
    return new NotStartedException(
        "programs cannot be supervised here: "
            + call
            + " answers "
            + Errno.name(answer)
            + (answer == Errno.ENOSYS.negated()
                ? "; the host's kernel has to have it"
                : "; a container has to allow it, as Docker's and Podman's do with --cap-add"
                    + " SYS_PTRACE"));
  }

  /** The host does not let programs be supervised. */
  static NotStartedException unsupervised(int answer) {
    if (answer == Errno.EBUSY.negated()) {
      return new NotStartedException(
          "this process has a seccomp listener already, and Linux allows one: run outside of what"
              + " supervises it (EBUSY)");
    }
    return new NotStartedException(
        "programs cannot be supervised here: seccomp answers "
            + Errno.name(answer)
            + "; it takes Linux 5.14 or newer and a container that allows seccomp(2)");
  }
}
