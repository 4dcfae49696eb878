package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

class ErrnoTest {

  @Test
  void everyConstantHasItsOwnName() throws IllegalAccessException {
    for (var field : Errno.class.getFields()) {
      assertEquals(field.getName(), Errno.name(field.getInt(null)));
      assertEquals(field.getName(), Errno.name(-field.getInt(null)));
    }
  }

  @Test
  void whatLinuxKeepsToItselfHasANameToo() {
    assertEquals("ERESTARTSYS", Errno.name(512));
    assertEquals("ENOTSUPP", Errno.name(524));
    assertEquals("ENOGRACE", Errno.name(531));
  }

  @Test
  void numbersBetweenAndBeyondAreCalledUnknown() {
    for (int none : new int[] {0, 41, 58, 134, 511, 520, 532, 4095}) {
      assertFalse(Errno.name(none).equals("errno " + none), () -> Errno.name(none));
    }
    assertEquals("EHWPOISON", Errno.name(133));
  }
}
