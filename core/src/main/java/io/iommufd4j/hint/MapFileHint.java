// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.hint;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.wire.Hint;
import io.iommufd4j.wire.ProcessFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Finds why {@code IOMMU_IOAS_MAP_FILE} was refused ({@code iopt_map_file_pages}, {@code
 * memfd_pin_folios}).
 *
 * @param place where the file was to go; its start is an offset in the file
 * @param fd the file
 */
public record MapFileHint(Placement place, int fd) implements Hint {

  private static final String WHAT_WORKS =
      "IOMMU_IOAS_MAP_FILE takes memfds, files of tmpfs and hugetlbfs, and the dma-bufs that VFIO"
          + " exports";

  private static final Set<String> PINNABLE = Set.of("tmpfs", "hugetlbfs", "ramfs", "devtmpfs");

  @Override
  public String of(ErrnoCode errno) {
    String hint = place.refused(errno);
    if (!hint.isEmpty()) {
      return hint;
    }
    return switch (errno) {
      case Errno.EINVAL -> ofFile();
      case Errno.EBADF -> "descriptor " + fd + ", the file to map, is not open";
      case Errno.EOPNOTSUPP ->
          "this dma-buf is of an exporter that iommufd does not know, or the kernel lacks"
              + " CONFIG_VFIO_PCI_DMABUF; "
              + WHAT_WORKS;
      case Errno.ENODEV -> "the device took its dma-buf back (it was reset or closed)";
      default -> "";
    };
  }

  private String ofFile() {
    ProcessFiles files = ProcessFiles.of(kernel());
    String link = files.link(fd).orElse("");
    boolean buffer = link.startsWith("/dmabuf:");
    boolean memfd = link.startsWith("/memfd:");
    String type = type(files);
    OptionalLong size = size(files);
    boolean pinnable = buffer || memfd || PINNABLE.contains(type);
    if (!link.isEmpty() && !pinnable) {
      return "the file cannot be pinned: descriptor "
          + fd
          + " is "
          + link
          + (type.isEmpty() || link.startsWith("anon_inode:") ? "" : " on " + type)
          + "; "
          + WHAT_WORKS;
    }
    if (endsBefore(place.start() + place.length() - 1)) {
      return "the file ends"
          + (size.isPresent() ? " after " + size.getAsLong() + " bytes" : "")
          + ", before byte "
          + Long.toUnsignedString(place.start() + place.length())
          + ", where the mapping would";
    }
    return "the file ends before the mapping would, or cannot be pinned: " + WHAT_WORKS;
  }

  /** A read behind the end of a file is of no bytes. */
  private boolean endsBefore(long offset) {
    try (Arena arena = Arena.ofConfined()) {
      return kernel().pread(fd, arena.allocate(1), offset) == 0;
    }
  }

  private String type(ProcessFiles files) {
    try {
      return Files.getFileStore(files.descriptor(fd)).type();
    } catch (IOException | UnsupportedOperationException notShown) {
      return "";
    }
  }

  private OptionalLong size(ProcessFiles files) {
    try {
      return OptionalLong.of(Files.size(files.descriptor(fd)));
    } catch (IOException notShown) {
      return OptionalLong.empty();
    }
  }

  private Kernel kernel() {
    return place.ioas().kernel();
  }
}
