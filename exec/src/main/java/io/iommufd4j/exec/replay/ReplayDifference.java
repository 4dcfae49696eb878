// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.replay;

/**
 * An answer of a kernel that is another one than was recorded.
 *
 * @param line of the recording
 * @param call the request, or the system call
 * @param field of the request; {@code errno}, {@code result} or {@code data}
 * @param recorded the value in the recording
 * @param replayed the value now
 */
public record ReplayDifference(
    int line, String call, String field, String recorded, String replayed) {

  /** One line. */
  @Override
  public String toString() {
    return "line "
        + line
        + ": "
        + call
        + ": "
        + field
        + ": recorded "
        + recorded
        + ", replayed "
        + replayed;
  }
}
