// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import java.util.List;
import java.util.function.Supplier;

/** A directory that the simulated kernel has, and perhaps the host. */
record MergedDirectory(
    String path, FileFacts facts, boolean passes, Supplier<List<DirectoryEntry>> lists)
    implements Found.Directory {

  @Override
  public List<DirectoryEntry> entries() {
    return lists.get();
  }
}
