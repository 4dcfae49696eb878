// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.differential.program;

/**
 * An id or a descriptor of 32 bits that a request hands back, and the slot that keeps it.
 *
 * @param offset bytes from the block's start, or {@link #RESULT} or {@link #LOWEST}
 * @param file whether it is a descriptor, whose number differs between kernels
 */
public record Output(int offset, boolean file, int slot) {

  /** In place of an offset: a descriptor that the call returns. */
  public static final int RESULT = -1;

  /**
   * In place of an offset: the lowest free descriptor, which the request opens without returning
   * it.
   */
  public static final int LOWEST = -2;

  private static final String RESULT_NAME = "result";
  private static final String LOWEST_NAME = "lowest";

  /** The name of its place in a program's text. */
  String place(String request) {
    return switch (offset) {
      case RESULT -> RESULT_NAME;
      case LOWEST -> LOWEST_NAME;
      default -> BlockNames.text(request, offset, Integer.BYTES);
    };
  }

  /** Undoes {@link #place}. */
  static Output parse(String request, String place, boolean file, int slot) {
    int offset =
        switch (place) {
          case RESULT_NAME -> RESULT;
          case LOWEST_NAME -> LOWEST;
          default -> BlockNames.place(request, place).offset();
        };
    return new Output(offset, file, slot);
  }
}
