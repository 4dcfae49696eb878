// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.iommufd4j.bindings.libc.libc_h;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {

  /** Second names of a number. */
  private static final Set<String> ALIASES = Set.of("EWOULDBLOCK", "EDEADLOCK", "ENOTSUP");

  private static final int LAST_PUBLIC = 133;

  @ParameterizedTest
  @EnumSource(jnr.constants.platform.linux.Errno.class)
  void namesNumbersAndTextsAreThoseOfLinux(jnr.constants.platform.linux.Errno known) {
    Errno errno = Errno.find(known.intValue()).orElseThrow();
    assertEquals(known.toString(), errno.text());
    if (!ALIASES.contains(known.name())) {
      assertEquals(known.name(), errno.name());
    }
  }

  @Test
  void allThatLinuxTellsUserSpaceAreThere() {
    long there = Stream.of(Errno.values()).filter(errno -> errno.number() <= LAST_PUBLIC).count();
    int known = jnr.constants.platform.linux.Errno.values().length - ALIASES.size();
    assertEquals(known, there);
  }

  @Test
  void numbersAreThoseOfTheCompiler() throws ReflectiveOperationException {
    int compared = 0;
    for (Errno errno : Errno.values()) {
      for (var method : libc_h.class.getMethods()) {
        if (method.getName().equals(errno.name())) {
          assertEquals(method.invoke(null), errno.number(), errno.name());
          compared++;
        }
      }
    }
    assertTrue(compared > 30, compared + " compared");
  }

  @ParameterizedTest
  @EnumSource(Errno.class)
  void eachIsFoundByItsNumberInEitherSignAndByItsText(Errno errno) {
    assertEquals(errno, ErrnoCode.of(errno.number()));
    assertEquals(errno, ErrnoCode.of(errno.negated()));
    assertEquals(errno.name(), Errno.name(errno.negated()));
    assertEquals(Optional.of(errno), Errno.ofText(errno.text().toLowerCase(Locale.ROOT)));
  }

  @Test
  void whatLinuxKeepsToItselfHasANameToo() {
    assertEquals("ERESTARTSYS", Errno.name(512));
    assertEquals(Errno.ENOTSUPP, ErrnoCode.of(524));
    assertEquals("ENOGRACE", Errno.name(531));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 41, 58, 134, 511, 520, 532, 4095})
  void aNumberWithoutANameStaysItself(int number) {
    ErrnoCode errno = ErrnoCode.of(-number);
    assertInstanceOf(UnnamedErrno.class, errno);
    assertEquals(number, errno.number());
    assertEquals(-number, errno.negated());
    assertEquals("errno " + number + ", which Linux does not define", errno.name());
    assertNotEquals(ErrnoCode.of(4000), errno);
    assertEquals(Optional.empty(), Errno.find(number));
  }
}
