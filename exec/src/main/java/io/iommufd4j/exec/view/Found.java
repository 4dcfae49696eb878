// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.exec.view;

import io.iommufd4j.kernel.Errno;
import java.util.List;

/** The end of a path, as a program sees it. */
public sealed interface Found {

  /** A file of the host: the call passes as it is and finds the same. */
  record Pass() implements Found {}

  /**
   * A file of the host, or none, that the call would not find as it is, since the program's working
   * directory, its directory descriptor or a link on the way is simulated.
   *
   * @param path the host's path, absolute; links on its way are the host's
   */
  record HostFile(String path) implements Found {}

  /**
   * No file.
   *
   * @param errno the call's answer
   */
  record Refusal(Errno errno) implements Found {}

  /** A simulated file. */
  sealed interface Simulated extends Found {

    /** {@return the path, absolute and without links} */
    String path();

    /** {@return the facts that {@code stat(2)} tells} */
    FileFacts facts();
  }

  /**
   * A file of sysfs or {@code /proc} that is read, and perhaps written: the kernel opens it by its
   * path.
   */
  non-sealed interface Attribute extends Simulated {

    /** {@return its whole content, as a program reads it that opens the file now} */
    byte[] content();

    /** {@return true when a write to it does something} */
    boolean writable();
  }

  /** A device node: the kernel opens it by its path. */
  record DeviceNode(String path, FileFacts facts) implements Simulated {}

  /** A symbolic link that was asked for itself. */
  record Link(String path, FileFacts facts, String target) implements Simulated {}

  /** A directory with simulated files in it. */
  non-sealed interface Directory extends Simulated {

    /** {@return true when the host has it too, and the call as it is leads there} */
    boolean passes();

    /** {@return everything in it at this moment, the host's files too; first the two dots} */
    List<DirectoryEntry> entries();
  }
}
