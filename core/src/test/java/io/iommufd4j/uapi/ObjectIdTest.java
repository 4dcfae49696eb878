// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.uapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class ObjectIdTest {

  @Test
  void idsOfOneKindAreEqualByNumber() {
    assertEquals(new HwptId(3), new HwptId(3));
    assertNotEquals(new HwptId(3), new HwptId(4));
  }

  @Test
  void idsOfTwoKindsAreNeverEqual() {
    ObjectId ioas = new IoasId(3);
    ObjectId hwpt = new HwptId(3);
    ObjectId device = new DeviceId(3);
    assertNotEquals(ioas, hwpt);
    assertNotEquals(hwpt, device);
  }

  @Test
  void anIdPrintsItsKindAndNumber() {
    assertEquals("IOAS 1", new IoasId(1).toString());
    assertEquals("HWPT 2", new HwptId(2).toString());
    assertEquals("device 3", new DeviceId(3).toString());
  }
}
