// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Kernel;
import io.iommufd4j.kernel.ProcessFacts;
import io.iommufd4j.kernel.Request;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hints that a request and its errno give by themselves; what must be asked for is tested
 * elsewhere.
 */
class RequestHintsTest {

  private static final ProcessFacts LIMITED = new ProcessFacts(4096, 8 << 20, 6 << 20, 1000);
  private static final ProcessFacts UNLIMITED =
      new ProcessFacts(4096, ProcessFacts.UNLIMITED, 0, 0);

  @Test
  void physicalAddressesAreForDevicesWithoutAnIommu() {
    says(Request.IOMMU_IOAS_NOIOMMU_GET_PA, Errno.EOPNOTSUPP, "without an IOMMU", "attached");
    says(Request.IOMMU_IOAS_NOIOMMU_GET_PA, Errno.EPERM, "CAP_SYS_RAWIO");
    says(Request.IOMMU_IOAS_NOIOMMU_GET_PA, Errno.ENOENT, "nothing is mapped");
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "IOMMU_IOAS_MAP",
        "IOMMU_IOAS_MAP_FILE",
        "IOMMU_IOAS_COPY",
        "IOMMU_HWPT_ALLOC",
        "VFIO_DEVICE_ATTACH_IOMMUFD_PT"
      })
  void noMemoryShowsTheLimitTheUseAndTheOption(Request request) {
    says(request, Errno.ENOMEM, "8 MiB", "6 MiB pinned", "IOMMU_OPTION_RLIMIT_MODE");
  }

  @Test
  void aRequestThatPinsNothingIsNotSentToTheLimit() {
    assertEquals(
        "the kernel ran out of memory", hint(Request.IOMMU_IOAS_ALLOC, Errno.ENOMEM, LIMITED));
  }

  @Test
  void anUnlimitedProcessIsNotSentToItsLimit() {
    String hint = hint(Request.IOMMU_IOAS_MAP, Errno.ENOMEM, UNLIMITED);
    assertTrue(hint.contains("not the cause"), hint);
  }

  @Test
  void aUseThatIsNotKnownIsNotInvented() {
    String hint = hint(Request.IOMMU_IOAS_MAP, Errno.ENOMEM, new ProcessFacts(4096, 65537, -1, 0));
    assertTrue(hint.contains("65537 bytes"), hint);
    assertTrue(hint.contains("unknown amount"), hint);
  }

  @Test
  void aBusyObjectIsHeldByWhatRefersToIt() {
    says(Request.IOMMU_DESTROY, Errno.EBUSY, "attached devices", "HWPTs");
  }

  @ParameterizedTest
  @EnumSource(Request.class)
  void anAbsentRequestIsExplainedByItsRelease(Request request) {
    if (request.since().isEmpty()) {
      return;
    }
    String release = request.since().get().toString();
    String absent = RequestHints.of(request, Errno.ENOTTY, kernel("6.1.0-13-amd64"));
    assertTrue(absent.contains("6.1.0-13-amd64"), absent);
    assertTrue(absent.contains("Linux " + release + " brought " + request.name()), absent);
    String present = RequestHints.of(request, Errno.ENOTTY, kernel("7.3.4"));
    assertTrue(present.contains("another kind"), present);
  }

  @Test
  void everythingFromMapFileOnCameAfterLinuxSixTwelve() {
    for (Request request : Request.values()) {
      if (request.name().startsWith("IOMMU_")) {
        String hint = RequestHints.of(request, Errno.ENOTTY, kernel("6.12.117"));
        boolean later = (request.number() & 0xff) >= 0x8f;
        assertEquals(later, hint.contains("too old"), () -> request + ": " + hint);
      }
    }
  }

  @Test
  void anUnknownIdIsNamedAsSuch() {
    says(Request.IOMMU_DESTROY, Errno.ENOENT, "no such object");
  }

  @Test
  void whatIsNotKnownIsNotGuessed() {
    assertEquals("", hint(Request.IOMMU_IOAS_ALLOC, Errno.EIO, LIMITED));
  }

  @Test
  void aQuestionThatFailsLeavesWhatIsKnownWithoutIt() {
    Hint fails =
        errno -> {
          throw new IllegalStateException("the descriptor is closed");
        };
    Kernel kernel = kernel("7.3.4");
    int busy = Errno.EBUSY.negated();
    String hint = Refusals.request(kernel, Request.IOMMU_DESTROY, busy, 3, null, fails).hint();
    assertEquals(Refusals.request(kernel, Request.IOMMU_DESTROY, busy, 3, null).hint(), hint);
    assertFalse(hint.isEmpty());
  }

  private static void says(Request request, Errno errno, String... parts) {
    String hint = hint(request, errno, LIMITED);
    for (String part : parts) {
      assertTrue(hint.contains(part), () -> request + ": '" + hint + "' lacks '" + part + "'");
    }
  }

  private static String hint(Request request, Errno errno, ProcessFacts process) {
    return RequestHints.of(
        request, errno, ShownKernel.of("7.3.4", process, Path.of("/nonexistent")));
  }

  private static Kernel kernel(String release) {
    return ShownKernel.of(release, LIMITED, Path.of("/nonexistent"));
  }
}
