package io.iommufd4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CdevHoldersTest {

  @Test
  @EnabledOnOs(OS.LINUX)
  void aProcessFindsItself(@TempDir Path directory) throws IOException {
    var file = Files.createFile(directory.resolve("vfio0")).toRealPath();
    var holders = new CdevHolders(Path.of("/proc"));
    assertEquals(List.of(), holders.of(file.toString()));
    try (var open = FileChannel.open(file)) {
      assertEquals(0, open.size());
      assertEquals(
          List.of(Long.toString(ProcessHandle.current().pid())), holders.of(file.toString()));
    }
  }

  @Test
  void aMachineWithoutProcHasNoHolders() throws IOException {
    try (var files = Jimfs.newFileSystem(Configuration.unix())) {
      assertEquals(
          List.of(), new CdevHolders(files.getPath("/proc")).of("/dev/vfio/devices/vfio0"));
    }
  }
}
