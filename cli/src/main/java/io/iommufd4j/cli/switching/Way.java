// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.switching;

/** A way to give a device another translation of many areas. */
public enum Way {
  /** Unmaps all areas by one request, and maps each again by one of its own. */
  REMAP("unmap-map", "unmap all, map all"),
  /** Detaches, and attaches to the HWPT of another IOAS, which maps all areas already. */
  REATTACH("detach-attach", "detach + attach"),
  /** Replaces by the HWPT of another IOAS, which maps all areas already. */
  REPLACE("replace", "replace");

  private final String label;
  private final String title;

  Way(String label, String title) {
    this.label = label;
    this.title = title;
  }

  /** For people. */
  public String title() {
    return title;
  }

  /** As the command line, JSON and file names have it. */
  @Override
  public String toString() {
    return label;
  }
}
