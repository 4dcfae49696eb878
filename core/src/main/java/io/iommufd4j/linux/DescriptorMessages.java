// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.linux;

import io.iommufd4j.kernel.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import jnr.constants.platform.AddressFamily;
import jnr.constants.platform.Sock;
import jnr.constants.platform.SocketLevel;
import jnr.posix.CmsgHdr;
import jnr.posix.MsgHdr;
import jnr.posix.POSIX;
import jnr.posix.POSIXFactory;

/** Descriptors on their way through {@code AF_UNIX} sockets, by JNR-POSIX. */
final class DescriptorMessages {

  private static final POSIX LIBRARY = Objects.requireNonNull(POSIXFactory.getNativePOSIX());

  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;

  /** {@code SCM_MAX_FD}. */
  private static final int MOST = 253;

  private DescriptorMessages() {}

  /** {@code socketpair(2)}. */
  static int pair(int[] pair) {
    int family = AddressFamily.AF_UNIX.intValue();
    return LIBRARY.socketpair(family, Sock.SOCK_STREAM.intValue(), 0, pair) < 0
        ? -LIBRARY.errno()
        : 0;
  }

  /** {@code sendmsg(2)} of one byte with descriptors. */
  static int send(int socket, int[] fds) {
    if (fds.length == 0 || fds.length > MOST) {
      return Errno.EINVAL.negated();
    }
    MsgHdr message = LIBRARY.allocateMsgHdr();
    message.setIov(new ByteBuffer[] {ByteBuffer.allocateDirect(1)});
    CmsgHdr control = message.allocateControl(fds.length * Integer.BYTES);
    control.setLevel(SocketLevel.SOL_SOCKET.intValue());
    control.setType(SCM_RIGHTS);
    ByteBuffer numbers = native32(fds.length);
    for (int fd : fds) {
      numbers.putInt(fd);
    }
    numbers.flip();
    control.setData(numbers);
    return LIBRARY.sendmsg(socket, message, 0) < 0 ? -LIBRARY.errno() : 0;
  }

  /** {@code recvmsg(2)} of one byte with descriptors. */
  static int receive(int socket, int[] fds) {
    int room = Math.min(fds.length, MOST);
    if (room == 0) {
      return Errno.EINVAL.negated();
    }
    MsgHdr message = LIBRARY.allocateMsgHdr();
    message.setIov(new ByteBuffer[] {ByteBuffer.allocateDirect(1)});
    message.allocateControl(room * Integer.BYTES);
    int bytes = LIBRARY.recvmsg(socket, message, MSG_CMSG_CLOEXEC);
    if (bytes <= 0) {
      return bytes < 0 ? -LIBRARY.errno() : 0;
    }
    int count = 0;
    for (CmsgHdr control : controls(message)) {
      if (control.getType() == SCM_RIGHTS) {
        ByteBuffer numbers = control.getData().order(ByteOrder.nativeOrder());
        while (numbers.remaining() >= Integer.BYTES && count < room) {
          fds[count++] = numbers.getInt();
        }
      }
    }
    return count;
  }

  private static CmsgHdr[] controls(MsgHdr message) {
    return message.getControlLen() > 0 ? message.getControls() : new CmsgHdr[0];
  }

  private static ByteBuffer native32(int numbers) {
    return ByteBuffer.allocateDirect(numbers * Integer.BYTES).order(ByteOrder.nativeOrder());
  }
}
