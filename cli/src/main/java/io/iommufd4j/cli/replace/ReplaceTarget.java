// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

/** The kind of object that translates once the replace is done. */
public enum ReplaceTarget {
  /** A HWPT of another IOAS: DMA reaches other memory at the same IOVA. */
  NEW_IOAS("new-ioas", "a HWPT of another IOAS"),
  /** Another HWPT of the same IOAS: DMA reaches the same memory through another page table. */
  SAME_IOAS("same-ioas", "another HWPT of the same IOAS"),
  /** Another IOAS, whose HWPT the kernel makes and destroys by itself. */
  AUTO("auto", "an automatic HWPT of another IOAS");

  private final String label;
  private final String meaning;

  ReplaceTarget(String label, String meaning) {
    this.label = label;
    this.meaning = meaning;
  }

  /** The meaning, in words for people. */
  public String meaning() {
    return meaning;
  }

  /** As the command line and the JSON name it. */
  @Override
  public String toString() {
    return label;
  }
}
