// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.kernel.Errno;
import io.iommufd4j.kernel.Request;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestFaultsTest {

  private final RequestFaults faults = new RequestFaults();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "the 2nd IOMMU_IOAS_MAP answers ENOMEM",
        "2 IOMMU_IOAS_MAP answers ENOMEM",
        "  the  2th IOMMU_IOAS_MAP\nanswers ENOMEM "
      })
  void theNthOfAKindFailsAndNoOther(String text) {
    faults.fail(text);
    assertEquals(
        List.of("IOMMU_IOAS_MAP number 2 was to answer ENOMEM, but only 0 were made"),
        faults.unmet());
    assertEquals(Optional.empty(), faults.count(Request.IOMMU_IOAS_MAP));
    assertEquals(Optional.empty(), faults.count(Request.IOMMU_IOAS_UNMAP));
    assertEquals(Optional.of(Errno.ENOMEM), faults.count(Request.IOMMU_IOAS_MAP));
    assertEquals(Optional.empty(), faults.count(Request.IOMMU_IOAS_MAP));
    assertTrue(faults.over());
    assertEquals(List.of(), faults.unmet());
  }

  @Test
  void commasPartSeveral() {
    faults.fail(
        "the 1st IOMMU_IOAS_ALLOC answers ENFILE, the 3rd VFIO_DEVICE_BIND_IOMMUFD answers EPERM");
    assertEquals(2, faults.unmet().size());
    assertEquals(Optional.of(Errno.ENFILE), faults.count(Request.IOMMU_IOAS_ALLOC));
    faults.clear();
    assertTrue(faults.over());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                                            | '' is no fault: one reads 'the 2nd IOMMU_IOAS_MAP answers ENOMEM', and commas part several",
        "the second IOMMU_IOAS_MAP answers ENOMEM      | 'the second IOMMU_IOAS_MAP answers ENOMEM' is no fault: one reads 'the 2nd IOMMU_IOAS_MAP answers ENOMEM', and commas part several",
        "the 1st IOMMU_IOAS_MAP answers ENOMEM,        | '' is no fault: one reads 'the 2nd IOMMU_IOAS_MAP answers ENOMEM', and commas part several",
        "the 0th IOMMU_IOAS_MAP answers ENOMEM         | 'the 0th IOMMU_IOAS_MAP answers ENOMEM': requests are counted from 1 to 2147483647",
        "the 9999999999th IOMMU_IOAS_MAP answers EPERM | 'the 9999999999th IOMMU_IOAS_MAP answers EPERM': requests are counted from 1 to 2147483647",
        "the 1st IOMMU_IOAS_MOP answers ENOMEM         | 'the 1st IOMMU_IOAS_MOP answers ENOMEM': no request is called 'IOMMU_IOAS_MOP'",
        "the 1st IOMMU_IOAS_MAP answers ENOMEN         | 'the 1st IOMMU_IOAS_MAP answers ENOMEN': no errno is called 'ENOMEN'",
      })
  void aBadTextPlansNothing(String text, String told) {
    var bad = assertThrows(IllegalArgumentException.class, () -> faults.fail(text));
    assertEquals(told, bad.getMessage());
    assertTrue(faults.over());
    assertThrows(
        IllegalArgumentException.class, () -> faults.fail(Request.IOMMU_IOAS_MAP, 0, Errno.ENOMEM));
  }
}
