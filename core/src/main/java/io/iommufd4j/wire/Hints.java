package io.iommufd4j.wire;

import io.iommufd4j.error.HostException;
import io.iommufd4j.error.KernelException;
import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.LinuxRelease;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.kernel.Request;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The meaning of an errno where it came from, and what would help, as far as the request alone
 * tells. Only what Linux's source says can be the cause is offered; where nothing is known the hint
 * is empty. {@link Hint} asks for more.
 */
final class Hints {

  private static final long MIB = 1L << 20;

  private Hints() {}

  /** For a call on a descriptor whose circumstances are known. */
  static String of(String command, int error, Kernel kernel, Hint asked) {
    String hint = ask(asked, Math.abs(error));
    return hint.isEmpty() ? of(command, error, kernel) : hint;
  }

  /** A question that fails is no answer, and must not hide the refusal that it was about. */
  private static String ask(Hint asked, int errno) {
    try {
      return asked.of(errno);
    } catch (KernelException | HostException | IllegalStateException unanswered) {
      return "";
    }
  }

  /** For a call on a descriptor of which nothing more is known. */
  static String of(String command, int error, Kernel kernel) {
    int errno = Math.abs(error);
    String hint =
        switch (command) {
          case "IOMMU_IOAS_UNMAP" -> unmap(errno);
          case "IOMMU_IOAS_ALLOW_IOVAS" -> allowIovas(errno);
          case "IOMMU_IOAS_NOIOMMU_GET_PA" -> physical(errno);
          case "IOMMU_DESTROY" -> destroy(errno);
          case "IOMMU_OPTION" -> option(errno);
          case "IOMMU_HWPT_SET_DIRTY_TRACKING", "IOMMU_HWPT_GET_DIRTY_BITMAP" -> dirty(errno);
          case "VFIO_DEVICE_RESET" -> reset(errno);
          default -> "";
        };
    return hint.isEmpty() ? anywhere(command, errno, kernel) : hint;
  }

  /** For a call on a path. */
  static String ofPath(String command, String path, int error, Kernel kernel) {
    return command.equals("open") ? ask(new OpenHint(kernel, path), Math.abs(error)) : "";
  }

  private static String unmap(int errno) {
    if (errno == Errno.ENOENT) {
      return "nothing is mapped there, the range cuts a mapping in two, or the IOAS is gone";
    }
    return errno == Errno.EBUSY ? "an in-kernel user holds pages of the range" : "";
  }

  private static String allowIovas(int errno) {
    return errno == Errno.EADDRINUSE
        ? "a range to allow is reserved by an attached device, or a mapping lies outside of it"
        : "";
  }

  private static String physical(int errno) {
    if (errno == Errno.EOPNOTSUPP) {
      return "physical addresses are told only of what is mapped for a device without an IOMMU: one"
          + " is attached to this IOAS, or a HWPT was made of it for one, and before any for a"
          + " device that has an IOMMU; the kernel needs CONFIG_IOMMUFD_NOIOMMU";
    }
    if (errno == Errno.EPERM) {
      return "physical addresses are told to holders of CAP_SYS_RAWIO";
    }
    if (errno == Errno.EINVAL) {
      return "the length is 0, or the dma-buf that is mapped there was taken back by its device";
    }
    return errno == Errno.ENOENT ? "nothing is mapped there, or the IOAS is gone" : "";
  }

  private static String destroy(int errno) {
    return errno == Errno.EBUSY
        ? "it is in use: a HWPT by attached devices and nested HWPTs, an IOAS by its HWPTs, a"
            + " device by the VFIO descriptor that is bound"
        : "";
  }

  private static String option(int errno) {
    if (errno == Errno.EPERM) {
      return "changing IOMMU_OPTION_RLIMIT_MODE takes CAP_SYS_RESOURCE";
    }
    if (errno == Errno.EBUSY) {
      return "IOMMU_OPTION_RLIMIT_MODE is set before the first object is made";
    }
    return errno == Errno.EINVAL
        ? "huge pages are switched off before anything is mapped in a domain"
        : "";
  }

  private static String dirty(int errno) {
    if (errno == Errno.EOPNOTSUPP) {
      return "the HWPT was not allocated for dirty tracking, or the IOMMU cannot track";
    }
    return errno == Errno.EINVAL
        ? "dirty tracking is off, or the range is not a multiple of the page sizes"
        : "";
  }

  private static String reset(int errno) {
    if (errno == Errno.EINVAL) {
      return "the device cannot be reset alone, or is not bound to an iommufd";
    }
    return errno == Errno.EAGAIN ? "somebody else works on the device; try again" : "";
  }

  private static String anywhere(String command, int errno, Kernel kernel) {
    if (errno == Errno.ENOTTY) {
      return unknownRequest(command, kernel.identity().release());
    }
    if (errno == Errno.ENOMEM) {
      return pins(command) ? memlock(kernel.process()) : "the kernel ran out of memory";
    }
    if (errno == Errno.ENOENT && command.startsWith("IOMMU_")) {
      return "no such object in this iommufd";
    }
    if (errno == Errno.E2BIG) {
      return "this kernel is older than a field that was set";
    }
    if (errno == Errno.EINVAL && command.startsWith("VFIO_DEVICE_")) {
      return "the device is not bound to an iommufd, or has nothing at this index";
    }
    return errno == Errno.EBADF ? "the descriptor is closed" : "";
  }

  private static String unknownRequest(String command, String release) {
    Optional<LinuxRelease> since =
        Stream.of(Request.values())
            .filter(request -> request.name().equals(command))
            .findFirst()
            .flatMap(Request::since);
    if (since.isEmpty()) {
      return "the device or its driver does not serve " + command;
    }
    return LinuxRelease.parse(release).filter(since.get()::after).isPresent()
        ? "this kernel (" + release + ") is too old: Linux " + since.get() + " brought " + command
        : "the descriptor is of another kind: "
            + (command.startsWith("IOMMU_") ? "no iommufd" : "no VFIO device");
  }

  private static boolean pins(String command) {
    return switch (command) {
      case "IOMMU_IOAS_MAP",
          "IOMMU_IOAS_MAP_FILE",
          "IOMMU_IOAS_COPY",
          "IOMMU_HWPT_ALLOC",
          "VFIO_DEVICE_ATTACH_IOMMUFD_PT" ->
          true;
      default -> false;
    };
  }

  private static String memlock(ProcessFacts process) {
    if (process.memlockLimit() == ProcessFacts.UNLIMITED) {
      return "the kernel ran out of memory; RLIMIT_MEMLOCK is unlimited and not the cause";
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
