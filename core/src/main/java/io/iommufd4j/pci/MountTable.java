// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.pci;

import io.iommufd4j.error.HostException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * File systems that are mounted, and swap areas.
 *
 * @param mounts of this process's namespace and, where it may be read, of process 1's
 * @param swaps paths of the areas
 */
record MountTable(List<Mount> mounts, List<String> swaps) {

  /** Behind the mount point come options, of any number, up to a dash. */
  private static final Pattern MOUNT =
      Pattern.compile("^\\S+ \\S+ (?<number>\\S+) \\S+ (?<point>\\S+) .*?- \\S+ (?<source>\\S+)");

  /** The kernel writes a space, a tab, a line end and a backslash as three octal digits. */
  private static final Pattern ESCAPE = Pattern.compile("\\\\(?<octal>[0-7]{3})");

  /**
   * One line of {@code mountinfo}.
   *
   * @param number of the device, as {@code 8:1}; a file system's own where it has several devices
   * @param point where it is mounted
   * @param source what was mounted, as {@code /dev/sda1}
   */
  record Mount(String number, String point, String source) {}

  /** Those of a machine, by the root of its procfs; none where there is none. */
  static MountTable of(Path proc) {
    List<Mount> mounts =
        Stream.of("self/mountinfo", "1/mountinfo")
            .flatMap(table -> lines(proc.resolve(table)))
            .flatMap(MountTable::mount)
            .distinct()
            .toList();
    List<String> swaps =
        lines(proc.resolve("swaps"))
            .skip(1)
            .map(line -> unescaped(line.replaceFirst("\\s.*", "")))
            .toList();
    return new MountTable(mounts, swaps);
  }

  /** The mount points of the stack's devices. */
  List<String> mounts(BlockStack stack) {
    return List.copyOf(
        new LinkedHashSet<>(
            mounts.stream()
                .filter(mount -> stack.has(mount.number(), mount.source()))
                .map(Mount::point)
                .toList()));
  }

  /** Names of the block devices of the stack that are swap areas. */
  List<String> swaps(BlockStack stack) {
    return swaps.stream()
        .filter(area -> stack.has("", area))
        .map(area -> area.replaceFirst("^/dev/", ""))
        .toList();
  }

  private static Stream<String> lines(Path file) {
    try {
      return Sysfs.attribute(file).stream().flatMap(String::lines);
    } catch (HostException notAllowed) {
      return Stream.empty();
    }
  }

  private static Stream<Mount> mount(String line) {
    var form = MOUNT.matcher(line);
    return form.find()
        ? Stream.of(
            new Mount(
                form.group("number"),
                unescaped(form.group("point")),
                unescaped(form.group("source"))))
        : Stream.empty();
  }

  private static String unescaped(String text) {
    return ESCAPE
        .matcher(text)
        .replaceAll((MatchResult escape) ->
            Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(1), 8))));
  }
}
