// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileKindTest {

  @ParameterizedTest
  @CsvSource({
    "/dev/iommu, IOMMUFD",
    "/dev/vfio/devices/vfio0, VFIO_DEVICE",
    "/dev/vfio/vfio, VFIO_CONTAINER",
    "/dev/vfio/12, VFIO_GROUP",
    "/sys/bus/pci/drivers_probe, UNKNOWN",
  })
  void aPathTellsWhatItOpens(String path, FileKind kind) {
    assertEquals(kind, FileKind.of(path));
  }
}
