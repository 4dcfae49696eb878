// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.conformance.errors;

import static io.iommufd4j.kernel.Errno.E2BIG;
import static io.iommufd4j.kernel.Errno.EFAULT;
import static io.iommufd4j.kernel.Errno.EINVAL;

import io.iommufd4j.conformance.RequestBlock;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Request;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Blocks that every command refuses before it looks at its fields. */
enum BlockErrors {
  SHORT(EINVAL, "a size below what the command needs"),
  TAIL(E2BIG, "bytes set that the kernel does not know"),
  UNREADABLE(EFAULT, "the block cannot be read");

  /** The commands themselves. */
  static final List<Request> COMMANDS =
      Arrays.stream(Request.values())
          .filter(request -> request.file() == FileKind.IOMMUFD)
          .toList();

  private final Errno errno;
  private final String when;

  BlockErrors(Errno errno, String when) {
    this.errno = errno;
    this.when = when;
  }

  Errno errno() {
    return errno;
  }

  String when() {
    return when;
  }

  /** Provokes it on the kernel, and returns the result: −errno if it is as written here. */
  int provoke(Scene scene, Request command) {
    return switch (this) {
      case SHORT -> scene.answer(scene.block(command).size(command.minimumBytes() - 1));
      case TAIL -> {
        RequestBlock block = RequestBlock.withTail(command, scene.kernel().arena(), 8);
        long bytes = command.layout().orElseThrow().byteSize() + 8;
        block.memory().set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 1);
        yield scene.answer(block.size(bytes));
      }
      case UNREADABLE -> scene.answerAt(command, scene.badAddress());
    };
  }
}
