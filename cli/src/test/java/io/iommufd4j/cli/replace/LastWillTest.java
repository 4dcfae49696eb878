package io.iommufd4j.cli.replace;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.iommufd4j.host.SysfsWrite;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs({OS.LINUX, OS.MAC})
final class LastWillTest {

  @TempDir private Path directory;

  private List<SysfsWrite> writes() {
    return List.of(
        new SysfsWrite(directory.resolve("driver_override"), ""),
        new SysfsWrite(directory.resolve("bind"), "0000:02:01.0"));
  }

  @Test
  void isCarriedOutWhenTheProcessIsGone() throws Exception {
    LastWill.leave(writes()).die();
    assertEquals("\n", Files.readString(directory.resolve("driver_override")));
    assertEquals("0000:02:01.0\n", Files.readString(directory.resolve("bind")));
  }

  @Test
  void isNotCarriedOutOnceRevoked() {
    LastWill.leave(writes()).close();
    assertFalse(Files.exists(directory.resolve("bind")));
  }
}
