// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class UndoTest {

  @Test
  void lastDoneIsFirstUndone() {
    var seen = new ArrayList<Integer>();
    try (var undo = new Undo()) {
      undo.add(() -> seen.add(1));
      undo.add(() -> seen.add(2));
    }
    assertEquals(List.of(2, 1), seen);
  }

  @Test
  void aFailureStopsNoOtherStep() {
    var seen = new ArrayList<Integer>();
    var first = new IllegalStateException("first");
    var second = new IllegalStateException("second");
    var undo = new Undo();
    undo.add(() -> seen.add(1));
    undo.add(() -> {
      throw second;
    });
    undo.add(() -> {
      throw first;
    });
    assertSame(first, assertThrows(IllegalStateException.class, undo::close));
    assertArrayEquals(new Throwable[] {second}, first.getSuppressed());
    assertEquals(List.of(1), seen);
    undo.close();
    assertEquals(List.of(1), seen, "nothing is undone twice");
  }
}
