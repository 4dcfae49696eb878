// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.error;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OrderedCloseTest {

  private final OrderedClose close = new OrderedClose();
  private final List<String> done = new ArrayList<>();

  @Test
  void everyStepIsTakenAndEveryFailureKept() {
    var first = new IllegalStateException("first");
    var second = new IllegalStateException("second");
    close.step(() -> done.add("detach"));
    close.step(() -> {
      throw first;
    });
    close.step(() -> done.add("destroy"));
    close.step(() -> {
      throw second;
    });
    close.step(() -> done.add("close"));

    var thrown = assertThrows(IllegalStateException.class, close::report);
    assertSame(first, thrown);
    assertArrayEquals(new Throwable[] {second}, thrown.getSuppressed());
    assertEquals(List.of("detach", "destroy", "close"), done);
  }

  @Test
  void failureOfAStepElsewhereIsKept() {
    var elsewhere = new IllegalStateException("elsewhere");
    close.failed(elsewhere);
    assertSame(elsewhere, assertThrows(IllegalStateException.class, close::report));
  }

  @Test
  void withoutAFailureNothingIsThrown() {
    close.step(() -> done.add("close"));
    assertDoesNotThrow(close::report);
  }
}
