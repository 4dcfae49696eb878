package io.iommufd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.kernel.Request;
import org.junit.jupiter.api.Test;

class HintsTest {

  private static final ProcessFacts LIMITED = new ProcessFacts(4096, 8 << 20, 6 << 20, 1000);
  private static final ProcessFacts UNLIMITED =
      new ProcessFacts(4096, ProcessFacts.UNLIMITED, 0, 0);

  @Test
  void aRefusedBindPointsAtInterruptIsolation() {
    says("VFIO_DEVICE_BIND_IOMMUFD", Errno.EPERM, "interrupt", "allow_unsafe_interrupts");
  }

  @Test
  void aBusyBindSaysWhoHolds() {
    says("VFIO_DEVICE_BIND_IOMMUFD", Errno.EBUSY, "VFIO group", "host driver");
  }

  @Test
  void physicalAddressesAreForDevicesWithoutAnIommu() {
    says("IOMMU_IOAS_NOIOMMU_GET_PA", Errno.EOPNOTSUPP, "without an IOMMU", "attached");
    says("IOMMU_IOAS_NOIOMMU_GET_PA", Errno.EPERM, "CAP_SYS_RAWIO");
    says("IOMMU_IOAS_NOIOMMU_GET_PA", Errno.ENOENT, "nothing is mapped");
  }

  @Test
  void aBadAddressPointsAtPfnMappedMemoryAndWhatWorks() {
    says("IOMMU_IOAS_MAP", Errno.EFAULT, "PFN-mapped", "dma-buf", "IOMMU_IOAS_MAP_FILE");
  }

  @Test
  void noMemoryShowsTheLimitTheUseAndTheOption() {
    for (String command :
        new String[] {
          "IOMMU_IOAS_MAP",
          "IOMMU_IOAS_MAP_FILE",
          "IOMMU_IOAS_COPY",
          "IOMMU_HWPT_ALLOC",
          "VFIO_DEVICE_ATTACH_IOMMUFD_PT"
        }) {
      says(command, Errno.ENOMEM, "8 MiB", "6 MiB pinned", "IOMMU_OPTION_RLIMIT_MODE");
    }
  }

  @Test
  void anUnlimitedProcessIsNotSentToItsLimit() {
    String hint = Hints.of("IOMMU_IOAS_MAP", Errno.ENOMEM, UNLIMITED);
    assertTrue(hint.contains("not the cause"), hint);
  }

  @Test
  void aUseThatCannotBeToldIsNotInvented() {
    var facts = new ProcessFacts(4096, 65537, -1, 0);
    String hint = Hints.of("IOMMU_IOAS_MAP", Errno.ENOMEM, facts);
    assertTrue(hint.contains("65537 bytes"), hint);
    assertTrue(hint.contains("unknown amount"), hint);
  }

  @Test
  void aReservedIovaIsNamedAsTheReason() {
    says("VFIO_DEVICE_ATTACH_IOMMUFD_PT", Errno.EADDRINUSE, "reserves", "unmap");
  }

  @Test
  void aBusyObjectIsHeldByWhatRefersToIt() {
    says("IOMMU_DESTROY", Errno.EBUSY, "attached devices", "HWPTs");
  }

  @Test
  void anUnknownCommandMeansAnOlderKernelOrAnotherFile() {
    for (Request request : Request.values()) {
      says(request.name(), Errno.ENOTTY, "older", "another kind");
    }
  }

  @Test
  void anUnknownIdIsNamedAsSuchOnEveryCommandThatTakesOne() {
    says("IOMMU_DESTROY", Errno.ENOENT, "no such object");
    says("IOMMU_IOAS_MAP", Errno.ENOENT, "no such object");
  }

  @Test
  void theSignOfTheErrnoDoesNotMatter() {
    assertEquals(
        Hints.of("IOMMU_IOAS_MAP", Errno.EFAULT, LIMITED),
        Hints.of("IOMMU_IOAS_MAP", -Errno.EFAULT, LIMITED));
  }

  @Test
  void whatIsNotKnownIsNotGuessed() {
    assertEquals("", Hints.of("IOMMU_IOAS_ALLOC", Errno.EIO, LIMITED));
  }

  @Test
  void aMissingNodeIsToldFromAForbiddenOne() {
    assertTrue(Hints.ofPath("open", "/dev/iommu", Errno.ENOENT, LIMITED).contains("iommufd"));
    String forbidden = Hints.ofPath("open", "/dev/iommu", Errno.EACCES, LIMITED);
    assertTrue(forbidden.contains("user 1000"), forbidden);
    String cdev = Hints.ofPath("open", "/dev/vfio/devices/vfio3", Errno.ENOENT, LIMITED);
    assertTrue(cdev.contains("vfio-pci"), cdev);
  }

  private static void says(String command, int errno, String... parts) {
    String hint = Hints.of(command, errno, LIMITED);
    for (String part : parts) {
      assertTrue(hint.contains(part), () -> command + ": '" + hint + "' lacks '" + part + "'");
    }
  }
}
