// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.benchmarks.report;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/**
 * One way of one case, as the library measured it and as C did.
 *
 * @param areas how many
 * @param bytes of each
 * @param way as the command line has it
 * @param nanos of each switch
 * @param lost transfers during switches back to back of which nothing arrived
 * @param wrong transfers whose bytes arrived in part or elsewhere
 * @param all transfers during switches back to back
 * @param gapNanos the longest time between two transfers that arrived, around single switches
 * @param paceNanos the same without any switch
 * @param c empty where C did not measure it
 */
record Measured(
    long areas,
    long bytes,
    String way,
    Histogram nanos,
    long lost,
    long wrong,
    long all,
    long gapNanos,
    long paceNanos,
    Optional<Twin> c) {

  /** The figures that {@code switching.c} printed of it. */
  record Twin(long medianNanos, long lost, long wrong, long all, long gapNanos) {}

  /**
   * Of the command's JSON.
   *
   * @param one a case of it
   * @param result a way of that case
   */
  static Measured of(Map<?, ?> one, Map<?, ?> result, List<String> twinLines) {
    long areas = number(one, "areas");
    long bytes = number(one, "area_bytes");
    String way = String.valueOf(result.get("way"));
    Map<?, ?> busy = map(result, "back_to_back");
    long lost = number(busy, "lost");
    long wrong = number(busy, "wrong");
    return new Measured(
        areas,
        bytes,
        way,
        histogram(String.valueOf(result.get("histogram"))),
        lost,
        wrong,
        lost + wrong + number(busy, "arrived"),
        number(map(result, "single"), "longest_gap_ns"),
        number(map(one, "quiet"), "longest_gap_ns"),
        twin(twinLines, areas, bytes, way));
  }

  /** A line has C, areas, bytes, way, switches, median, p99, longest, lost, all, wrong, gap. */
  private static Optional<Twin> twin(List<String> lines, long areas, long bytes, String way) {
    return lines.stream()
        .map(line -> line.split(" ", -1))
        .filter(words -> words.length == 12)
        .filter(words -> words[1].equals(Long.toString(areas)))
        .filter(words -> words[2].equals(Long.toString(bytes)) && words[3].equals(way))
        .map(words ->
            new Twin(
                Long.parseLong(words[5]),
                Long.parseLong(words[8]),
                Long.parseLong(words[10]),
                Long.parseLong(words[9]),
                Long.parseLong(words[11])))
        .findFirst();
  }

  private static Histogram histogram(String encoded) {
    try {
      return Histogram.decodeFromCompressedByteBuffer(
          ByteBuffer.wrap(Base64.getDecoder().decode(encoded)), 0);
    } catch (DataFormatException e) {
      throw new IllegalArgumentException("a histogram cannot be read", e);
    }
  }

  static long number(Map<?, ?> json, String key) {
    return json.get(key) instanceof Number number ? number.longValue() : 0;
  }

  static Map<?, ?> map(Map<?, ?> json, String key) {
    return json.get(key) instanceof Map<?, ?> map ? map : Map.of();
  }

  long medianNanos() {
    return nanos.getValueAtPercentile(50);
  }
}
