// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.process;

import io.iommufd4j.linux.HostFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** {@code /proc/PID/maps}, read afresh each time. */
public final class HostMaps {

  private static final int O_RDONLY = 0;
  private static final int FIELDS = 5;

  private HostMaps() {}

  /**
   * One line.
   *
   * @param start the first address
   * @param end exclusive
   * @param permissions as {@code rw-s}
   * @param offset in the file, in bytes
   * @param device of the file, as two hexadecimal numbers; {@code 00:00} for none
   * @param inode of the file
   * @param name of the file, empty for none
   */
  public record Line(
      long start,
      long end,
      String permissions,
      long offset,
      String device,
      long inode,
      String name) {

    /** The identity of the file. */
    HostInode file() {
      int colon = device.indexOf(':');
      long major = Long.parseLong(device, 0, colon, 16);
      long minor = Long.parseLong(device, colon + 1, device.length(), 16);
      return new HostInode(major | minor << Integer.SIZE, inode);
    }

    /** {@return whether it may be read} */
    public boolean readable() {
      return permissions.charAt(0) == 'r';
    }

    /** {@return whether it may be written} */
    public boolean writable() {
      return permissions.charAt(1) == 'w';
    }

    /** {@return whether it is shared with whoever maps the file} */
    public boolean shared() {
      return permissions.charAt(3) == 's';
    }
  }

  /**
   * {@return the lines of what lies between two addresses; none of a process that is gone}
   *
   * @param pid its number
   * @param from the first address
   * @param to exclusive
   */
  public static List<Line> between(int pid, long from, long to) {
    var lines = new ArrayList<Line>();
    for (String line : text(pid).lines().toList()) {
      int dash = line.indexOf('-');
      int blank = line.indexOf(' ');
      if (dash < 0 || blank < dash) {
        continue;
      }
      long start = Long.parseUnsignedLong(line, 0, dash, 16);
      long end = Long.parseUnsignedLong(line, dash + 1, blank, 16);
      if (start >= to || start < 0) {
        break;
      }
      if (end > from) {
        lines.add(parse(start, end, line.substring(blank + 1)));
      }
    }
    return lines;
  }

  private static Line parse(long start, long end, String rest) {
    String[] fields = rest.split(" +", FIELDS);
    return new Line(
        start,
        end,
        fields[0],
        Long.parseUnsignedLong(fields[1], 16),
        fields[2],
        Long.parseLong(fields[3]),
        fields.length > 4 ? fields[4] : "");
  }

  private static String text(int pid) {
    int fd = HostFile.open("/proc/" + pid + "/maps", O_RDONLY);
    if (fd < 0) {
      return "";
    }
    var text = new StringBuilder();
    try (var arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(ThreadBuffers.BYTES);
      long bytes;
      while ((bytes = HostFile.read(fd, buffer)) > 0) {
        byte[] piece = buffer.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
        text.append(new String(piece, StandardCharsets.ISO_8859_1));
      }
    } finally {
      HostFile.close(fd);
    }
    return text.toString();
  }
}
