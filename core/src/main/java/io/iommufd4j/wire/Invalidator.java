// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.data.InvalidateOutcome;
import io.iommufd4j.data.InvalidationBlock;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.Request;
import io.iommufd4j.uapi.ObjectId;

/** {@code IOMMU_HWPT_INVALIDATE}, of a nested HWPT or a vIOMMU. */
public final class Invalidator {

  private Invalidator() {}

  /**
   * Invalidates; allocates nothing unless it is refused.
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param object a nested HWPT or a vIOMMU
   * @param entries in a format of its driver
   * @throws KernelException with the number of entries that were handled in the hint
   */
  public static void invalidate(KernelFile iommufd, ObjectId object, InvalidationBlock entries) {
    int result = IommufdCalls.invalidate(iommufd, object, entries);
    if (result < 0) {
      throw refused(iommufd, object, entries, result, IommufdCalls.handled());
    }
  }

  /**
   * {@return how many entries were handled, and a refusal}
   *
   * @param iommufd an open {@code /dev/iommu}
   * @param object a nested HWPT or a vIOMMU
   * @param entries in a format of its driver
   */
  public static InvalidateOutcome tryInvalidate(
      KernelFile iommufd, ObjectId object, InvalidationBlock entries) {
    int result = IommufdCalls.invalidate(iommufd, object, entries);
    int handled = IommufdCalls.handled();
    return result < 0
        ? new InvalidateOutcome.Refused(handled, refused(iommufd, object, entries, result, handled))
        : new InvalidateOutcome.Done(handled);
  }

  private static KernelException refused(
      KernelFile iommufd, ObjectId object, InvalidationBlock entries, int result, int handled) {
    String done = handled + " of " + entries.count() + " entries were handled";
    return iommufd.refused(
        Request.IOMMU_HWPT_INVALIDATE, result, object, errno -> done + because(errno));
  }

  private static String because(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EIO ->
          "; an SMMUv3 does not take the next command: its operation, a field of it, or a stream id"
              + " that the guest has no device of";
      case Errno.EINVAL ->
          "; the object is no nested HWPT and no vIOMMU, or its driver takes entries of another"
              + " format, or a value in the next one is out of range";
      case Errno.EOPNOTSUPP ->
          "; the driver invalidates nothing for this object, or knows no such flag";
      case Errno.ENOENT -> "; the iommufd has no such object";
      default -> "";
    };
  }
}
