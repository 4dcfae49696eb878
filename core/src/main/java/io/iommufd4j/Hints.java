package io.iommufd4j;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;

/**
 * What an errno means where it came from, and what would help. Only what Linux's source says can be
 * the cause is offered; where nothing is known the hint is empty.
 */
final class Hints {

  private static final String BIND = "VFIO_DEVICE_BIND_IOMMUFD";
  private static final String ATTACH = "VFIO_DEVICE_ATTACH_IOMMUFD_PT";

  private static final long MIB = 1L << 20;

  private Hints() {}

  /** For a call on a descriptor. */
  static String of(String command, int error, ProcessFacts process) {
    int errno = Math.abs(error);
    String hint =
        switch (command) {
          case BIND -> bind(errno);
          case ATTACH -> attach(errno, process);
          case "IOMMU_IOAS_MAP", "IOMMU_IOAS_MAP_FILE", "IOMMU_IOAS_COPY" ->
              map(command, errno, process);
          case "IOMMU_IOAS_UNMAP" -> unmap(errno);
          case "IOMMU_IOAS_ALLOW_IOVAS" -> allowIovas(errno);
          case "IOMMU_IOAS_NOIOMMU_GET_PA" -> physical(errno);
          case "IOMMU_HWPT_ALLOC" -> hwptAlloc(errno, process);
          case "IOMMU_DESTROY" -> destroy(errno);
          case "IOMMU_OPTION" -> option(errno);
          case "IOMMU_HWPT_SET_DIRTY_TRACKING", "IOMMU_HWPT_GET_DIRTY_BITMAP" -> dirty(errno);
          case "VFIO_DEVICE_RESET" -> reset(errno);
          default -> "";
        };
    return hint.isEmpty() ? anywhere(command, errno) : hint;
  }

  /** For a call on a path. */
  static String ofPath(String command, String path, int error, ProcessFacts process) {
    int errno = Math.abs(error);
    if (!command.equals("open")) {
      return "";
    }
    if (errno == Errno.EACCES || errno == Errno.EPERM) {
      return "user " + process.userId() + " may not open it: run as root, or change its owner";
    }
    if (path.equals("/dev/iommu") && (errno == Errno.ENOENT || errno == Errno.ENODEV)) {
      return "this kernel has no iommufd: load the module iommufd (CONFIG_IOMMUFD)";
    }
    if (path.startsWith("/dev/vfio/devices/") && errno == Errno.ENOENT) {
      return "no such VFIO device: bind the device to vfio-pci; the kernel needs"
          + " CONFIG_VFIO_DEVICE_CDEV";
    }
    if (errno == Errno.ENODEV) {
      return "the device is going away";
    }
    return errno == Errno.EMFILE ? "the process has no descriptor left (RLIMIT_NOFILE)" : "";
  }

  private static String bind(int errno) {
    if (errno == Errno.EPERM) {
      return "either the platform does not isolate this device's interrupts (turn on interrupt"
          + " remapping, or, when every device is trusted, load iommufd with"
          + " allow_unsafe_interrupts=1), or another device of its IOMMU group is in use by a host"
          + " driver or another iommufd";
    }
    if (errno == Errno.EBUSY) {
      return "the device or its IOMMU group is held by someone else: another process has it open"
          + " through its VFIO group, or a host driver uses a device of the group";
    }
    if (errno == Errno.EINVAL) {
      return "the descriptor is bound already, or is no VFIO cdev, or the IOMMU does not keep this"
          + " device's DMA coherent with the caches";
    }
    if (errno == Errno.EACCES) {
      return "the device is a VF whose PF vfio-pci holds, or such a PF with a VF in use: bind with"
          + " the PF's VF token, which the PF's user chose";
    }
    return errno == Errno.EBADFD ? "the descriptor to bind to is not an iommufd" : "";
  }

  private static String attach(int errno, ProcessFacts process) {
    if (errno == Errno.EINVAL) {
      return "the page table does not fit this device (another IOMMU, another page table format, an"
          + " aperture too small for what is mapped; for a PASID, a HWPT not made for one), or the"
          + " device is not bound, or its group is attached elsewhere";
    }
    if (errno == Errno.ENOENT) {
      return "no such page table in this iommufd";
    }
    if (errno == Errno.EADDRINUSE) {
      return "the IOAS maps an IOVA that this device's group reserves: unmap it first, or map"
          + " within the IOVA ranges both allow";
    }
    if (errno == Errno.EBUSY) {
      return "the device or a sibling of its IOMMU group is being reset; try again";
    }
    if (errno == Errno.EOPNOTSUPP) {
      return "the device's IOMMU driver cannot do this: a PASID, or a kind of page table it lacks";
    }
    return errno == Errno.ENOMEM ? memlock(process) : "";
  }

  private static String map(String command, int errno, ProcessFacts process) {
    boolean file = command.equals("IOMMU_IOAS_MAP_FILE");
    if (errno == Errno.EFAULT && !file) {
      return "part of the range is not memory that can be pinned: it is not mapped, not writable"
          + " though the device may write, or is a PFN-mapped device BAR; a BAR is mapped by"
          + " exporting it as a dma-buf (VFIO_DEVICE_FEATURE_DMA_BUF) and IOMMU_IOAS_MAP_FILE";
    }
    if (errno == Errno.ENOMEM) {
      return memlock(process);
    }
    if (errno == Errno.EEXIST) {
      return "something is mapped within the IOVA range already; unmap it first";
    }
    if (errno == Errno.ENOSPC) {
      return "no free IOVA range is large enough";
    }
    if (errno == Errno.EPERM) {
      return "the memory or file is read-only and the device would write";
    }
    if (errno == Errno.EINVAL) {
      return "the IOVA or length is not a multiple of the IOAS's alignment, the length is 0, or a"
          + " reserved IOVA lies within the range: see the IOAS's IOVA ranges";
    }
    if (errno == Errno.ENOENT && command.equals("IOMMU_IOAS_COPY")) {
      return "no such IOAS in this iommufd, or the source range is not mapped";
    }
    return errno == Errno.EBADF ? "the descriptor is neither a memfd nor a dma-buf it accepts" : "";
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

  private static String hwptAlloc(int errno, ProcessFacts process) {
    if (errno == Errno.EOPNOTSUPP) {
      return "the device's IOMMU lacks what the flags ask for";
    }
    if (errno == Errno.EINVAL) {
      return "the page table to connect it to does not exist or does not suit the device";
    }
    return errno == Errno.ENOMEM ? memlock(process) : "";
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

  private static String anywhere(String command, int errno) {
    if (errno == Errno.ENOTTY) {
      return "this kernel is older than " + command + ", or the descriptor is of another kind";
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
