package io.iommufd4j.host;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Processes that hold a VFIO cdev open. The kernel's unbind waits until they have closed it ({@code
 * vfio_unregister_group_dev}).
 */
final class CdevHolders {

  private final Path proc;

  /**
   * The processes of a machine.
   *
   * @param proc the root of procfs; there may be none
   */
  CdevHolders(Path proc) {
    this.proc = proc;
  }

  /**
   * Process ids of the holders, as far as this user may look.
   *
   * @param cdev as {@code /dev/vfio/devices/vfio0}
   */
  List<String> of(String cdev) {
    return Sysfs.names(proc).stream()
        .filter(name -> !name.isEmpty() && name.chars().allMatch(Character::isDigit))
        .filter(process -> holds(proc.resolve(process).resolve("fd"), cdev))
        .toList();
  }

  private static boolean holds(Path descriptors, String cdev) {
    try (var entries = Files.list(descriptors)) {
      return entries.anyMatch(entry -> pointsTo(entry, cdev));
    } catch (IOException | UncheckedIOException goneOrNotAllowed) {
      return false;
    }
  }

  private static boolean pointsTo(Path descriptor, String cdev) {
    try {
      return Files.readSymbolicLink(descriptor).toString().equals(cdev);
    } catch (IOException gone) {
      return false;
    }
  }
}
