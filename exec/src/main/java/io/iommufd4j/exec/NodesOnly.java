// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec;

import io.iommufd4j.exec.view.Caller;
import io.iommufd4j.exec.view.FileFacts;
import io.iommufd4j.exec.view.FileView;
import io.iommufd4j.exec.view.Found;
import org.jspecify.annotations.Nullable;

/** A view in which the nodes of iommufd and VFIO alone are simulated. */
final class NodesOnly implements FileView {

  private static final int NODE = 0020600;
  private static final FileFacts FACTS = new FileFacts(0, 0, NODE, 1, 0, 0, 4096, 0);

  @Override
  public Found find(
      Caller caller, @Nullable String base, String path, boolean follow, long resolve) {
    return path.equals("/dev/iommu") || path.startsWith("/dev/vfio/")
        ? new Found.DeviceNode(path, FACTS)
        : new Found.Pass();
  }

  @Override
  public void changeDirectory(Caller caller, @Nullable String path) {}

  @Override
  public @Nullable String workingDirectory(Caller caller) {
    return null;
  }

  @Override
  public void exited(int pid) {}
}
