// SPDX-License-Identifier: Apache-2.0
package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class InterruptionTest {

  private final Interruption interruption = new Interruption();

  @Test
  void nobodyAskedSoWorkGoesOn() {
    assertDoesNotThrow(interruption::check);
    assertDoesNotThrow(() -> interruption.pause(Duration.ZERO));
  }

  @Test
  void stoppedWorkNeitherGoesOnNorBegins() {
    interruption.stop();
    assertThrows(StoppedException.class, interruption::check);
    assertThrows(StoppedException.class, () -> interruption.pause(Duration.ofHours(1)));
    assertThrows(StoppedException.class, interruption::begin);
  }

  @Test
  void aStopWaitsForWorkToEnd() throws InterruptedException {
    assertTrue(interruption.awaitEnd(Duration.ZERO), "nothing has begun");
    interruption.begin();
    interruption.stop();
    assertFalse(interruption.awaitEnd(Duration.ZERO), "it has not ended");
    var worker = Thread.ofPlatform().start(interruption::end);
    assertTrue(interruption.awaitEnd(Duration.ofMinutes(1)));
    worker.join();
  }
}
