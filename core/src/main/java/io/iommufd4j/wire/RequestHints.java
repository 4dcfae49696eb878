// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ErrnoCode;
import io.iommufd4j.kernel.FileKind;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.kernel.Request;
import java.util.Optional;

/**
 * The meaning of an errno at a request, and what would help, as far as these two alone show. Only
 * what Linux's source says can be the cause is offered; where nothing is known the hint is empty.
 * {@link Hint} asks for more.
 */
final class RequestHints {

  private static final long MIB = 1L << 20;

  private static final String OUT_OF_MEMORY = "the kernel ran out of memory";

  private RequestHints() {}

  /** For a request. */
  static String of(Request request, ErrnoCode errno, Kernel kernel) {
    String hint =
        switch (request) {
          case IOMMU_IOAS_UNMAP -> unmap(errno);
          case IOMMU_IOAS_ALLOW_IOVAS -> allowIovas(errno);
          case IOMMU_IOAS_NOIOMMU_GET_PA -> physical(errno);
          case IOMMU_DESTROY -> destroy(errno);
          case IOMMU_OPTION -> option(errno);
          case IOMMU_HWPT_SET_DIRTY_TRACKING, IOMMU_HWPT_GET_DIRTY_BITMAP -> dirty(errno);
          case VFIO_DEVICE_RESET -> reset(errno);
          default -> GuestHints.of(request, errno);
        };
    return hint.isEmpty() ? anyRequest(request, errno, kernel) : hint;
  }

  /** For a system call that carries no request. */
  static String ofCall(ErrnoCode errno) {
    return switch (errno) {
      case Errno.ENOMEM -> OUT_OF_MEMORY;
      case Errno.EBADF -> "the descriptor is closed";
      default -> "";
    };
  }

  private static String unmap(ErrnoCode errno) {
    return switch (errno) {
      case Errno.ENOENT ->
          "nothing is mapped there, the range cuts a mapping in two, or the IOAS is gone";
      case Errno.EBUSY -> "an in-kernel user holds pages of the range";
      default -> "";
    };
  }

  private static String allowIovas(ErrnoCode errno) {
    return errno == Errno.EADDRINUSE
        ? "a range to allow is reserved by an attached device, or a mapping lies outside of it"
        : "";
  }

  private static String physical(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP ->
          "physical addresses are told only of what is mapped for a device without an IOMMU: one"
              + " is attached to this IOAS, or a HWPT was made of it for one, and before any for a"
              + " device that has an IOMMU; the kernel needs CONFIG_IOMMUFD_NOIOMMU";
      case Errno.EPERM -> "physical addresses are told to holders of CAP_SYS_RAWIO";
      case Errno.EINVAL ->
          "the length is 0, or the dma-buf that is mapped there was taken back by its device";
      case Errno.ENOENT -> "nothing is mapped there, or the IOAS is gone";
      default -> "";
    };
  }

  private static String destroy(ErrnoCode errno) {
    return errno == Errno.EBUSY
        ? "it is in use: a HWPT by attached devices and nested HWPTs, an IOAS by its HWPTs, a"
            + " device by the VFIO descriptor that is bound"
        : "";
  }

  private static String option(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EPERM -> "changing IOMMU_OPTION_RLIMIT_MODE takes CAP_SYS_RESOURCE";
      case Errno.EBUSY -> "IOMMU_OPTION_RLIMIT_MODE is set before the first object is made";
      case Errno.EINVAL -> "huge pages are switched off before anything is mapped in a domain";
      default -> "";
    };
  }

  private static String dirty(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EOPNOTSUPP ->
          "the HWPT was not allocated for dirty tracking, or the IOMMU cannot track";
      case Errno.EINVAL ->
          "dirty tracking is off, or the range is not a multiple of the page sizes";
      default -> "";
    };
  }

  private static String reset(ErrnoCode errno) {
    return switch (errno) {
      case Errno.EINVAL -> "the device cannot be reset alone, or is not bound to an iommufd";
      case Errno.EAGAIN -> "somebody else works on the device; try again";
      default -> "";
    };
  }

  private static String anyRequest(Request request, ErrnoCode errno, Kernel kernel) {
    return switch (errno) {
      case Errno.ENOTTY -> unknownRequest(request, kernel.identity().release());
      case Errno.ENOMEM -> pins(request) ? memlock(kernel.process()) : OUT_OF_MEMORY;
      case Errno.ENOENT ->
          request.file() == FileKind.IOMMUFD ? "no such object in this iommufd" : "";
      case Errno.E2BIG -> "this kernel is older than a field that was set";
      case Errno.EINVAL ->
          request.file() == FileKind.VFIO_DEVICE
              ? "the device is not bound to an iommufd, or has nothing at this index"
              : "";
      case Errno.EBADF -> "the descriptor is closed";
      default -> "";
    };
  }

  private static String unknownRequest(Request request, String release) {
    Optional<LinuxRelease> since = request.since();
    if (since.isEmpty()) {
      return "the device or its driver does not serve " + request;
    }
    return LinuxRelease.parse(release).filter(since.get()::after).isPresent()
        ? "this kernel (" + release + ") is too old: Linux " + since.get() + " brought " + request
        : "the descriptor is of another kind: "
            + (request.file() == FileKind.IOMMUFD ? "no iommufd" : "no VFIO device");
  }

  private static boolean pins(Request request) {
    return switch (request) {
      case IOMMU_IOAS_MAP,
          IOMMU_IOAS_MAP_FILE,
          IOMMU_IOAS_COPY,
          IOMMU_HWPT_ALLOC,
          VFIO_DEVICE_ATTACH_IOMMUFD_PT,
          VFIO_IOMMU_MAP_DMA ->
          true;
      default -> false;
    };
  }

  private static String memlock(ProcessFacts process) {
    if (process.memlockLimit() == ProcessFacts.UNLIMITED) {
      return OUT_OF_MEMORY + "; RLIMIT_MEMLOCK is unlimited and not the cause";
    }
    String use =
        process.pinnedBytes() < 0
            ? "an unknown amount is pinned"
            : mebibytes(process.pinnedBytes()) + " pinned by this process";
    return "more memory would be pinned than RLIMIT_MEMLOCK allows ("
        + mebibytes(process.memlockLimit())
        + ", "
        + use
        + "; by default all processes of a user count together): raise the limit (ulimit -l), or"
        + " count by process with IOMMU_OPTION_RLIMIT_MODE";
  }

  private static String mebibytes(long bytes) {
    return bytes % MIB == 0 ? bytes / MIB + " MiB" : bytes + " bytes";
  }
}
